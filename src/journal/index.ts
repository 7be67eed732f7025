export type * from "./spec.ts";
export { type PostgresJournal, type PostgresJournalOptions, createPostgresJournal } from "./postgres.ts";
export { type Queue, type QueueOptions, migrateQueue, startQueue } from "./queue.ts";
export {
  type Death,
  type Pulse,
  type WorkerPlace,
  declareDead,
  heartbeat,
  reapDeadWorkers,
  registerWorker,
  retireWorker,
  startPulse,
} from "./workers.ts";
export { addJob, cancelInTransaction, signalInTransaction, type NewJob } from "./wake.ts";
export {
  type GateLimits,
  type Gates,
  type Later,
  type Out,
  type Passage,
  type Turn,
  createGates,
  noLimits,
  outAfter,
} from "./gates.ts";
export { measureJournal } from "./measure.ts";
export { type EventToSend, eventKeptSeconds, requireLiving, sendEventInTransaction } from "./crossing.ts";
export { plain } from "./append-values.ts";
export { loadBlobs } from "./blobs.ts";
export { admitted, createRunInTransaction } from "./runs.ts";
export { queuedWords } from "./slots.ts";
export {
  type BulkAction,
  type BulkJob,
  type BulkSelection,
  bulkActions,
  carryBulk,
  listBulk,
  startBulk,
} from "./bulk/bulk.ts";
export { type RunControl, controlRun, runControls } from "./control.ts";
export {
  type StartKeys,
  deleteInBatches,
  forgetStartKeys,
  keyDays,
  runNumber,
  startedUnder,
  takeStartKeys,
} from "./start-keys.ts";
export { type Watcher, createWatcher } from "./watch.ts";
export {
  type RunDetails,
  type RunFilter,
  type RunListing,
  getRun,
  largeValue,
  listRuns,
  runEvents,
} from "./reads.ts";
