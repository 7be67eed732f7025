import canonicalize from "canonicalize";
import { BatonError } from "#base/index.ts";

/** Nested deeper than this, a value may hold itself. */
const deepestPlain = 32;

/** The text of what is plain JSON, several times faster; undefined for anything odd. */
function plainText(value: unknown, depth: number): string | undefined {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? JSON.stringify(value) : undefined;
  if (typeof value === "string") return value.isWellFormed() ? JSON.stringify(value) : undefined;
  if (typeof value !== "object" || "toJSON" in value || depth === 0) return undefined;
  if (Array.isArray(value)) {
    const items: string[] = [];
    for (const item of value) {
      const text = plainText(item, depth - 1);
      if (text === undefined) return undefined;
      items.push(text);
    }
    return `[${items.join(",")}]`;
  }
  const members: string[] = [];
  // By code units, as the standard demands.
  for (const key of Object.keys(value).sort()) {
    const text = plainText((value as Record<string, unknown>)[key], depth - 1);
    if (text === undefined || !key.isWellFormed()) return undefined;
    members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(",")}}`;
}

/** The one text of a JSON value (RFC 8785), for hashing. Throws "bad-input" for what JSON can't hold. */
export function canonicalJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = plainText(value, deepestPlain) ?? canonicalize(value);
  } catch (cause) {
    throw new BatonError("bad-input", `The value has no canonical JSON text: ${String(cause)}`, { cause });
  }
  if (text === undefined) throw new BatonError("bad-input", "The value has no canonical JSON text.");
  return text;
}
