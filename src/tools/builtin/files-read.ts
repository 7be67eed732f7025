import { BatonError } from "#base/index.ts";
import type { Tool } from "../spec.ts";
import { fileArgument, fileOf, objectArguments, optionalNumber } from "./arguments.ts";
import { decodeText } from "./text.ts";

/** Greatest number of characters that one call answers. */
const characterLimit = 200_000;

export const filesRead: Tool = {
  name: "files.read",
  title: "Read a file",
  description:
    "Reads the text of a file, whole or a range of its lines. Use it to see what a file contains; to count, search or group, files.query is better.",
  risk: "low",
  effect: "none",
  inside: true,
  inputSchema: {
    type: "object",
    properties: {
      file: fileArgument,
      fromLine: { type: "integer", minimum: 1, default: 1, description: "First line, counted from 1." },
      toLine: {
        type: "integer",
        minimum: 1,
        description: "Last line, itself included. Left out: the last of the file.",
      },
    },
    required: ["file"],
    additionalProperties: false,
  },
  outputSchema: {
    type: "object",
    properties: {
      name: { type: "string" },
      text: { type: "string" },
      fromLine: { type: "integer" },
      toLine: { type: "integer" },
      lineCount: { type: "integer", description: "Lines of the whole file." },
      truncated: { type: "boolean", description: "Whether lines of the range are missing at its end." },
    },
    required: ["name", "text", "fromLine", "toLine", "lineCount", "truncated"],
  },
  idempotent: true,
  takesKey: false,
  timeoutMs: 30_000,
  async call(input, context) {
    const args = objectArguments("files.read", input);
    const file = fileOf("files.read", args);
    const lines = decodeText(file.$file.name, await context.openFile(file)).split(/\r?\n/);
    if (lines.at(-1) === "") lines.pop();
    const from = optionalNumber(args, "fromLine") ?? 1;
    const to = Math.min(optionalNumber(args, "toLine") ?? lines.length, lines.length);
    if (from > 1 && from > lines.length) {
      throw new BatonError(
        "bad-input",
        `${file.$file.name} has ${lines.length} lines; line ${from} was asked for.`,
      );
    }
    const kept: string[] = [];
    let room = characterLimit;
    for (let at = from - 1; at < to; at += 1) {
      const line = lines[at] ?? "";
      if (line.length + 1 > room) {
        if (kept.length === 0) kept.push(line.slice(0, room));
        break;
      }
      room -= line.length + 1;
      kept.push(line);
    }
    const last = from - 1 + kept.length;
    const truncated = last < to || (kept.length === 1 && (lines[from - 1]?.length ?? 0) > characterLimit);
    return {
      name: file.$file.name,
      text: kept.join("\n"),
      fromLine: from,
      toLine: last,
      lineCount: lines.length,
      truncated,
    };
  },
};
