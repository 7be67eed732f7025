import { allReferences } from "../facts.ts";
import { problemIn, suggestion, type Rule } from "../rule.ts";

/** [V3] An input or a variable that the flow doesn't have. */
export const inputsAndVars: Rule = {
  number: "V3",
  check: (survey) => {
    const { flow, parsed, tasks } = survey;
    const variables = new Set(Object.keys(flow.vars));
    for (const { task } of tasks) {
      if (task.kind === "set") for (const name of Object.keys(task.values)) variables.add(name);
    }
    const inputs = new Set(flow.inputs.fields.map((field) => field.name));
    const anyVariable = parsed.broken.length > 0;
    return allReferences(survey).flatMap(({ expression, reference }) => {
      const [root, name] = reference.names;
      const place = reference.places[1];
      if (name === undefined || place === undefined || name === "*" || reference.guarded) return [];
      const known = root === "inputs" ? inputs : root === "vars" ? variables : undefined;
      if (!known || known.has(name)) return [];
      if (root === "inputs" ? parsed.brokenNames.inputs : anyVariable) return [];
      const { hint, fix } = suggestion(name, known);
      const what = root === "inputs" ? "input" : "variable";
      return [problemIn(survey, "V3", `There is no ${what} "${name}".${hint}`, expression, place, { fix })];
    });
  },
};
