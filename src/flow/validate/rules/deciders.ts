import type { By } from "../../language/definition.ts";
import type { DocumentPath } from "../../language/source.ts";
import type { Problem } from "../../problem.ts";
import type { Knowledge } from "../knowledge.ts";
import { problemAt, suggestion, type Rule } from "../rule.ts";
import type { Survey } from "../survey.ts";

/** Someone who is asked, and where the text says who. */
export type Asked = { readonly by: By; readonly path: DocumentPath; readonly what: "decision" | "answer" };

/** Everyone whom a flow asks: approvals, forms, tools, and failed tasks. */
export function askedIn(survey: Survey): readonly Asked[] {
  const asked: Asked[] = [];
  for (const { task, path } of survey.tasks) {
    if (task.kind === "approval" || task.kind === "form") {
      const answers = task.kind === "form" || task.fields !== undefined;
      asked.push({ by: task.by, path: [...path, "by"], what: answers ? "answer" : "decision" });
    }
    if (task.kind === "approval" || task.kind === "form") {
      task.escalate.forEach(({ to }, index) =>
        asked.push({ by: to, path: [...path, "escalate", index, "to"], what: "answer" }),
      );
    }
    if (typeof task.onError === "object") {
      const { by } = task.onError.escalate;
      asked.push({ by, path: [...path, "onError", "escalate", "to"], what: "answer" });
    }
  }
  for (const tool of Object.values(survey.flow.tools)) {
    if (!tool.approval) continue;
    asked.push({ by: tool.approval.by, path: ["tools", tool.name, "approval", "by"], what: "decision" });
  }
  return asked;
}

/** [V18] A role that doesn't exist, or a question that nobody, or not enough people, in the workspace could decide. */
export const deciders: Rule = {
  number: "V18",
  check: (survey, knowledge) => askedIn(survey).flatMap(({ by, path }) => check(survey, knowledge, by, path)),
};

/** [V50] A quorum where one answer is taken: two people's answers could not both count. */
export const quorums: Rule = {
  number: "V50",
  check: (survey) =>
    askedIn(survey).flatMap(({ by, path, what }) => {
      if (by.quorum <= 1 || what === "decision") return [];
      const message = `A quorum is for plain decisions: answers of ${by.quorum} people could not all count. Leave quorum out, or ask for the answer first and have it approved after.`;
      return [problemAt(survey, "V50", message, [...path, "quorum"])];
    }),
};

/** [V51] A question that should go further at its deadline and has neither; a step that comes too late. */
export const escalations: Rule = {
  number: "V51",
  check: (survey) =>
    survey.tasks.flatMap(({ task, path }) => {
      if (task.kind !== "approval" && task.kind !== "form") return [];
      const { escalate, timeout } = task;
      if (task.onTimeout === "escalate") {
        if (escalate.length > 0 && timeout !== undefined) return [];
        const missing = timeout === undefined ? "timeout" : "escalate";
        const message = `onTimeout: escalate needs "${missing}" beside it.`;
        return [problemAt(survey, "V51", message, [...path, "onTimeout"])];
      }
      const late = timeout !== undefined && escalate.some(({ after }) => after >= timeout);
      if (!late) return [];
      const message = "A step of escalate comes after the deadline, so that it never happens.";
      return [problemAt(survey, "V51", message, [...path, "escalate"], { severity: "warning" })];
    }),
};

function check(survey: Survey, knowledge: Knowledge, by: By, path: DocumentPath): Problem[] {
  const { roles, members } = knowledge;
  const strange = roles
    ? by.roles.flatMap((role, index) => (roles.includes(role) ? [] : [{ role, index }]))
    : [];
  if (strange.length > 0) {
    return strange.map(({ role, index }) => {
      const { hint, fix } = suggestion(role, roles ?? []);
      return problemAt(survey, "V18", `There is no role "${role}".${hint}`, [...path, "roles", index], {
        fix,
      });
    });
  }
  if (!members || (by.quorum === 1 && by.roles.length === 0 && by.users.length === 0)) return [];
  const wanted = by.roles.length === 0 && by.users.length === 0 ? ["approver"] : by.roles;
  const able = members.filter(
    (member) =>
      by.users.includes(member.id) ||
      by.users.includes(member.email) ||
      member.roles.some(
        (role) => wanted.includes(role) || (wanted.length > 0 && (role === "admin" || role === "owner")),
      ),
  );
  if (able.length >= by.quorum) return [];
  const message =
    able.length === 0
      ? "Nobody in the workspace could decide this. Give somebody the role, or name other people."
      : `It takes ${by.quorum} people to approve this, and ${able.length} in the workspace could. Give more people the role, or name others.`;
  return [problemAt(survey, "V18", message, path, { severity: "warning" })];
}
