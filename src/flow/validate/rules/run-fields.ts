import { allReferences } from "../facts.ts";
import { problemIn, suggestion, type Rule } from "../rule.ts";

const fields = [
  "id",
  "state",
  "startedAt",
  "startedBy",
  "simulated",
  "cost",
  "unknownCosts",
  "tokens",
  "modelCalls",
  "toolCalls",
  "labels",
  "duration",
];

/** [V21] A fact of the run that there is none of. */
export const runFields: Rule = {
  number: "V21",
  check: (survey) =>
    allReferences(survey).flatMap(({ expression, reference }) => {
      const [root, name] = reference.names;
      const place = reference.places[1];
      if (root !== "run" || name === undefined || place === undefined) return [];
      // What a finished run tells its triggers is V67.
      if (expression.use === "flow-trigger") return [];
      if (reference.guarded || name === "*" || fields.includes(name)) return [];
      const { hint, fix } = suggestion(name, fields);
      const message = `A run has ${fields.join(", ")}, but no "${name}".${hint}`;
      return [problemIn(survey, "V21", message, expression, place, { fix })];
    }),
};
