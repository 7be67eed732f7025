import { problemAt, type Rule } from "../rule.ts";

/** [V36] A `stop` where the run, or what holds it, is ending already. */
export const stops: Rule = {
  number: "V36",
  check: (survey) =>
    survey.tasks.flatMap(({ task, path, chain }) => {
      if (task.kind !== "stop") return [];
      const inFinally = chain.some((step) => step.block === "finally");
      const [first] = chain;
      const inErrors = first?.owner === null && first.block === "errors";
      if (!inFinally && !inErrors) return [];
      const where = inFinally ? "in finally" : "in the flow's errors";
      const message = `"stop" can't stand ${where}: there the run is ending already.`;
      return [problemAt(survey, "V36", message, [...path, "stop"], { part: "key" })];
    }),
};
