/** What runs in a browser as well: no node, no database, no provider. */
export { createEngine } from "./engine.ts";
export type {
  ApprovalPort,
  Engine,
  EngineOptions,
  EngineToolCall,
  EngineTools,
  Redaction,
  RunsPort,
} from "./ports.ts";
export { memoryJournal, type MemoryJournal, type MemoryJournalOptions } from "./memory/index.ts";
