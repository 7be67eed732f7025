import { isObject, type Json, type JsonObject } from "#base/index.ts";
import type { ApprovalView } from "#api/index.ts";
import type { Field } from "#flow/index.ts";

/** Fields to draw for the JSON Schema of an answer, in the order of its properties. */
export function fieldsOf(schema: JsonObject | null): Field[] {
  if (schema === null || !isObject(schema["properties"])) return [];
  const required = new Set(Array.isArray(schema["required"]) ? (schema["required"] as string[]) : []);
  return Object.entries(schema["properties"] as Record<string, JsonObject>).map(([name, member]) => ({
    name,
    title: typeof member["title"] === "string" ? member["title"] : undefined,
    description: typeof member["description"] === "string" ? member["description"] : undefined,
    optional: !required.has(name),
    default: member["default"] as Json | undefined,
    widget: widgetOf(member),
    accept: undefined,
    maxBytes: undefined,
    schema: member,
  }));
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

/** Whether this decision must come with a comment. */
export function requiresComment(approval: Pick<ApprovalView, "comment">, decision: string): boolean {
  return approval.comment === "always" || (approval.comment === "onReject" && decision === "reject");
}
