import type { JsonObject } from "#base/index.ts";
import type { MemoryOperation } from "#memory/index.ts";
import type { Tool } from "../spec.ts";
import { objectArguments, textOf } from "./arguments.ts";

type Operation = Exclude<MemoryOperation, "remember">;

const key: JsonObject = {
  type: "string",
  minLength: 1,
  maxLength: 200,
  pattern: "^(run|flow|workspace):[A-Za-z0-9][A-Za-z0-9._/-]*$",
  title: "Key",
  description: "run:NAME of this run, flow:NAME of all runs of the flow, or workspace:NAME of everybody.",
  examples: ["run:notes", "flow:case.summary"],
};
const anyValue: JsonObject = {
  type: ["string", "number", "boolean", "object", "array", "null"],
  title: "Value",
  description: "A text, or JSON. Keep it short.",
};
const tags: JsonObject = {
  type: "array",
  items: { type: "string", maxLength: 60 },
  maxItems: 20,
  title: "Tags",
};
const type: JsonObject = {
  type: "string",
  enum: ["fact", "note", "decision", "artefact"],
  title: "Type",
  description: "What it is: a fact when left out.",
};
const expiresInSeconds: JsonObject = {
  type: "number",
  exclusiveMinimum: 0,
  title: "Expires in",
  description: "Seconds after which it is gone; kept for good when left out.",
};
const ifVersion: JsonObject = {
  type: "integer",
  minimum: 0,
  title: "If version",
  description:
    "Only if the entry is still at this version; 0: only if there is none. Use it when you change what you read.",
};

const version: JsonObject = { type: "integer", description: "How often the entry was written." };
const entry: JsonObject = {
  key: { type: "string" },
  value: {},
  type: { type: "string" },
  tags: { type: "array", items: { type: "string" } },
  version,
  writtenBy: { type: "string" },
  writtenAt: { type: "string" },
};
const written: JsonObject = {
  type: "object",
  properties: { key: { type: "string" }, version },
  required: ["key", "version"],
};
const list = (properties: JsonObject): JsonObject => ({
  type: "object",
  properties: {
    entries: { type: "array", items: { type: "object", properties } },
    more: { type: "integer", description: "How many more there are." },
  },
  required: ["entries", "more"],
});
const outputs: Readonly<Record<Operation, JsonObject>> = {
  get: { type: "object", properties: { ...entry, found: { type: "boolean" } }, required: ["key", "found"] },
  set: written,
  append: written,
  list: list({ ...entry, preview: { type: "string" } }),
  search: list(entry),
  forget: {
    type: "object",
    properties: { key: { type: "string" }, forgotten: { type: "boolean" } },
    required: ["key", "forgotten"],
  },
};

const reading: ReadonlySet<Operation> = new Set(["get", "list", "search"]);

function memoryTool(
  operation: Operation,
  about: Pick<Tool, "title" | "description">,
  properties: JsonObject,
  required: readonly string[],
): Tool {
  return {
    name: `memory.${operation}`,
    ...about,
    risk: "low",
    effect: reading.has(operation) ? "none" : { noneWhere: { argument: "key", beginsWith: ["run:"] } },
    inside: reading.has(operation),
    inputSchema: { type: "object", properties, required: [...required], additionalProperties: false },
    outputSchema: outputs[operation],
    idempotent: reading.has(operation),
    takesKey: true,
    timeoutMs: 15_000,
    async call(given, context) {
      const name = `memory.${operation}`;
      const args = objectArguments(name, given);
      for (const argument of required) if (argument !== "value") textOf(name, args, argument);
      return context.memory(operation, args);
    },
  };
}

/** Shared memory, for agents that are granted it; which keys each may use is in the flow. */
export const memoryTools: readonly Tool[] = [
  memoryTool(
    "get",
    {
      title: "Read memory",
      description:
        "Reads one entry of shared memory by its key: what other agents, earlier runs or people left there.",
    },
    { key },
    ["key"],
  ),
  memoryTool(
    "set",
    {
      title: "Write memory",
      description: "Remembers a value in shared memory under a key, in place of what was there.",
    },
    { key, value: anyValue, type, tags, expiresInSeconds, ifVersion },
    ["key", "value"],
  ),
  memoryTool(
    "append",
    {
      title: "Append to memory",
      description:
        "Adds an item to a list in shared memory, or a line to a text. Safe when several agents do it at once.",
    },
    { key, value: anyValue, type, tags, expiresInSeconds },
    ["key", "value"],
  ),
  memoryTool(
    "list",
    {
      title: "List memory",
      description: "Lists the keys of shared memory that may be read, with the beginning of each value.",
    },
    {
      prefix: {
        type: "string",
        maxLength: 200,
        title: "Prefix",
        minLength: 1,
        examples: ["run:", "flow:"],
        description: "How the keys begin: run:, flow: or workspace:, or more of them, such as flow:case.",
      },
      tag: { type: "string", maxLength: 60, title: "Tag" },
    },
    ["prefix"],
  ),
  memoryTool(
    "search",
    {
      title: "Search memory",
      description: "Finds entries of shared memory by words and tags, best first, with their values.",
    },
    { text: { type: "string", minLength: 1, maxLength: 500, title: "Words" }, tags },
    ["text"],
  ),
  memoryTool(
    "forget",
    {
      title: "Forget memory",
      description: "Removes an entry from shared memory. People can still see its history.",
    },
    { key, ifVersion },
    ["key"],
  ),
];
