import { checkValue } from "../../../values/check.ts";
import type { Problem } from "../../../problem.ts";
import { problemAt, suggestion, type Rule } from "../../rule.ts";

/** [V63] Two triggers with one id. */
export const triggerIds: Rule = {
  number: "V63",
  check: (survey) => {
    const seen = new Set<string>();
    return survey.flow.triggers.flatMap((trigger) => {
      if (!seen.has(trigger.id)) {
        seen.add(trigger.id);
        return [];
      }
      const path = [...(survey.parsed.triggerPaths.get(trigger) ?? []), "id"];
      return [problemAt(survey, "V63", `There is a trigger "${trigger.id}" already.`, path)];
    });
  },
};

/** [V64] Inputs under `with` that the flow doesn't have, that don't fit, or that are missing. */
export const triggerInputs: Rule = {
  number: "V64",
  check: (survey) => {
    const { flow, parsed } = survey;
    if (parsed.brokenNames.inputs) return [];
    const { fields } = flow.inputs;
    return flow.triggers.flatMap((trigger) => {
      const path = parsed.triggerPaths.get(trigger) ?? [];
      const problems: Problem[] = [];
      for (const [name, value] of Object.entries(trigger.with)) {
        const at = [...path, "with", name];
        const field = fields.find((one) => one.name === name);
        if (!field) {
          if (flow.inputs.schema["additionalProperties"] !== false) continue;
          const names = fields.map((one) => one.name);
          const { hint, fix } = suggestion(name, names);
          const message = `The flow has no input "${name}".${hint}`;
          problems.push(problemAt(survey, "V64", message, at, { part: "key", fix }));
        } else if (!JSON.stringify(value).includes("{{")) {
          const checked = checkValue(field.schema, value);
          const [error] = checked.ok ? [] : checked.errors;
          if (error) {
            const message = `It does not fit the input "${name}". ${error.message}`;
            problems.push(problemAt(survey, "V64", message, at));
          }
        }
      }
      const missing = fields.filter(
        (field) => !field.optional && field.default === undefined && !Object.hasOwn(trigger.with, field.name),
      );
      if (missing.length > 0) {
        const names = missing.map((field) => `"${field.name}"`).join(", ");
        const message = `Runs need ${names}: give ${missing.length === 1 ? "it" : "them"} under with.`;
        problems.push(problemAt(survey, "V64", message, [...path, "id"]));
      }
      return problems;
    });
  },
};
