/** Keys that the language has a meaning for, but this version does not carry out. */
export const laterKeys: Readonly<
  Record<"flow" | "agent" | "task" | "head" | "tool" | "nested" | "trigger", ReadonlySet<string>>
> = {
  flow: new Set(["tests"]),
  agent: new Set(["delegates"]),
  task: new Set(["team", "planner", "validator", "maxReplans", "rules", "screenshot"]),
  head: new Set(["goal", "browser", "message", "receive"]),
  tool: new Set(["mcp", "openapi", "flow", "browser"]),
  nested: new Set(),
  trigger: new Set(["mcp"]),
};

export function laterMessage(key: string): string {
  return `"${key}" is not known to this version of Baton.`;
}
