import type { Json } from "#base/index.ts";
import type { PreviewField, TaskForm } from "../language/protocol.ts";

/** The values of a task that hold expressions: those with braces, and conditions. */
export function expressionFields({ fields }: TaskForm): readonly PreviewField[] {
  return fields.flatMap(({ label, value, control }): PreviewField[] => {
    if (value === undefined) return [];
    if (control === "expression") {
      return typeof value === "string" ? [{ label, value, isCondition: true }] : [];
    }
    return hasExpression(value) ? [{ label, value, isCondition: false }] : [];
  });
}

function hasExpression(value: Json): boolean {
  if (typeof value === "string") return value.includes("{{");
  if (value === null || typeof value !== "object") return false;
  return Object.values(value).some((item) => hasExpression(item as Json));
}
