export {
  memoryJournal,
  type MemoryJournal,
  type MemoryJournalOptions,
  type Scheduler,
  type StoredRun,
} from "./journal.ts";
