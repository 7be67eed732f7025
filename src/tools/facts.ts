import { type ToolFacts, toolText } from "#flow/machine/index.ts";
import { sha256 } from "#platform/index.ts";
import type { Tool } from "./spec.ts";

/** What the machine knows of a tool of the registry. */
export function factsOf(tool: Tool): ToolFacts {
  const { name, description, risk, inputSchema, outputSchema } = tool;
  const schemaHash = sha256(toolText({ name, risk, inputSchema, outputSchema }));
  const repeatable = tool.idempotent || tool.takesKey;
  const effect = tool.effect ?? "outside";
  return {
    name,
    description,
    risk,
    approval: null,
    inputSchema,
    outputSchema,
    schemaHash,
    repeatable,
    effect,
    ...(tool.inside === true ? { inside: true } : {}),
  };
}
