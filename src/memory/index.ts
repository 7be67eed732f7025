export type {
  Change,
  Entry,
  EntryType,
  MemoryDocuments,
  MemoryPlace,
  MemoryPorts,
  Origin,
  Reading,
  RunCaller,
  RunPlaces,
  Writer,
} from "./spec.ts";
export { memoryLimits } from "./entries.ts";
export { createRunMemory, type MemoryOperation, type RunMemory, type RunReader } from "./run-memory.ts";
export { memoryPorts, sharedMemoryKind } from "./ports.ts";
export { createSettler, type Settler } from "./settler.ts";
export { localDocuments, localPorts } from "./local.ts";
export {
  entryHistory,
  forget,
  getEntry,
  listEntries,
  listMemories,
  memoryHead,
  describeEntry,
  openEntryText,
  setEntry,
  undoWrites,
  watchEntries,
  type ListedEntry,
  type MemoryHead,
  type PeoplesMemory,
  type ReadBy,
} from "./people.ts";
