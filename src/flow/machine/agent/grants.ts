import type { Agent } from "../../language/definition.ts";

/** Whether a grant's pattern covers a tool: the name itself, or a pattern where `*` stands for any characters. */
export function covers(pattern: string, tool: string): boolean {
  if (!pattern.includes("*")) return pattern === tool;
  const [first = "", ...rest] = pattern.split("*");
  if (!tool.startsWith(first)) return false;
  let at = first.length;
  for (const [index, piece] of rest.entries()) {
    if (index === rest.length - 1) return tool.length - piece.length >= at && tool.endsWith(piece);
    const found = tool.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return true;
}

/** Names of the tools that an agent is granted, in the catalog's order. Conditions are asked at each call. */
export function grantedTools(agent: Agent, names: readonly string[]): readonly string[] {
  return names.filter((name) => agent.tools.some((grant) => covers(grant.tool, name)));
}
