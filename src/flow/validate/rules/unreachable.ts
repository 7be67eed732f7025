import type { Task } from "../../language/definition.ts";
import { problemAt, type Rule } from "../rule.ts";
import type { Survey, SurveyedTask } from "../survey.ts";

/** [V14] A task that can never run: behind a task that always fails or stops, or under a condition that is never true. */
export const unreachable: Rule = {
  number: "V14",
  check: (survey) => {
    const ends = firstEnds(survey);
    return survey.tasks.flatMap((one) => {
      const reason = whyNever(one, ends);
      if (reason === undefined) return [];
      return [
        problemAt(survey, "V14", `"${one.task.id}" can never run: ${reason}.`, one.path, {
          severity: "warning",
        }),
      ];
    });
  },
};

type Ends = ReadonlyMap<SurveyedTask | undefined, ReadonlyMap<string, SurveyedTask>>;

/** By what holds it and block: the first task that always ends what it stands in. */
function firstEnds(survey: Survey): Ends {
  const found = new Map<SurveyedTask | undefined, Map<string, SurveyedTask>>();
  for (const one of survey.tasks) {
    const block = one.chain.at(-1)?.block;
    if (block === undefined || alwaysEnds(one.task) === undefined) continue;
    const blocks = found.get(one.parent) ?? new Map<string, SurveyedTask>();
    found.set(one.parent, blocks);
    if (!blocks.has(block)) blocks.set(block, one);
  }
  return found;
}

function whyNever(one: SurveyedTask, ends: Ends): string | undefined {
  const { task, parent } = one;
  const last = one.chain.at(-1);
  if (task.when === "false") return "its condition is never true";
  if (!last) return undefined;
  if (parent?.task.kind === "if") {
    if (parent.task.condition === "false" && last.block === "then")
      return `the condition of "${parent.task.id}" is never true`;
    if (parent.task.condition === "true" && last.block === "else")
      return `the condition of "${parent.task.id}" is always true`;
  }
  if (last.block === "tasks" && parent?.task.kind === "parallel") return undefined;
  if (last.block === "tasks" && parent?.task.kind === "dag") {
    const need = parent.task.tasks.find(
      (other) => task.needs.includes(other.id) && alwaysEnds(other) !== undefined,
    );
    return need && `"${need.id}", which it needs, ${alwaysEnds(need) ?? ""}`;
  }
  const before = ends.get(parent)?.get(last.block);
  if (!before || (before.chain.at(-1)?.index ?? 0) >= last.index) return undefined;
  return `"${before.task.id}" before it ${alwaysEnds(before.task) ?? ""}`;
}

/** What a task always does that nothing comes after; undefined for others. */
function alwaysEnds(task: Task): string | undefined {
  if (task.when !== undefined || task.disabled) return undefined;
  if (task.kind === "stop") return "always stops the run";
  return task.kind === "fail" && task.onError === "fail" ? "always fails" : undefined;
}
