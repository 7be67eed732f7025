import { isObject } from "#base/index.ts";
import { checkValue } from "../../values/check.ts";
import { problemAt, suggestion, type Rule } from "../rule.ts";

/** [V17] Sample inputs and defaults that don't fit the inputs. */
export const samples: Rule = {
  number: "V17",
  check: (survey) => {
    const { flow, parsed } = survey;
    if (parsed.brokenNames.inputs) return [];
    const names = flow.inputs.fields.map((field) => field.name);
    const ofSamples = Object.entries(flow.samples).flatMap(([sample, values]) =>
      Object.entries(values).flatMap(([name, value]) => {
        const path = ["samples", sample, name];
        const field = flow.inputs.fields.find((one) => one.name === name);
        if (!field) {
          const { hint, fix } = suggestion(name, names);
          return [
            problemAt(survey, "V17", `There is no input "${name}".${hint}`, path, { part: "key", fix }),
          ];
        }
        const checked = checkValue(field.schema, value);
        const [error] = checked.ok ? [] : checked.errors;
        return error
          ? [problemAt(survey, "V17", `The sample does not fit the input "${name}". ${error.message}`, path)]
          : [];
      }),
    );
    const ofDefaults = flow.inputs.fields.flatMap((field) => {
      if (field.default === undefined || !isObject(field.schema)) return [];
      const checked = checkValue(field.schema, field.default);
      const [error] = checked.ok ? [] : checked.errors;
      const path = ["inputs", field.name, "default"];
      return error
        ? [
            problemAt(
              survey,
              "V17",
              `The default does not fit the input "${field.name}". ${error.message}`,
              path,
            ),
          ]
        : [];
    });
    return [...ofSamples, ...ofDefaults];
  },
};
