import type { Problem } from "../../problem.ts";
import { needsOf } from "../needs.ts";
import { problemAt, suggestion, type Rule } from "../rule.ts";
import type { SurveyedTask } from "../survey.ts";

/** [V30] `needs` of a task that does not stand in a dag: nothing would heed it. */
export const needsOutsideOfDag: Rule = {
  number: "V30",
  check: (survey) =>
    survey.tasks.flatMap((one) => {
      if (one.task.needs.length === 0 || isMember(one)) return [];
      const message = `"needs" of "${one.task.id}" means nothing here: only tasks that stand directly in a dag need others.`;
      return [problemAt(survey, "V30", message, [...one.path, "needs"], { part: "key" })];
    }),
};

/** [V31] A need that is no task of the same dag. */
export const unknownNeeds: Rule = {
  number: "V31",
  check: (survey) =>
    survey.tasks.flatMap((one) => {
      if (one.task.needs.length === 0 || !isMember(one)) return [];
      const beside = membersBeside(one);
      return one.task.needs.flatMap((id, index) => {
        if (beside.has(id) || survey.brokenIds.has(id)) return [];
        const { hint, fix } = suggestion(
          id,
          [...beside].filter((other) => other !== one.task.id),
        );
        const where = survey.byId.has(id)
          ? `"${id}" stands elsewhere: a task needs tasks of its own dag.`
          : "";
        const message = where === "" ? `There is no task "${id}" in this dag.${hint}` : where;
        return [problemAt(survey, "V31", message, [...one.path, "needs", index], { fix })];
      });
    }),
};

/** [V32] Tasks of a dag that need each other in a circle: none of them could begin. */
export const cycles: Rule = {
  number: "V32",
  check: (survey) =>
    survey.tasks.flatMap((one) => {
      if (one.task.kind !== "dag") return [];
      const byId = new Map(one.task.tasks.map((task) => [task.id, task]));
      const done = new Set<string>();
      const problems: Problem[] = [];
      const way: string[] = [];
      const visit = (id: string): void => {
        if (done.has(id)) return;
        way.push(id);
        for (const [index, need] of (byId.get(id)?.needs ?? []).entries()) {
          if (!byId.has(need) || done.has(need)) continue;
          const from = way.indexOf(need);
          if (from < 0) {
            visit(need);
            continue;
          }
          const at = survey.byId.get(id);
          if (!at) continue;
          const circle = [...way.slice(from), need].map((name) => `"${name}"`).join(" needs ");
          const message = `These tasks wait for each other for ever: ${circle}. Take one of the needs away.`;
          problems.push(problemAt(survey, "V32", message, [...at.path, "needs", index]));
        }
        way.pop();
        done.add(id);
      };
      for (const id of byId.keys()) visit(id);
      return problems;
    }),
};

function isMember(one: SurveyedTask): boolean {
  return one.parent?.task.kind === "dag" && one.chain.at(-1)?.block === "tasks";
}

function membersBeside(one: SurveyedTask): ReadonlySet<string> {
  return one.parent?.task.kind === "dag" ? needsOf(one.parent.task).ids : new Set();
}
