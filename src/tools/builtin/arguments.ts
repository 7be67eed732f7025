import { BatonError, type FileRef, type Json, type JsonObject, isFileRef, isObject } from "#base/index.ts";

/** Schema of an argument that is a file of the run. */
export const fileArgument: JsonObject = {
  type: "object",
  title: "File",
  description: "A file given to the run, passed on exactly as it was received.",
  properties: {
    $file: {
      type: "object",
      properties: {
        id: { type: "string" },
        name: { type: "string" },
        mediaType: { type: "string" },
        bytes: { type: "integer" },
        hash: { type: "string" },
      },
      required: ["id", "name", "mediaType", "bytes", "hash"],
    },
  },
  required: ["$file"],
};

/** Arguments as an object. They were checked against the schema already; this holds where they were not. */
export function objectArguments(tool: string, args: Json): JsonObject {
  if (isObject(args)) return args as JsonObject;
  throw new BatonError("bad-input", `The arguments of ${tool} must be an object.`);
}

export function fileOf(tool: string, args: JsonObject): FileRef {
  const file = args["file"];
  if (isFileRef(file)) return file;
  throw new BatonError("bad-input", `The argument "file" of ${tool} is not a file of this run.`, {
    hint: 'Pass the file on as it was received, for example "{{ inputs.log }}".',
  });
}

export function textOf(tool: string, args: JsonObject, name: string): string {
  const value = args[name];
  if (typeof value === "string" && value.trim() !== "") return value;
  throw new BatonError("bad-input", `The argument "${name}" of ${tool} must be a text that is not empty.`);
}

export function optionalNumber(args: JsonObject, name: string): number | undefined {
  const value = args[name];
  return typeof value === "number" ? value : undefined;
}
