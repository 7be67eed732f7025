import { isObject, type Json } from "#base/index.ts";
import { stems } from "./words.ts";

/** A named value that the conversation holds. `age` grows with its distance: 0 is the newest tool result. */
export type Fact = {
  readonly key: string;
  readonly stems: readonly string[];
  readonly value: Json;
  readonly age: number;
};

/** What the simulated model knows of the conversation so far. */
export type Knowledge = {
  readonly instructions: string;
  /** The user's words, newest last. */
  readonly prompt: string;
  readonly facts: readonly Fact[];
  readonly called: readonly {
    readonly tool: string;
    readonly args: Json;
    readonly result: Json | undefined;
    readonly failed: boolean;
  }[];
};

/** Names every leaf of a value by the keys that lead to it; files stay whole. Bounded in depth and number. */
export function factsOf(value: Json, age: number, prefix = "", depth = 0, into: Fact[] = []): Fact[] {
  if (into.length >= 400 || depth > 8) return into;
  if (Array.isArray(value)) {
    if (
      value.length > 0 &&
      value.every((item) => typeof item !== "object" || item === null) &&
      prefix !== ""
    ) {
      into.push({ key: prefix, stems: stems(prefix), value, age });
    }
    // The first items come first: queries put what matters on top.
    for (const item of value.slice(0, 20)) factsOf(item as Json, age, prefix, depth + 1, into);
  } else if (isObject(value)) {
    if ("$file" in value || "$blob" in value) {
      into.push({ key: prefix, stems: stems(`${prefix} file`), value: value as Json, age });
    } else {
      for (const [key, member] of Object.entries(value)) {
        factsOf(member as Json, age, key, depth + 1, into);
        if (prefix !== "" && !isObject(member) && !Array.isArray(member)) {
          into.push({
            key: `${prefix} ${key}`,
            stems: stems(`${prefix} ${key}`),
            value: member as Json,
            age,
          });
        }
      }
    }
  } else if (prefix !== "") {
    into.push({ key: prefix, stems: stems(prefix), value, age });
  }
  return into;
}

/** JSON objects and lists written inside a text, found by matching brackets. */
export function jsonInText(text: string): Json[] {
  const found: Json[] = [];
  for (let start = 0; start < text.length && found.length < 20; start += 1) {
    const open = text[start];
    if (open !== "{" && open !== "[") continue;
    let depth = 0;
    let quoted = false;
    for (let end = start; end < text.length; end += 1) {
      const character = text[end];
      if (quoted) {
        if (character === "\\") end += 1;
        else if (character === '"') quoted = false;
      } else if (character === '"') quoted = true;
      else if (character === "{" || character === "[") depth += 1;
      else if (character === "}" || character === "]") {
        depth -= 1;
        if (depth === 0) {
          try {
            found.push(JSON.parse(text.slice(start, end + 1)) as Json);
            start = end;
          } catch {
            // Brackets of prose, not JSON.
          }
          break;
        }
      }
    }
  }
  return found;
}

/** Facts said in words: "label: value" at a line's start. */
export function labelledFacts(text: string, age: number): Fact[] {
  const found: Fact[] = [];
  for (const match of text.matchAll(
    /(?:^|\n)\s*[-*]?\s*([\p{L}][\p{L}\p{N} _-]{1,40}?)\s*[:=]\s*([^\n]{1,300})/gu,
  )) {
    const [, key, raw] = match;
    if (key === undefined || raw === undefined) continue;
    const number = /^-?\d+(\.\d+)?$/.test(raw.trim()) ? Number(raw.trim()) : undefined;
    found.push({ key, stems: stems(key), value: number ?? raw.trim(), age });
  }
  return found;
}
