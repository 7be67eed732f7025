import canonicalize from "canonicalize";
import { BatonError } from "#base/index.ts";

/** The one text of a JSON value (RFC 8785), for hashing. Throws "bad-input" for what JSON can't hold. */
export function canonicalJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new BatonError("bad-input", `The value has no canonical JSON text: ${String(cause)}`, { cause });
  }
  if (text === undefined) throw new BatonError("bad-input", "The value has no canonical JSON text.");
  return text;
}
