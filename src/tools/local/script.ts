import { BatonError, type FileRef, type Json, isFileRef, isObject } from "#base/index.ts";
import { decodeText } from "../builtin/text.ts";
import { type ScriptFile, type ScriptRunner, scriptTimeoutMs } from "../sandbox/script.ts";

/** Greatest size of all files of a script together, in bytes. */
const fileBytes = 10_000_000;

export type ScriptWork = {
  readonly language: string;
  readonly code: string;
  readonly args: Json;
  readonly files: readonly FileRef[];
  /** Milliseconds. */
  readonly timeoutMs: number;
};

/** Reads what a script task hands over: `{ language, code, args, files }`. */
export function scriptWork(given: Json, timeoutMs: number | undefined): ScriptWork {
  const { language, code, args, files } = (isObject(given) ? given : {}) as Record<string, Json | undefined>;
  if (typeof language !== "string" || typeof code !== "string") {
    throw new BatonError("internal", "A script without its code was to be run.");
  }
  const listed = Array.isArray(files) ? (files as readonly Json[]).filter((file) => file !== null) : [];
  const known = listed.filter((file) => isFileRef(file));
  if (known.length < listed.length) {
    throw new BatonError("bad-input", "The files of the script hold something that is not a file.", {
      hint: 'Name files of the run, for example files: ["{{ inputs.log }}"].',
    });
  }
  return { language, code, args: args ?? {}, files: known, timeoutMs: timeoutMs ?? scriptTimeoutMs };
}

/** Runs code of a flow. `logs` is what it wrote to the console. */
export async function runScript(
  runner: ScriptRunner,
  work: ScriptWork,
  context: { openFile(file: FileRef): Promise<Uint8Array>; readonly signal: AbortSignal },
): Promise<{ readonly result: Json; readonly logs: readonly string[] }> {
  if (work.language !== "javascript") {
    throw new BatonError("bad-input", `Scripts in ${work.language} can not be run.`, {
      hint: "Use javascript.",
    });
  }
  const total = work.files.reduce((sum, file) => sum + file.$file.bytes, 0);
  if (total > fileBytes) {
    throw new BatonError(
      "too-large",
      `The files of the script have ${(total / 1_000_000).toFixed(1)} MB; the limit is ${fileBytes / 1_000_000} MB.`,
      { hint: "Use files.query for large files." },
    );
  }
  const files: ScriptFile[] = [];
  for (const file of work.files) {
    const { name, mediaType } = file.$file;
    files.push({ name, mediaType, text: decodeText(name, await context.openFile(file)) });
  }
  const { code, args, timeoutMs } = work;
  return runner.run({ code, args, files, timeoutMs, signal: context.signal });
}
