export type * from "./language/definition.ts";
export type { Problem } from "./problem.ts";
export type {
  ToolFacts,
  ToolCatalog,
  Message,
  Usage,
  Cost,
  ToolCall,
  RunActor,
  TaskPath,
  TaskError,
  Value,
  Ask,
} from "./machine/index.ts";
