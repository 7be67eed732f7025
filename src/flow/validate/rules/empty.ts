import { problemAt, type Rule } from "../rule.ts";

/** [V20] A flow without tasks. */
export const empty: Rule = {
  number: "V20",
  check: (survey) =>
    survey.flow.tasks.length > 0 || survey.parsed.broken.length > 0 || survey.parsed.problems.length > 0
      ? []
      : [problemAt(survey, "V20", "The flow has no tasks: there is nothing to run.", ["tasks"])],
};
