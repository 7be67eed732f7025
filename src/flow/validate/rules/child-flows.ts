import { isObject, type JsonObject } from "#base/index.ts";
import type { Shape } from "../../language/definition.ts";
import { checkValue } from "../../values/check.ts";
import type { Problem } from "../../problem.ts";
import type { Knowledge } from "../knowledge.ts";
import { problemAt, suggestion, type Rule } from "../rule.ts";
import type { Survey, SurveyedTask } from "../survey.ts";

/** [V40] A task that starts a flow which the workspace does not have. Checked where its flows are known. */
export const childFlows: Rule = {
  number: "V40",
  check: (survey, { flows }) =>
    survey.tasks.flatMap(({ task, path }) => {
      if (!flows || task.kind !== "flow" || task.flow === survey.flow.id || flows.get(task.flow)) return [];
      const { hint, fix } = suggestion(task.flow, [survey.flow.id, ...flows.ids()]);
      const message = `There is no flow "${task.flow}" in this workspace.${hint || " Publish it first."}`;
      return [problemAt(survey, "V40", message, [...path, "flow"], { fix })];
    }),
};

/** [V41] Inputs of a started flow that it does not take, that do not fit, or that are missing. */
export const childInputs: Rule = {
  number: "V41",
  check: (survey, knowledge) =>
    survey.tasks.flatMap((at) => {
      if (at.task.kind !== "flow") return [];
      const inputs = inputsOf(survey, knowledge, at.task.flow, at.task.revision);
      return inputs ? problemsOf(survey, at, at.task.with, at.task.flow, inputs) : [];
    }),
};

/** The inputs of the revision that would be started now; of an earlier one they are not known. */
function inputsOf(
  survey: Survey,
  { flows }: Knowledge,
  id: string,
  revision: number | undefined,
): Shape | undefined {
  if (revision !== undefined) return undefined;
  if (id !== survey.flow.id) return flows?.get(id);
  return survey.parsed.brokenNames.inputs ? undefined : survey.flow.inputs;
}

function problemsOf(
  survey: Survey,
  { path }: SurveyedTask,
  given: Readonly<Record<string, unknown>>,
  flow: string,
  { fields }: Shape,
): Problem[] {
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(given)) {
    const at = [...path, "with", name];
    const field = fields.find((one) => one.name === name);
    if (!field) {
      const { hint, fix } = suggestion(
        name,
        fields.map((one) => one.name),
      );
      problems.push(
        problemAt(survey, "V41", `"${flow}" has no input "${name}".${hint}`, at, { part: "key", fix }),
      );
    } else if (isObject(field.schema) && !JSON.stringify(value).includes("{{")) {
      const checked = checkValue(field.schema, value as JsonObject);
      const [error] = checked.ok ? [] : checked.errors;
      if (error)
        problems.push(problemAt(survey, "V41", `"${name}" does not fit "${flow}". ${error.message}`, at));
    }
  }
  const missing = fields.filter(
    (field) => !field.optional && field.default === undefined && !Object.hasOwn(given, field.name),
  );
  if (missing.length > 0) {
    const names = missing.map((field) => `"${field.name}"`).join(", ");
    problems.push(problemAt(survey, "V41", `"${flow}" needs ${names} under with.`, [...path, "flow"]));
  }
  return problems;
}

/** [V42] Warning: a wait for an event that may never come, without an end. */
export const endlessWaits: Rule = {
  number: "V42",
  check: (survey) =>
    survey.tasks.flatMap(({ task, path }) => {
      if (task.kind !== "wait" || !("event" in task.for) || task.timeout !== undefined) return [];
      const message = "Without a timeout this waits for ever if no such event is sent.";
      return [problemAt(survey, "V42", message, [...path, "wait"], { severity: "warning" })];
    }),
};
