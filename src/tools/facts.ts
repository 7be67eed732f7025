import { sha256 } from "#platform/index.ts";
import { type LocalTool, type ToolFacts, canonicalJson } from "#flow/index.ts";
import type { Tool } from "./spec.ts";

type Described = Omit<ToolFacts, "schemaHash">;

function withHash(facts: Described): ToolFacts {
  const { name, risk, inputSchema, outputSchema } = facts;
  return { ...facts, schemaHash: sha256(canonicalJson({ name, risk, inputSchema, outputSchema })) };
}

/** What the machine knows of a tool of the registry. */
export function factsOf(tool: Tool): ToolFacts {
  const { name, description, risk, inputSchema, outputSchema } = tool;
  const repeatable = tool.idempotent || tool.takesKey;
  return withHash({ name, description, risk, approval: null, inputSchema, outputSchema, repeatable });
}

/** What the machine knows of a tool that a flow brings along. */
export function factsOfLocal(tool: LocalTool): ToolFacts {
  return withHash({
    name: tool.name,
    description: tool.description,
    risk: tool.risk,
    approval: tool.approval ?? null,
    inputSchema: tool.input.schema,
    outputSchema: tool.output?.schema ?? null,
    // A script has no way to change anything outside of itself.
    repeatable: tool.idempotent || tool.body.kind === "script",
  });
}
