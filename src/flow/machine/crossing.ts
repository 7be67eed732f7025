import type { Json, JsonObject } from "#base/index.ts";
import type { Limits } from "../language/definition.ts";
import type { RunActor, TaskError, TaskPath, Value } from "./events.ts";

/** Most runs that may stand one below another: a flow that starts itself comes to an end there. */
export const deepest = 20;

/** What started a run that a task of another run started. */
export type ParentLink = {
  readonly run: string;
  readonly path: TaskPath;
  /** Key of the request: see {@link ChildState}. */
  readonly key: string;
  /** Whether the parent waits for the end. */
  readonly waits: boolean;
  /** Runs above this one. */
  readonly depth: number;
  /** A part of its parent's work, which lists leave out. */
  readonly internal: boolean;
};

/** The part of a `foreach` that a run carries out for its parent. */
export type RunPart = {
  /** Static path of the `foreach` in the flow. */
  readonly path: TaskPath;
  /** Index of the first item among all. */
  readonly from: number;
  readonly items: Value;
  readonly concurrency: number;
  /** What names mean that the iterations read from outside: results of tasks by id, the `error` of a handler. */
  readonly tasks: Readonly<Record<string, Value>>;
  readonly error: Value;
};

/** What a task asks for when it starts a run. */
export type ChildRequest = {
  /** Id of the flow; "" for a part of this very revision. */
  readonly flow: string;
  /** Number of the revision; null: the latest one published at the start. */
  readonly revision: number | null;
  readonly with: Value;
  readonly waits: boolean;
  readonly part: RunPart | null;
  /** What it may use of its parent's limits; put aside there while it is under way. */
  readonly limits?: Limits;
};

/** What a run has used, of its own and of the runs that it waited for. */
export type ChildUse = {
  readonly tokens: number;
  readonly cost: number;
  readonly unknownCosts: number;
  /** Model calls. Left out by versions that did not count them; so are tasks. */
  readonly steps?: number;
  readonly tasks?: number;
};

/** What was found when a run was started: which one it is and what it is pinned to. */
export type ChildFacts = {
  /** Counts from 1 within its flow. */
  readonly number: number;
  readonly flow: string;
  readonly title: string;
  readonly revision: number;
};

export type ChildOutcome = "succeeded" | "failed" | "cancelled";

/** Events about what a run has to do with others. */
export type CrossingEventBody =
  | {
      readonly type: "child-requested";
      readonly path: TaskPath;
      readonly key: string;
      /** Id that the run will have, so that it is started once. */
      readonly run: string;
      readonly request: ChildRequest;
    }
  | ({ readonly type: "child-started"; readonly path: TaskPath; readonly key: string } & ChildFacts)
  | {
      readonly type: "child-ended";
      readonly path: TaskPath;
      readonly key: string;
      readonly outcome: ChildOutcome;
      readonly outputs: Value;
      readonly error: TaskError | null;
      /** All that it has used since it was started. */
      readonly used?: ChildUse;
    }
  | { readonly type: "child-cancel-requested"; readonly path: TaskPath; readonly key: string }
  /** A run that did not succeed is taken up again, as its parent was. */
  | { readonly type: "child-retried"; readonly path: TaskPath; readonly key: string }
  /** The task is in line for a lock; it begins when it has it. */
  | {
      readonly type: "lock-requested";
      readonly path: TaskPath;
      readonly id: string;
      readonly kind: string;
      readonly key: string;
      readonly name: string;
    }
  | { readonly type: "lock-granted"; readonly path: TaskPath; readonly key: string }
  | {
      readonly type: "event-awaited";
      readonly path: TaskPath;
      readonly key: string;
      readonly name: string;
      /** What the event must be about; "" where it needs not be about anything. */
      readonly about: string;
    }
  | {
      readonly type: "event-received";
      readonly path: TaskPath;
      readonly key: string;
      readonly payload: Value;
      readonly by: RunActor;
    };

/** Signals that come from other runs and from senders of events. */
export type CrossingSignal =
  | ({ readonly kind: "child-started"; readonly key: string } & ChildFacts)
  | {
      readonly kind: "child-ended";
      readonly key: string;
      readonly outcome: ChildOutcome;
      readonly outputs: JsonObject | null;
      readonly error: TaskError | null;
      readonly tokens?: number;
      readonly cost?: number;
      readonly unknownCosts?: number;
      readonly steps?: number;
      readonly tasks?: number;
    }
  | { readonly kind: "lock-granted"; readonly key: string }
  | { readonly kind: "event"; readonly key: string; readonly payload: Json; readonly by: RunActor };

/** A run that a task started. */
export type ChildState = {
  readonly key: string;
  readonly run: string;
  readonly request: ChildRequest;
  readonly requestedAt: number;
  readonly facts: ChildFacts | null;
  readonly cancelling: boolean;
  /** Did not succeed, and waits to be taken up again. */
  readonly held?: boolean;
  /** How often it was taken up again. */
  readonly retries?: number;
  /** What of its use is in the totals of this run. */
  readonly settled?: ChildUse;
  readonly end: null | {
    readonly at: number;
    readonly outcome: ChildOutcome;
    readonly outputs: Value;
    readonly error: TaskError | null;
  };
};

/** A task's place in line for a lock. It is given up with the task's end. */
export type LockState = {
  readonly key: string;
  readonly name: string;
  readonly askedAt: number;
  readonly grantedAt: number | null;
  /** Set with the task's end. */
  readonly releasedAt: number | null;
};

/** The event that a task waits for or got. */
export type AwaitedState = {
  readonly key: string;
  readonly name: string;
  readonly about: string;
  readonly received: null | { readonly at: number; readonly payload: Value; readonly by: RunActor };
};

/** What must be under way beyond this run while the state is as it is. */
export type CrossingObligation =
  | {
      readonly kind: "child-start";
      readonly key: string;
      readonly path: TaskPath;
      readonly run: string;
      readonly request: ChildRequest;
    }
  | {
      readonly kind: "child";
      readonly key: string;
      readonly path: TaskPath;
      readonly run: string;
      readonly cancelling: boolean;
      readonly retries: number;
    }
  | { readonly kind: "lock"; readonly key: string; readonly path: TaskPath; readonly name: string }
  | {
      readonly kind: "event";
      readonly key: string;
      readonly path: TaskPath;
      readonly name: string;
      readonly about: string;
    };
