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
export { createStream, type Stream } from "./stream.ts";
export { summaryOf } from "./summary.ts";
export { memoryJournal, type MemoryJournal, type MemoryJournalOptions } from "./memory/index.ts";
