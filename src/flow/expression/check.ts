import { BatonError } from "#base/index.ts";
import { compileExpression, readError } from "./compile.ts";

/** Reads an expression and checks what can be known of its types without values. The error, or nothing. */
export function checkExpression(text: string): BatonError | undefined {
  try {
    const { error } = compileExpression(text).run.check();
    return error ? readError(text, error) : undefined;
  } catch (error) {
    if (BatonError.isInstance(error)) return error;
    return readError(text, error);
  }
}
