import type { Task } from "../../language/definition.ts";
import { problemAt, type Rule } from "../rule.ts";
import type { SurveyedTask } from "../survey.ts";

/** [V14] A task that can never run: behind a task that always fails, or under a condition that is never true. */
export const unreachable: Rule = {
  number: "V14",
  check: (survey) =>
    survey.tasks.flatMap((one) => {
      const reason = whyNever(one, survey.tasks);
      if (reason === undefined) return [];
      return [
        problemAt(survey, "V14", `"${one.task.id}" can never run: ${reason}.`, one.path, {
          severity: "warning",
        }),
      ];
    }),
};

function whyNever(one: SurveyedTask, all: readonly SurveyedTask[]): string | undefined {
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
  if (parent?.task.kind === "parallel" && last.block === "tasks") return undefined;
  const before = all.find(
    (other) =>
      other.parent === parent &&
      other.chain.at(-1)?.block === last.block &&
      (other.chain.at(-1)?.index ?? 0) < last.index &&
      alwaysFails(other.task),
  );
  return before && `"${before.task.id}" before it always fails`;
}

function alwaysFails(task: Task): boolean {
  return task.kind === "fail" && task.when === undefined && !task.disabled && task.onError === "fail";
}
