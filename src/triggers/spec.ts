import type { FlowId, Json, RunId, TriggerId, WorkspaceId } from "#base/index.ts";
import type { Trigger } from "#flow/index.ts";
import type { Scope } from "#governance/index.ts";
import type { StartKeys } from "#journal/index.ts";
import type { Database, Transaction } from "#platform/index.ts";

/** How runs are started. The one way to do so lies above; triggers are handed it. */
export type StartPort = {
  /** Reads what the run needs to begin; what it answers makes the run, in a transaction. Fails as a start does. */
  prepare(
    scope: Scope,
    start: {
      readonly slug: string;
      readonly revision: number;
      readonly inputs: Readonly<Record<string, Json>>;
      readonly once: StartKeys;
    },
  ): Promise<(tx: Transaction) => Promise<StartedRun>>;
};
export type StartedRun = { readonly id: RunId; readonly number: number; readonly repeated: boolean };

export type TriggerDeps = {
  readonly db: Database;
  readonly starts: StartPort;
  /** Epoch milliseconds; the database's clock when left out. */
  readonly now?: () => Promise<number>;
};

/** A trigger as it is kept. Instants are epoch milliseconds. */
export type TriggerRecord = {
  readonly id: TriggerId;
  readonly workspaceId: WorkspaceId;
  readonly flow: {
    readonly id: FlowId;
    readonly slug: string;
    readonly title: string;
    /** Whether the whole flow is paused: then none of its triggers starts runs. */
    readonly paused: boolean;
  };
  readonly name: string;
  readonly definition: Trigger;
  readonly revision: number;
  /** Whether the latest revision of a flow that is not archived has it. */
  readonly active: boolean;
  readonly paused: { readonly at: number; readonly by: string } | null;
  /** The next instant of a schedule, and when it is due. */
  readonly scheduledAt: number | null;
  readonly nextAt: number | null;
  /** Sealed. */
  readonly token: string | null;
  readonly signingKey: string | null;
  /** Changes with each change of the row that matters to a firing. */
  readonly version: number;
};

/**
 * What came of a trigger: a run started; nothing was to be done (`skipped`); the inputs could not be made or the run
 * not be started (`failed`); a call was not signed as it must be (`refused`), came too often (`limited`), or came
 * again (`duplicate`).
 */
export const outcomes = ["started", "skipped", "failed", "refused", "limited", "duplicate"] as const;
export type Outcome = (typeof outcomes)[number];

export type NewOutcome = {
  readonly outcome: Outcome;
  readonly message?: string;
  readonly run?: RunId;
  readonly scheduledAt?: number;
  readonly depth?: number;
  /** Outcomes of the same crowd share a row. */
  readonly crowd?: string;
};

/** A flow that chains of flow triggers lead to is not started beyond so many runs in a row. */
export const longestChain = 10;
/** A firing that nothing could start for so long is one that was missed, in milliseconds. */
export const missedAfter = 60_000;
/** Most missed firings that `catchUp: all` starts at once; of more, the latest. */
export const mostCaughtUp = 100;

/** Whether a trigger may start runs. */
export function isLive(trigger: TriggerRecord): boolean {
  return trigger.active && trigger.paused === null && !trigger.flow.paused && !trigger.definition.disabled;
}
