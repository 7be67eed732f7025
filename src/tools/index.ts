export type { Tool, ToolContext, ToolFacts } from "./spec.ts";
export {
  type ToolCallRequest,
  type ToolPorts,
  type Tools,
  builtinFacts,
  createTools,
  toolRows,
} from "./tools.ts";
