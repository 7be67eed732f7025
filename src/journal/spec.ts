import type { BlobRef, InboxItemId, Json, JsonObject, RunId, WorkerId, WorkspaceId } from "#base/index.ts";
import type { GoalReached, RunEvent, RunEventBody, RunState, Signal } from "#flow/machine/index.ts";

/**
 * The port that the engine stands on. Two adapters: Postgres (`journal`) and memory (`engine/memory`); both pass
 * `engine/conformance.ts`. Terms: a *segment* is one stretch of a run being driven by one worker; its *epoch* is the
 * fence: an append under an older epoch records nothing.
 */
export type Journal = {
  /** Makes an unowned run with its start signal in the inbox and wakes it. Idempotent by run id. */
  create(run: NewRun): Promise<void>;
  /**
   * Takes the run, or null: someone alive owns it, it waits for its turn, or it is over. Raises the epoch. `crashes` counts segments that
   * began and did not end by themselves.
   */
  claim(run: RunId, worker: WorkerId): Promise<Claim | null>;
  /**
   * Appends events and audit entries and consumes inbox items, all or nothing. Concurrent calls are grouped into one
   * statement. "fenced": the epoch is no longer ours; nothing was recorded. Answers the instant given to the events.
   */
  append(request: AppendRequest): Promise<{ result: "appended"; at: number } | { result: "fenced" }>;
  /**
   * Raises the epoch of a run that is ours: whatever still goes on under the old one records nothing from now on. `seq` is
   * that of the last event. Answers the new epoch, or null when the run is no longer ours.
   */
  raiseEpoch(run: RunId, epoch: number, seq: number): Promise<number | null>;
  /** Unconsumed inbox items, oldest first, and the wake count that they were read under. */
  inbox(run: RunId): Promise<{ items: readonly InboxItem[]; wake: number }>;
  /**
   * Keeps the state as of event `snapshot.seq`, so that a takeover need not fold the whole run. Does nothing when the
   * epoch is no longer ours, the run was given up, or a later state is kept.
   */
  saveSnapshot(request: SnapshotRequest): Promise<void>;
  /** Gives the run up, if no wake-up came since `wake` and the epoch is ours. "woken": go on. Saves the snapshot and the summary. */
  park(request: ParkRequest): Promise<"parked" | "woken" | "fenced">;
  /** Puts a signal into the inbox (unique by `source`) and wakes the run. False: this source was there already. */
  signal(run: RunId, source: string, signal: Signal): Promise<boolean>;
  /**
   * Takes a run that failed, was cancelled or was set aside up again: it is not over any more, has the signal in its
   * inbox, and is woken. False: it is not over, or it succeeded, or this source was there already. A run that needs a
   * place among the runs of its flow takes one, or waits for its turn.
   */
  reopen(run: RunId, source: string, signal: Extract<Signal, { kind: "retry" }>): Promise<boolean>;
  /**
   * As `reopen`, for a run that another waits for and takes up again. One that succeeded meanwhile tells its end again; one
   * that there is none of any more tells that it failed. Idempotent by source.
   */
  reopenChild(wish: ChildWish, signal: Extract<Signal, { kind: "retry" }>): Promise<void>;
  /** Makes sure that a timer will fire at `dueAt` (epoch ms). Idempotent by path, name and n. */
  setTimer(run: RunId, timer: { path: string; name: string; n: number; dueAt: number }): Promise<void>;
  /**
   * Puts a task into the line for a lock; "lock-granted" comes to the inbox when it has it, maybe at once. Idempotent by
   * key. A task within one that holds the lock, also in a run that started this one and waits for it, has it already.
   */
  askLock(wish: LockWish): Promise<void>;
  /** Gives up the lock, or the place in its line. Idempotent. The end of a run does the same for all that it has. */
  releaseLock(key: string): Promise<void>;
  /** Has a task wait for an event; "event" comes to the inbox. Idempotent by key. */
  awaitEvent(wish: EventWish): Promise<void>;
  /** Ends the waiting. "received": an event came first, and its signal is in the inbox. */
  stopAwaiting(run: RunId, key: string): Promise<"stopped" | "received">;
  /** Asks a run to stop that another had started. Idempotent. */
  cancelRun(run: RunId, signal: Extract<Signal, { kind: "cancel" }>): Promise<void>;
  saveBlob(workspace: WorkspaceId, text: string): Promise<BlobRef>;
  loadBlobs(workspace: WorkspaceId, hashes: readonly string[]): Promise<ReadonlyMap<string, Json>>;
  /** Events after `after`, in order, at most `limit`. */
  events(run: RunId, after: number, limit: number): Promise<readonly RunEvent[]>;
  /**
   * Chunks of a step's stream; `n` counts from 0. Written in batches, deleted by `closeStream`. Under an epoch that is no
   * longer the run's, nothing is written.
   */
  writeChunks(
    run: RunId,
    epoch: number,
    stream: string,
    from: number,
    chunks: readonly Json[],
  ): Promise<void>;
  readChunks(run: RunId, stream: string, from: number): Promise<readonly { n: number; chunk: Json }[]>;
  closeStream(run: RunId, stream: string): Promise<void>;
  /** Instants come from here. Epoch milliseconds. */
  now(): number;
};

export type NewRun = {
  readonly id: RunId;
  readonly workspace: WorkspaceId;
  readonly flow: string;
  readonly revision: string;
  readonly start: Extract<RunEventBody, { type: "run-started" }>;
  /** Of a fork: values that variables get instead of their own. */
  readonly overrides?: JsonObject;
  /** A place that it needs among the runs of its flow: as many as `limit` of one key at once. */
  readonly slot?: {
    readonly key: string;
    readonly limit: number;
    readonly onFull: "queue" | "cancel" | "fail";
  };
};

/** A run that is to be taken up again for the run that waits for it. */
export type ChildWish = {
  readonly run: RunId;
  readonly parent: RunId;
  /** Of the parent's request. */
  readonly key: string;
  readonly source: string;
};

/** A task that asks for a lock. */
export type LockWish = {
  readonly workspace: WorkspaceId;
  readonly run: RunId;
  readonly epoch: number;
  readonly path: string;
  /** Of the request. */
  readonly key: string;
  readonly name: string;
};

/** A task that waits for an event. */
export type EventWish = LockWish & { readonly about: string };

export type Claim = {
  readonly epoch: number;
  readonly workspace: WorkspaceId;
  readonly revision: string;
  readonly crashes: number;
  /** The latest snapshot of this machine version, if any, and all events after it. */
  readonly snapshot: RunState | null;
  readonly events: readonly RunEvent[];
  /** What `inbox` would have answered when the claim began, if the adapter read it along. */
  readonly inbox?: { readonly items: readonly InboxItem[]; readonly wake: number };
};

export type InboxItem = { readonly id: InboxItemId; readonly signal: Signal };

export type AuditDraft = {
  readonly actor: { readonly kind: string; readonly id: string; readonly name: string };
  /** Noun-verb in the past, e.g. "tool-call.begun". */
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly path: string | null;
  /** Facts of the action. Written as canonical JSON text. */
  readonly body: Json;
};

export type AppendRequest = {
  readonly run: RunId;
  readonly workspace: WorkspaceId;
  readonly epoch: number;
  /** Sequence number of the first event: the last one known + 1. */
  readonly seq: number;
  readonly events: readonly RunEventBody[];
  /** JSON text of `events`, where it was made already. */
  readonly text?: string | undefined;
  readonly audit: readonly AuditDraft[];
  readonly consume: readonly InboxItemId[];
  /** The run ends, and others have to be told: its statement must not hold rows of runs beside it. */
  readonly alone?: boolean;
  /** What lists show; written when given. */
  readonly summary?: RunSummary;
};

/** What lists show of a run without folding it. */
export type RunSummary = {
  readonly state:
    | "queued"
    | "running"
    | "waiting"
    | "paused"
    | "cancelling"
    | "succeeded"
    | "failed"
    | "cancelled"
    | "dead-lettered";
  /** What happens now, in a few words; the error's message when failed. */
  readonly headline: string;
  readonly outputs: Json;
  readonly error: Json;
  readonly cost: number;
  readonly unknownCosts: number;
  readonly tokens: number;
  /** Model calls and tasks begun, of the run and of those that it waited for. */
  readonly steps: number;
  readonly tasks: number;
  /** By the flow's `success`, once the run is over; left out where nothing is known of it. */
  readonly goal?: GoalReached;
};

export type SnapshotRequest = Pick<ParkRequest, "run" | "epoch" | "snapshot">;

export type ParkRequest = {
  readonly run: RunId;
  readonly epoch: number;
  readonly wake: number;
  readonly snapshot: RunState;
  readonly summary: RunSummary;
};
