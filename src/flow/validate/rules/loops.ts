import { problemAt, type Rule } from "../rule.ts";

/** [V34] A loop without bound: it has neither a condition that can end it nor a number of rounds nor a timeout. */
export const loopBounds: Rule = {
  number: "V34",
  check: (survey) =>
    survey.tasks.flatMap(({ task, path }) => {
      if (task.kind !== "loop" || task.max !== undefined || task.timeout !== undefined) return [];
      if (task.until !== undefined && task.until !== "false") return [];
      const message = `Nothing ends the loop "${task.id}". Give it until, max, or a timeout.`;
      return [problemAt(survey, "V34", message, [...path, "loop"])];
    }),
};

/** [V35] A loop without tasks: it would go round for nothing. */
export const emptyLoops: Rule = {
  number: "V35",
  check: (survey) =>
    survey.tasks.flatMap(({ task, path }) => {
      if (task.kind !== "loop" || task.tasks.length > 0 || survey.parsed.broken.length > 0) return [];
      const message = `The loop "${task.id}" has no tasks. To wait for something, give it the task that looks.`;
      return [problemAt(survey, "V35", message, [...path, "tasks"])];
    }),
};
