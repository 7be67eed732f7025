import type { Json } from "#base/index.ts";

/** What a person writes an entry as. */
export type Form = "text" | "JSON";

export function formOf(value: Json): Form {
  return typeof value === "string" ? "text" : "JSON";
}

/** A value as a person edits it: a text as it is, everything else as JSON. */
export function editable(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** A value in a list: on as few lines as it has. */
export function shown(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The value that a person typed, or what is wrong with it. A text is taken as it is. */
export function valueOf(form: Form, text: string): { readonly value: Json } | { readonly problem: string } {
  if (form === "text") return { value: text };
  if (text.trim() === "") return { problem: "Write JSON here, such as 12, true or a list." };
  try {
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    const [, line] = /line (\d+)/.exec(error instanceof Error ? error.message : "") ?? [];
    const where = line === undefined ? "" : ` Look at line ${line}.`;
    return { problem: `This is not JSON.${where} A text in JSON stands in quotation marks.` };
  }
}

/** Tags as a person types them: words with commas between. */
export function tagsOf(text: string): string[] {
  return [...new Set(text.split(",").map((tag) => tag.trim()))].filter((tag) => tag !== "");
}
