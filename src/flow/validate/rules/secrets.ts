import type { Problem } from "../../problem.ts";
import { secretInputs } from "../../values/secret-inputs.ts";
import { allReferences, factsOf } from "../facts.ts";
import { problemIn, type Rule } from "../rule.ts";
import type { Survey, SurveyedExpression } from "../survey.ts";

/**
 * [V12] `secret()` outside of a tool's request and a tool's arguments, or a secret input outside of the latter: there it
 * would end in a prompt, a log or a record.
 */
export const secrets: Rule = {
  number: "V12",
  check: (survey) => [...callsOf(survey), ...inputsOf(survey)],
};

function callsOf(survey: Survey): Problem[] {
  return survey.expressions.flatMap((expression) => {
    const calls = (factsOf(expression)?.calls ?? []).filter((call) => call.name === "secret");
    return calls.flatMap((call) => {
      if (expression.use === "tool-request" || expression.use === "tool-arguments") {
        if (call.argument !== undefined) return [];
        return [problemIn(survey, "V12", "secret() takes a name written out in quotes.", expression, call)];
      }
      const message = `secret() can't stand ${placeOf(expression)}. Use it in a tool's url, query, headers or body, or in a tool's arguments.`;
      return [problemIn(survey, "V12", message, expression, call)];
    });
  });
}

function inputsOf(survey: Survey): Problem[] {
  const names = new Set(secretInputs(survey.flow));
  if (names.size === 0) return [];
  return [...allReferences(survey)].flatMap(({ expression, reference }) => {
    const [root, name = ""] = reference.names;
    if (root !== "inputs" || !names.has(name) || expression.use === "tool-arguments") return [];
    const message = `The secret input "${name}" can't stand ${placeOf(expression)}. Use it in a tool's arguments.`;
    return [problemIn(survey, "V12", message, expression, reference)];
  });
}

function placeOf({ use }: SurveyedExpression): string {
  return use === "prompt" || use === "instructions" ? "in a prompt" : "here";
}
