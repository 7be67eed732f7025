import type { JsonObject } from "#base/index.ts";
import type { By, Limits } from "../language/definition.ts";
import type { Mocked, Sandbox } from "./sandbox/sandbox.ts";
import type { AwaitedState, ChildState, LockState, ParentLink, RunPart } from "./crossing.ts";
import type {
  ApprovalVote,
  Cost,
  ForkOrigin,
  GoalReached,
  Reservation,
  RunActor,
  RunStop,
  StoredAsk,
  StoredMessage,
  TaskError,
  TaskPath,
  Text,
  ToolCall,
  Usage,
  Value,
} from "./events.ts";

/** The fold of a run's events. Plain data: it is snapshotted as JSON and read by the browser. */
export type RunState = {
  /** Of this shape; a snapshot with another is discarded. */
  readonly version: number;
  readonly seq: number;
  readonly phase: RunPhase;
  /** Set while the run is paused: it begins nothing. */
  readonly paused: {
    readonly by: RunActor;
    readonly reason: string;
    readonly since: number;
    /** With the run that started it, and goes on with it. */
    readonly above?: boolean;
  } | null;
  /** How often it was paused. */
  readonly pauses?: number;
  readonly forkedFrom: ForkOrigin | null;
  readonly flowId: string;
  readonly revisionId: string;
  readonly inputs: Readonly<Record<string, Value>>;
  readonly vars: Readonly<Record<string, Value>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** What the run that started it left to it, beside the limits of its flow. */
  readonly limits?: Limits;
  readonly startedBy: RunActor | null;
  /** The task of another run that started this one. */
  readonly parent?: ParentLink;
  readonly part?: RunPart;
  /** Whether others may have to be told of this run's end. */
  readonly crosses?: boolean;
  /** Set where the flow is only tried out. */
  readonly sandbox?: Sandbox;
  readonly simulated: boolean;
  /** Epoch milliseconds; 0 before the first event. */
  readonly startedAt: number;
  readonly lastAt: number;
  readonly tasks: Readonly<Record<TaskPath, TaskState>>;
  /** Paths in the order in which they were first seen. */
  readonly order: readonly TaskPath[];
  /** Timers set and not yet fired or made void, by `path:name:n`. */
  readonly timers: Readonly<Record<string, TimerState>>;
  /** Timers ever set for the run itself; numbers the next one. */
  readonly timersSet: number;
  readonly usage: Totals;
  /** Where the run's own blocks stand: its tasks, `!errors`, `!finally`. */
  readonly root: Container;
};

/** How far one block of tasks has come. */
export type BlockProgress = {
  /** Children in the block. */
  readonly count: number;
  readonly started: number;
  readonly ended: number;
  /** Children that failed and were not handled, and the first of them. */
  readonly failed: number;
  readonly firstFailed: TaskPath | null;
};

/**
 * What a task that holds tasks has under way. Slots: "" is the main block, `[n]` an iteration of a `foreach`,
 * `!errors` and `!finally` the handlers. An iteration that is over leaves `progress`.
 */
export type Container = {
  readonly progress: Readonly<Record<string, BlockProgress>>;
  /** Children that are not over yet. */
  readonly open: readonly TaskPath[];
  /** Iterations entered, and how many of them ended without and with a failure. */
  readonly iterations: { readonly entered: number; readonly ended: number; readonly failed: number };
  /** Path of the first child of any iteration that failed unhandled. */
  readonly firstFailed: TaskPath | null;
  /** Children that failed unhandled or were cancelled: what a retry takes up again. Handlers' are not among them. */
  readonly broken: readonly BrokenChild[];
  /** Children to be taken up again as soon as the block has room. They count as begun and not over. */
  readonly held: readonly TaskPath[];
};

/** A child that did not do its work, with the progress of its iteration, which is over with it. */
export type BrokenChild = { readonly path: TaskPath; readonly progress: BlockProgress | null };

export type RunPhase =
  | { readonly name: "created" }
  | { readonly name: "running" }
  | { readonly name: "cancelling"; readonly by: RunActor; readonly reason: string; readonly since: number }
  | {
      readonly name: "finishing";
      readonly outcome: "succeeded" | "failed" | "cancelled";
      readonly error: TaskError | null;
      /** Where a task ended the run early. */
      readonly stop?: RunStop;
    }
  | {
      readonly name: "finished";
      readonly outcome: "succeeded" | "failed" | "cancelled";
      readonly outputs: Readonly<Record<string, Value>> | null;
      readonly error: TaskError | null;
      /** What the task said that ended the run early. */
      readonly message?: string;
      /** Where the flow says what success is. */
      readonly goal?: GoalReached;
      readonly at: number;
    };

export type TimerState = {
  readonly path: TaskPath;
  readonly name: string;
  readonly n: number;
  readonly dueAt: number;
};

/** Tokens and money so far. `cost` sums what is known; `unknownCosts` counts calls without a known price. */
export type Totals = {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of runs that were started and waited for. Their money is in `cost` and `unknownCosts`. */
  readonly childTokens?: number;
  /** Model calls of those runs, and tasks that they began. */
  readonly childSteps?: number;
  readonly childTasks?: number;
  readonly cost: number;
  readonly unknownCosts: number;
  readonly modelCalls: number;
  readonly toolCalls: number;
};

export type TaskState = {
  readonly path: TaskPath;
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  /** Path of the parent task; null at the root. */
  readonly parent: TaskPath | null;
  readonly attempt: number;
  /** Attempt of the task that holds it in which it began; 0 at the root. */
  readonly within?: number;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly status: TaskStatus;
  /** Evaluated head values (see `task-started`). */
  readonly data: Value;
  /** The block being carried out, for tasks that hold tasks: `then`, a case's value, `!errors`, … and how many children it has. */
  readonly blocks: Readonly<Record<string, number>>;
  readonly failedAttempts: readonly {
    readonly attempt: number;
    readonly error: TaskError;
    readonly at: number;
    /** The person who chose another attempt after it, where one did. */
    readonly decided?: { readonly by: RunActor | null; readonly comment: string };
  }[];
  /** How many of those were forgiven by a retry of the run: they don't count against `retry.maxAttempts`. */
  readonly forgiven: number;
  /** The run that did this work, where it was copied from another. */
  readonly copiedFrom: string | null;
  /** The agent's conversation; empty for other tasks. */
  readonly messages: readonly StoredMessage[];
  /** Effects of the present attempt in the order begun. */
  readonly effects: readonly EffectState[];
  readonly approvals: readonly ApprovalState[];
  readonly logs: readonly { readonly level: string; readonly message: Text; readonly at: number }[];
  readonly usage: Totals;
  readonly inside: Container;
  /** Runs started in the present attempt. */
  readonly children?: readonly ChildState[];
  readonly lock?: LockState;
  readonly awaited?: AwaitedState;
  /** Timers of the present attempt that fired, as `name:n`. */
  readonly fired: readonly string[];
  /** Timers ever set for this task; numbers the next one. */
  readonly timersSet: number;
};

export type TaskStatus =
  /** In line for its lock, or about to begin with it. */
  | { readonly name: "locking" }
  | { readonly name: "running" }
  | { readonly name: "retrying"; readonly dueAt: number; readonly error: TaskError }
  | { readonly name: "failing"; readonly error: TaskError }
  | { readonly name: "succeeded"; readonly output: Value }
  | { readonly name: "failed"; readonly error: TaskError; readonly handled: boolean }
  | { readonly name: "skipped"; readonly reason: string }
  | { readonly name: "cancelled" };

export type EffectState =
  | {
      readonly kind: "model";
      readonly key: string;
      readonly step: number;
      readonly attempt: number;
      readonly agent: string;
      readonly alias: string;
      readonly reserved?: Reservation;
      readonly leftOut?: number;
      readonly begunAt: number;
      readonly end:
        | null
        | {
            readonly name: "finished";
            readonly at: number;
            readonly text: Text;
            readonly reasoning: Text;
            readonly toolCalls: readonly ToolCall[];
            readonly finishReason: string;
            readonly provider: string;
            readonly model: string;
            readonly simulated: boolean;
            readonly usage: Usage;
            readonly cost: Cost;
          }
        | {
            readonly name: "failed";
            readonly at: number;
            readonly error: TaskError;
            readonly retryable: boolean;
            readonly retryAfterMs?: number;
            readonly postponed?: true;
          };
    }
  | {
      readonly kind: "tool";
      readonly key: string;
      readonly step: number;
      readonly attempt: number;
      readonly callId: string;
      readonly tool: string;
      readonly args: unknown;
      readonly risk: string;
      readonly agent: string | null;
      readonly approvedHash: string | null;
      readonly mocked?: Mocked;
      readonly begunAt: number;
      readonly end:
        | null
        | { readonly name: "finished"; readonly at: number; readonly result: Value }
        | {
            readonly name: "failed";
            readonly at: number;
            readonly error: TaskError;
            readonly retryable: boolean;
            readonly retryAfterMs?: number;
          }
        | { readonly name: "denied"; readonly at: number; readonly reason: string }
        | {
            readonly name: "lost";
            readonly at: number;
            readonly reason: string;
            /** Approvals that the task had had by then: what is asked about this loss comes behind them. */
            readonly asked: number;
          };
    };

export type ApprovalState = {
  readonly approvalId: string;
  readonly step: number;
  readonly callId: string | null;
  readonly ask: StoredAsk;
  readonly requestedAt: number;
  readonly deadline: number | null;
  /** Who may decide as well by now, in the order in which they were asked. */
  readonly escalated?: readonly By[];
  readonly end:
    | null
    | {
        readonly name: "decided";
        readonly at: number;
        readonly decision: string;
        readonly by: RunActor | null;
        readonly comment: string;
        readonly answer: JsonObject | null;
        readonly votes?: readonly ApprovalVote[];
      }
    | { readonly name: "withdrawn"; readonly at: number; readonly reason: string };
};
