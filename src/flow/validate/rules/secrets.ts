import type { Problem } from "../../problem.ts";
import type { Knowledge } from "../knowledge.ts";
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
  check: (survey, knowledge) => [...callsOf(survey), ...inputsOf(survey, knowledge)],
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

function inputsOf(survey: Survey, knowledge: Knowledge): Problem[] {
  const names = new Set(secretInputs(survey.flow));
  if (names.size === 0) return [];
  return [...allReferences(survey)].flatMap(({ expression, reference }) => {
    const [root, name = ""] = reference.names;
    if (root !== "inputs" || !names.has(name) || expression.use === "tool-arguments") return [];
    if (isHandedOn(survey, knowledge, expression, name)) return [];
    const message = `The secret input "${name}" can't stand ${placeOf(expression)}. Use it in a tool's arguments, or hand it as it is to a secret input of a flow.`;
    return [problemIn(survey, "V12", message, expression, reference)];
  });
}

/** Whether a secret input is given, as it is, to one of a started flow; of another flow as far as its inputs are known. */
function isHandedOn(
  survey: Survey,
  { flows }: Knowledge,
  { use, task, path, text, within }: SurveyedExpression,
  name: string,
): boolean {
  if (use !== "flow-inputs" || task?.task.kind !== "flow" || path.length !== task.path.length + 2)
    return false;
  const whole =
    within
      .trim()
      .replace(/^\{\{|\}\}$/g, "")
      .trim() === text.trim();
  if (!whole || !new RegExp(`^inputs\\s*(\\.\\s*${name}|\\[\\s*(["'])${name}\\2\\s*\\])$`).test(text.trim()))
    return false;
  const { flow, revision } = task.task;
  const inputs = flow === survey.flow.id ? survey.flow.inputs : flows?.get(flow);
  if (revision !== undefined || inputs === undefined) return true;
  return inputs.fields.some((field) => field.name === path.at(-1) && field.widget === "secret");
}

function placeOf({ use }: SurveyedExpression): string {
  return use === "prompt" || use === "instructions" ? "in a prompt" : "here";
}
