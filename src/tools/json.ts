import { BatonError, type Json } from "#base/index.ts";

/** Greatest size of a tool's result, in characters of its JSON text. */
export const resultCharacters = 5_000_000;

/**
 * A result as plain JSON: what JSON can not hold is gone, and so are keys named `__proto__`, which would turn
 * into a prototype wherever a result is copied key by key. Throws "too-large", and "internal" for what is no JSON at all.
 */
export function jsonResult(tool: string, value: unknown): Json {
  let text: string;
  try {
    text = JSON.stringify(value === undefined ? null : value) ?? "null";
  } catch (cause) {
    throw new BatonError("internal", `The tool ${tool} answered with something that is not JSON.`, { cause });
  }
  if (text.length > resultCharacters) {
    throw new BatonError(
      "too-large",
      `The tool ${tool} answered with ${(text.length / 1_000_000).toFixed(1)} MB; the limit is ${resultCharacters / 1_000_000} MB.`,
      { hint: "Ask it for less: one page, fewer fields, a range of lines." },
    );
  }
  if (!text.includes('"__proto__"')) return JSON.parse(text) as Json;
  return JSON.parse(text, (key, inner: unknown) => (key === "__proto__" ? undefined : inner)) as Json;
}
