import { BatonError } from "#base/index.ts";
import { compileExpression, readError, type CompiledExpression } from "./compile.ts";

const checked = new WeakMap<CompiledExpression, BatonError | undefined>();

/** Reads an expression and checks what can be known of its types without values. The error, or nothing. */
export function checkExpression(text: string): BatonError | undefined {
  try {
    const compiled = compileExpression(text);
    if (checked.has(compiled)) return checked.get(compiled);
    const { error } = compiled.run.check();
    const told = error ? readError(text, error) : undefined;
    checked.set(compiled, told);
    return told;
  } catch (error) {
    if (BatonError.isInstance(error)) return error;
    return readError(text, error);
  }
}
