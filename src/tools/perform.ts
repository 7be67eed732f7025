import { BatonError, type Json, type JsonObject, messageOf } from "#base/index.ts";
import { checkValue } from "#flow/index.ts";
import { jsonResult } from "./json.ts";

/**
 * Carries a call out under the rules that hold for every tool: it ends with the caller's signal or its time, also
 * when it does not listen; its result is JSON, not too large, and what the tool promises.
 */
export async function perform(
  tool: {
    readonly name: string;
    readonly timeoutMs: number;
    readonly outputSchema: JsonObject | null;
    readonly call: (signal: AbortSignal) => Promise<unknown>;
  },
  signal: AbortSignal,
): Promise<Json> {
  // One signal for the caller's and the clock's: made by hand, as `AbortSignal.any` costs more than a small tool.
  const controller = new AbortController();
  const both = controller.signal;
  const pass = (): void => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(lateness(tool)), tool.timeoutMs);
  if (signal.aborted) pass();
  else signal.addEventListener("abort", pass, { once: true });
  let leave: (() => void) | undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    leave = (): void => reject(endOf(tool.name, both.reason));
    if (both.aborted) leave();
    both.addEventListener("abort", leave, { once: true });
  });
  try {
    const result = jsonResult(tool.name, await Promise.race([ended, tool.call(both)]));
    if (tool.outputSchema !== null) {
      const checked = checkValue(tool.outputSchema, result);
      if (!checked.ok) {
        const [first] = checked.errors;
        throw new BatonError(
          "bad-input",
          `The tool ${tool.name} answered with something else than it promises: ${[first?.path, first?.message].filter(Boolean).join(": ")}`,
          { hint: "Correct the tool, or its output." },
        );
      }
    }
    return result;
  } catch (error) {
    if (both.aborted) throw endOf(tool.name, both.reason);
    if (BatonError.isInstance(error)) throw error;
    throw new BatonError("internal", `The tool ${tool.name} failed: ${messageOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", pass);
    if (leave !== undefined) both.removeEventListener("abort", leave);
    ended.catch(() => undefined);
  }
}

function lateness(tool: { readonly name: string; readonly timeoutMs: number }): BatonError {
  return new BatonError(
    "timeout",
    `The tool ${tool.name} did not finish within ${seconds(tool.timeoutMs)}.`,
    { hint: "Try again, ask it for less, or raise its timeout." },
  );
}

function endOf(name: string, reason: unknown): BatonError {
  if (BatonError.isInstance(reason)) return reason;
  return new BatonError("cancelled", `The call of ${name} was cancelled.`, { cause: reason });
}

function seconds(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : `${Number((milliseconds / 1_000).toFixed(1))} s`;
}
