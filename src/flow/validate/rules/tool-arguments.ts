import { isObject, type JsonObject } from "#base/index.ts";
import { checkValue } from "../../values/check.ts";
import { problemAt, suggestion, type Rule } from "../rule.ts";
import type { Problem } from "../../problem.ts";

/** [V16] Arguments of a tool task that the tool doesn't take, or that it needs and doesn't get. */
export const toolArguments: Rule = {
  number: "V16",
  check: (survey, knowledge) =>
    survey.tasks.flatMap(({ task, path }) => {
      if (task.kind !== "tool") return [];
      const schema =
        survey.flow.tools[task.tool]?.input.schema ?? knowledge.tools?.get(task.tool)?.inputSchema;
      if (!schema || !isObject(schema["properties"])) return [];
      const properties = schema["properties"] as Record<string, JsonObject>;
      const problems: Problem[] = [];
      for (const [name, value] of Object.entries(task.with)) {
        const at = [...path, "with", name];
        const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
        if (property === undefined) {
          if (schema["additionalProperties"] !== false) continue;
          const { hint, fix } = suggestion(name, Object.keys(properties));
          problems.push(
            problemAt(survey, "V16", `"${task.tool}" takes no "${name}".${hint}`, at, { part: "key", fix }),
          );
        } else if (!JSON.stringify(value).includes("{{")) {
          const checked = checkValue(property, value);
          const [error] = checked.ok ? [] : checked.errors;
          if (error)
            problems.push(
              problemAt(survey, "V16", `"${name}" does not fit "${task.tool}". ${error.message}`, at),
            );
        }
      }
      const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
      const missing = required.filter(
        (name) => !(name in task.with) && properties[name]?.["default"] === undefined,
      );
      if (missing.length > 0) {
        const message = `"${task.tool}" needs ${missing.map((name) => `"${name}"`).join(", ")} under with.`;
        problems.push(problemAt(survey, "V16", message, [...path, "tool"]));
      }
      return problems;
    }),
};
