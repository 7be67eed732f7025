import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { BatonError, messageOf, type Json } from "#base/index.ts";
import { coerceInputs, type Flow } from "#flow/index.ts";
import type { Scope } from "#governance/index.ts";
import { saveFile } from "#people/index.ts";
import type { Database } from "#platform/index.ts";
import type { RunOptions } from "./options.ts";

/** A file that the command line names. */
type LocalFile = { readonly name: string; readonly content: Uint8Array };

/** What the command line says of the inputs: texts as they are, files as read. Throws "bad-input" for what can't be. */
export function gatherInputs(flow: Flow, options: RunOptions): ReadonlyMap<string, Json | LocalFile> {
  const given = new Map<string, Json | LocalFile>();
  if (options.sample !== undefined) {
    const sample = flow.samples[options.sample];
    if (sample === undefined) {
      const known = Object.keys(flow.samples);
      throw new BatonError("bad-input", `The flow has no sample "${options.sample}".`, {
        hint: known.length > 0 ? `There is: ${known.join(", ")}.` : "It has none at all.",
      });
    }
    for (const [name, value] of Object.entries(sample)) given.set(name, value);
  }
  for (const [name, value] of options.inputs) {
    if (isFileInput(flow, name)) given.set(name, readLocal(name, value));
    else given.set(name, value);
  }
  for (const [name, path] of options.files) {
    const file = readLocal(name, path);
    given.set(name, isFileInput(flow, name) ? file : new TextDecoder().decode(file.content));
  }
  checkInputs(flow, given);
  return given;
}

function isFileInput(flow: Flow, name: string): boolean {
  return flow.inputs.fields.some((field) => field.name === name && field.widget === "file");
}

function readLocal(name: string, path: string): LocalFile {
  try {
    return { name: basename(path), content: readFileSync(path) };
  } catch (cause) {
    throw new BatonError("bad-input", `The file for "${name}" can't be read: ${messageOf(cause)}`, { cause });
  }
}

/** Tells what is wrong before anything is started; files are looked at when they are saved. */
function checkInputs(flow: Flow, given: ReadonlyMap<string, Json | LocalFile>): void {
  const values = [...given].map(([name, value]) => [
    name,
    isLocal(value) ? fileStandIn(flow, name, value) : value,
  ]);
  const read = coerceInputs(flow.inputs, Object.fromEntries(values) as Record<string, Json>);
  if (read.ok) return;
  const lines = Object.entries(read.errors).map(
    ([name, message]) => `  ${name === "" ? "" : `${name}: `}${message}`,
  );
  throw new BatonError("bad-input", `The inputs do not fit the flow.\n${lines.join("\n")}`, {
    hint: "Give inputs by --input NAME=VALUE, files by --input-file NAME=PATH.",
  });
}

/** A reference that fits as far as is known before the file is saved, which tells its type. */
function fileStandIn(flow: Flow, name: string, file: LocalFile): Json {
  const accept = flow.inputs.fields
    .find((field) => field.name === name)
    ?.accept?.find((one) => one.includes("/"));
  const mediaType = accept === undefined ? "application/octet-stream" : accept.replaceAll("*", "x");
  return { $file: { id: "file", name: file.name, mediaType, bytes: file.content.length, hash: "" } };
}

function isLocal(value: Json | LocalFile): value is LocalFile {
  return (
    typeof value === "object" && value !== null && "content" in value && value.content instanceof Uint8Array
  );
}

/** Saves the files among the inputs; answers the inputs as a run takes them. */
export async function saveInputs(
  db: Database,
  scope: Scope,
  given: ReadonlyMap<string, Json | LocalFile>,
): Promise<Record<string, Json>> {
  const inputs: Record<string, Json> = {};
  for (const [name, value] of given) {
    inputs[name] = isLocal(value)
      ? { $file: await saveFile(db, scope, { name: value.name, mediaType: "", content: value.content }) }
      : value;
  }
  return inputs;
}
