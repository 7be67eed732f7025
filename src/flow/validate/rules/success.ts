import { allReferences } from "../facts.ts";
import { problemIn, suggestion, type Rule } from "../rule.ts";

/** [V37] An output, read by `success`, that the flow does not have. */
export const successOutputs: Rule = {
  number: "V37",
  check: (survey) => {
    const known = Object.keys(survey.flow.outputs);
    return allReferences(survey).flatMap(({ expression, reference }) => {
      const [root, name] = reference.names;
      const place = reference.places[1];
      if (expression.use !== "success" || root !== "outputs" || name === undefined || !place) return [];
      if (reference.guarded || name === "*" || known.includes(name)) return [];
      const { hint, fix } = suggestion(name, known);
      return [
        problemIn(survey, "V37", `The flow has no output "${name}".${hint}`, expression, place, { fix }),
      ];
    });
  },
};
