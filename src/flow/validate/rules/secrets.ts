import { factsOf } from "../facts.ts";
import { problemIn, type Rule } from "../rule.ts";

/** [V12] `secret()` outside of a tool's request and a tool's arguments: there it would end in a prompt, a log or a record. */
export const secrets: Rule = {
  number: "V12",
  check: (survey) =>
    survey.expressions.flatMap((expression) => {
      const calls = (factsOf(expression)?.calls ?? []).filter((call) => call.name === "secret");
      return calls.flatMap((call) => {
        if (expression.use === "tool-request" || expression.use === "tool-arguments") {
          if (call.argument !== undefined) return [];
          return [problemIn(survey, "V12", "secret() takes a name written out in quotes.", expression, call)];
        }
        const where =
          expression.use === "prompt" || expression.use === "instructions" ? "in a prompt" : "here";
        const message = `secret() can't stand ${where}. Use it in a tool's url, query, headers or body, or in a tool's arguments.`;
        return [problemIn(survey, "V12", message, expression, call)];
      });
    }),
};
