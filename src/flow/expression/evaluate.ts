import type { Json } from "#base/index.ts";
import { compileExpression, readError } from "./compile.ts";
import { ownSecrets } from "./environment.ts";
import { underMemory } from "./memory.ts";
import { expressionError, isExpressionError } from "./errors.ts";
import { printDuration } from "../values/duration.ts";

/**
 * What names in expressions mean: `inputs`, `vars`, `tasks`, `run`, `item`, `index`, `error`, `args`, `response`, …,
 * as JSON. `now` is epoch milliseconds here and an instant in the expression.
 */
export type ExpressionScope = Readonly<Record<string, unknown>>;

/** Carries an expression out and answers JSON. Throws an expression error. */
export function evaluateExpression(text: string, scope: ExpressionScope): Json {
  const compiled = compileExpression(text);
  const now = scope["now"];
  let value: unknown;
  try {
    value = underMemory(scope, () =>
      compiled.run(typeof now === "number" ? { ...scope, now: new Date(now) } : scope),
    );
  } catch (error) {
    throw isExpressionError(error) ? error : readError(text, error);
  }
  return toJson(text, value, 0);
}

/** Carries a condition out. Throws an expression error unless it yields true or false. */
export function evaluateCondition(text: string, scope: ExpressionScope): boolean {
  const value = evaluateExpression(text, scope);
  if (typeof value === "boolean") return value;
  const found = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
  throw expressionError(text, `A condition must yield true or false, not ${found}.`);
}

/** CEL's values as JSON: whole numbers become numbers, instants ISO 8601 text, durations text such as `1h30m`. */
function toJson(text: string, value: unknown, depth: number): Json {
  if (depth > 200) throw expressionError(text, "The result is nested too deeply.");
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case "boolean":
    case "string":
      return value;
    case "bigint":
      return Number(value);
    case "number":
      if (!Number.isFinite(value)) {
        throw expressionError(text, "The result is not a finite number (a division by zero, perhaps).");
      }
      return value;
    case "object":
      break;
    default:
      throw expressionError(text, "The result is not a value that JSON can hold.");
  }
  if (Array.isArray(value)) return value.map((item) => toJson(text, item, depth + 1));
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [String(key), toJson(text, item, depth + 1)]));
  }
  if (("$secret" in value || "$template" in value) && !ownSecrets.has(value)) {
    throw expressionError(
      text,
      'The value holds a key "$secret" or "$template", which only secret() may make.',
    );
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, toJson(text, item, depth + 1)]),
    );
  }
  if ("seconds" in value && "nanos" in value) {
    return printDuration(Number(value.seconds) * 1000 + Number(value.nanos) / 1e6);
  }
  throw expressionError(text, "The result is not a value that JSON can hold.");
}
