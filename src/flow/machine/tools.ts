import type { Flow, LocalTool } from "../language/definition.ts";
import { canonicalJson } from "../values/canonical.ts";
import type { ToolEffect, ToolFacts } from "./contract.ts";

/** What the machine must know of the tools that a flow brings along. */
export function localToolFacts(flow: Flow, sha256: (text: string) => string): ToolFacts[] {
  return Object.values(flow.tools).map((tool) => {
    const { name, description, risk, approval } = tool;
    const inputSchema = tool.input.schema;
    const outputSchema = tool.output?.schema ?? null;
    return {
      name,
      description,
      risk,
      approval: approval ?? null,
      inputSchema,
      outputSchema,
      schemaHash: sha256(toolText({ name, risk, inputSchema, outputSchema })),
      // A script has no way out of its sandbox: repeating it changes nothing.
      repeatable: tool.idempotent || tool.body.kind === "script",
      effect: effectOf(tool),
      inside: tool.body.kind === "script",
    };
  });
}

const readingMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** A script can't get out of its sandbox; of calls to servers, those that only read leave nothing behind. */
function effectOf({ body }: LocalTool): ToolEffect {
  return body.kind === "script" || readingMethods.has(body.method.toUpperCase()) ? "none" : "outside";
}

/** The canonical text of what an approval of a tool's call relies on; `schemaHash` is its SHA-256. */
export function toolText(tool: Pick<ToolFacts, "name" | "risk" | "inputSchema" | "outputSchema">): string {
  const { name, risk, inputSchema, outputSchema } = tool;
  return canonicalJson({ name, risk, inputSchema, outputSchema });
}
