import { isObject } from "#base/index.ts";
import { allReferences } from "../facts.ts";
import { problemIn, suggestion, type Rule } from "../rule.ts";
import type { Knowledge } from "../knowledge.ts";
import type { Survey, SurveyedTask } from "../survey.ts";

/** [V15] A field that the shape of a task's output, or of an input, doesn't have. */
export const outputsOfTasks: Rule = {
  number: "V15",
  check: (survey, knowledge) =>
    allReferences(survey).flatMap(({ expression, reference }) => {
      if (reference.guarded) return [];
      const from = schemaAt(survey, knowledge, reference.names);
      if (!from) return [];
      let { schema } = from;
      for (let i = from.at; i < reference.names.length; i += 1) {
        const name = reference.names[i];
        const place = reference.places[i];
        if (name === undefined || place === undefined || !isObject(schema)) return [];
        if (name === "*") {
          schema = schema["items"];
          continue;
        }
        const { properties } = schema;
        if (!isObject(properties)) return [];
        if (!Object.hasOwn(properties, name)) {
          if (schema["additionalProperties"] !== false) return [];
          const { hint, fix } = suggestion(name, Object.keys(properties));
          const has = Object.keys(properties).join(", ") || "none";
          return [
            problemIn(
              survey,
              "V15",
              `There is no field "${name}" here; there is ${has}.${hint}`,
              expression,
              place,
              { fix },
            ),
          ];
        }
        schema = properties[name];
      }
      return [];
    }),
};

/** The schema of what the first names mean, and how many names that were. */
function schemaAt(
  survey: Survey,
  knowledge: Knowledge,
  names: readonly string[],
): { schema: unknown; at: number } | undefined {
  const [root, name, member] = names;
  if (name === undefined) return undefined;
  if (root === "inputs") {
    const field = survey.flow.inputs.fields.find((one) => one.name === name);
    return field && { schema: field.schema, at: 2 };
  }
  if (root !== "tasks" || member !== "output") return undefined;
  const target = survey.byId.get(name);
  const schema = target && outputSchema(survey, knowledge, target);
  return schema === undefined ? undefined : { schema, at: 3 };
}

function outputSchema(survey: Survey, knowledge: Knowledge, { task }: SurveyedTask): unknown {
  switch (task.kind) {
    case "agent":
    case "script":
      return task.returns?.schema;
    case "tool":
      return (
        survey.flow.tools[task.tool]?.output?.schema ??
        knowledge.tools?.get(task.tool)?.outputSchema ??
        undefined
      );
    default:
      return undefined;
  }
}
