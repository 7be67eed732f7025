import type { RunId, WorkspaceId } from "#base/index.ts";
import type { Flow, ToolCatalog } from "#flow/index.ts";
import type { Obligation, RunState, Signal } from "#flow/machine/index.ts";
import type { EngineOptions, Redaction } from "../ports.ts";
import type { Blobs } from "../values.ts";

/** What a step is given to carry out an obligation. */
export type StepContext = {
  readonly options: EngineOptions;
  readonly run: RunId;
  readonly workspace: WorkspaceId;
  readonly flow: Flow;
  readonly catalog: ToolCatalog;
  readonly blobs: Blobs;
  readonly state: RunState;
  readonly redaction: Redaction | undefined;
  /** Whether the effect may have been begun by another worker before. */
  readonly again: boolean;
  /** Told of the key of a call whose first chunks are about to be written. */
  readonly onStream: (key: string) => void;
  readonly signal: AbortSignal;
  /** Aborts the effect by itself, because its time is over. */
  abort(): void;
  /** Counts what goes on apart from the step: the effect has not ended while this has not. */
  track(part: Promise<unknown>): void;
  /** The fence under which it may write: the run's epoch, of an aborted effect that of its time. */
  epoch(): number;
};

/** What a call answers its run with. */
export type Ended = Extract<
  Signal,
  { kind: "model-finished" | "tool-finished" | "effect-failed" | "child-started" }
>;

/** Carries an effect out and answers what the run is told of it. May throw: then the effect failed. */
export type Step<K extends Obligation["kind"]> = (
  obligation: Extract<Obligation, { kind: K }>,
  context: StepContext,
) => Promise<Ended>;
