import { BatonError, type Json } from "#base/index.ts";

/**
 * An expression that can't be read or carried out. A BatonError of code "bad-input" whose details say
 * `{ code: "expression", text, start, end }`; `start` and `end` are offsets in the text, or -1 when unknown.
 */
export function expressionError(
  text: string,
  message: string,
  range?: { start: number; end: number },
  cause?: unknown,
): BatonError {
  const shown = text.length > 120 ? `${text.slice(0, 117)}...` : text;
  const details: Json = { code: "expression", text: shown, start: range?.start ?? -1, end: range?.end ?? -1 };
  return new BatonError("bad-input", `${message} In the expression: ${shown}`, { details, cause });
}

/** Whether an error comes from an expression. */
export function isExpressionError(error: unknown): error is BatonError {
  return (
    BatonError.isInstance(error) &&
    typeof error.details === "object" &&
    error.details !== null &&
    "code" in error.details &&
    error.details.code === "expression"
  );
}
