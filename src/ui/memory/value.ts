import type { Json } from "#base/index.ts";

/** A value as a person edits it: a text as it is, everything else as JSON. */
export function editable(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** A value in a list: on as few lines as it has. */
export function shown(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What a person typed: JSON where it is a number, true, false, null, a list, a map or a quoted text; else the text itself. */
export function typed(text: string): Json {
  const trimmed = text.trim();
  if (!/^([[{"]|-?\d|true$|false$|null$)/.test(trimmed)) return text;
  try {
    return JSON.parse(trimmed) as Json;
  } catch {
    return text;
  }
}

/** Tags as a person types them: words with commas between. */
export function tagsOf(text: string): string[] {
  return [...new Set(text.split(",").map((tag) => tag.trim()))].filter((tag) => tag !== "");
}
