import { z } from "zod";
import { anything, fields, map, readTemplates, text } from "../parts.ts";
import { defineHead, type HeadReader } from "./head.ts";

/** Languages that scripts may be written in. */
export const scriptLanguages = ["javascript"] as const;
const later = ["python", "sql", "bash"];

/** Refuses languages that scripts can't be written in. */
export function checkScriptLanguage(language: string, refuse: HeadReader["refuse"]): void {
  if ((scriptLanguages as readonly string[]).includes(language)) return;
  if (later.includes(language)) {
    refuse("L13", `Scripts in ${language} are not known to this version. Use javascript.`, ["script"]);
  }
  refuse("L10", `"script" must be the language of the code: javascript, not "${language.slice(0, 40)}".`, [
    "script",
  ]);
}

export const script = defineHead({
  key: "script",
  summary: "Runs code in a sandbox. The code is the body of an async function with args in scope.",
  shape: () => ({
    script: z.string({ error: "must be the language of the code: javascript" }),
    code: text.meta({
      description: "Body of an async function; what it returns is the output. Holds no {{ }}.",
    }),
    with: map.optional().meta({ description: "Becomes args." }),
    files: z.array(anything, { error: "must be a list of files" }).optional(),
    returns: fields.optional(),
  }),
  normalise: (raw, reader) => {
    checkScriptLanguage(raw.script, reader.refuse);
    return {
      kind: "script",
      language: raw.script,
      code: raw.code,
      with: readTemplates(raw.with),
      files: raw.files ?? [],
      returns: raw.returns === undefined ? undefined : reader.shape(raw.returns, ["returns"]),
    };
  },
});
