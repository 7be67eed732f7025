import type { By } from "../../language/definition.ts";
import type { DocumentPath } from "../../language/source.ts";
import type { Problem } from "../../problem.ts";
import type { Knowledge } from "../knowledge.ts";
import { problemAt, suggestion, type Rule } from "../rule.ts";
import type { Survey } from "../survey.ts";

/** [V18] A role that doesn't exist, a quorum that would not be kept, or an approval that nobody in the workspace could decide. */
export const deciders: Rule = {
  number: "V18",
  check: (survey, knowledge) => {
    const asked: (readonly [By, DocumentPath])[] = survey.tasks.flatMap(({ task, path }) =>
      task.kind === "approval" || task.kind === "form" ? [[task.by, path] as const] : [],
    );
    for (const tool of Object.values(survey.flow.tools)) {
      if (tool.approval) asked.push([tool.approval.by, ["tools", tool.name, "approval"]]);
    }
    return asked.flatMap(([by, path]) => check(survey, knowledge, by, path));
  },
};

function check(survey: Survey, knowledge: Knowledge, by: By, path: DocumentPath): Problem[] {
  const { roles, members } = knowledge;
  if (by.quorum > 1) {
    const message = `One decision settles a question, so a quorum of ${by.quorum} would not be kept. Leave quorum out, or ask in ${by.quorum} approvals one after the other.`;
    return [problemAt(survey, "V18", message, [...path, "by", "quorum"])];
  }
  const strange = roles
    ? by.roles.flatMap((role, index) => (roles.includes(role) ? [] : [{ role, index }]))
    : [];
  if (strange.length > 0) {
    return strange.map(({ role, index }) => {
      const { hint, fix } = suggestion(role, roles ?? []);
      return problemAt(survey, "V18", `There is no role "${role}".${hint}`, [...path, "by", "roles", index], {
        fix,
      });
    });
  }
  if (!members || (by.roles.length === 0 && by.users.length === 0)) return [];
  const able = members.filter(
    (member) =>
      by.users.includes(member.id) ||
      by.users.includes(member.email) ||
      member.roles.some((role) => by.roles.includes(role) || role === "admin" || role === "owner"),
  );
  if (able.length > 0) return [];
  const message = "Nobody in the workspace could decide this. Give somebody the role, or name other people.";
  return [problemAt(survey, "V18", message, [...path, "by"], { severity: "warning" })];
}
