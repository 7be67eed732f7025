import { isObject, type Json, type JsonObject } from "#base/index.ts";
import type { Field, Shape } from "../language/definition.ts";

/** The shape that a JSON Schema of an object describes, its fields in the order of the properties. */
export function shapeOfSchema(schema: JsonObject): Shape {
  const { properties, required } = schema;
  const names = new Set<unknown>(Array.isArray(required) ? required : []);
  const members = isObject(properties) ? (properties as Record<string, JsonObject>) : {};
  const fields = Object.entries(members).map(([name, member]): Field => ({
    name,
    title: typeof member["title"] === "string" ? member["title"] : undefined,
    description: typeof member["description"] === "string" ? member["description"] : undefined,
    optional: !names.has(name),
    default: member["default"] as Json | undefined,
    widget: widgetOf(member),
    accept: undefined,
    maxBytes: undefined,
    schema: member,
  }));
  return { fields, schema };
}

function widgetOf(schema: JsonObject): Field["widget"] {
  if (Array.isArray(schema["enum"])) return "select";
  if (isObject(schema["properties"]) && "$file" in schema["properties"]) return "file";
  switch (schema["type"]) {
    case "boolean":
      return "boolean";
    case "number":
    case "integer":
      return "number";
    case "string":
      if (schema["format"] === "date") return "date";
      if (schema["format"] === "date-time") return "datetime";
      return schema["x-multiline"] === true || schema["multiline"] === true ? "multiline" : "text";
    default:
      return "json";
  }
}
