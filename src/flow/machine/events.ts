import type { BlobRef, Json, JsonObject } from "#base/index.ts";
import type { By, EscalationStep, Limits, Risk } from "../language/definition.ts";
import type { CrossingEventBody, ParentLink, RunPart } from "./crossing.ts";
import type { Mocked, Sandbox } from "./sandbox/sandbox.ts";

/**
 * Where a task instance stands in its run: ids joined by "/", an iteration of a `foreach` as `id[n]`, the blocks of
 * a handler as `!errors` and `!finally`. Examples: `route/settle`, `each[2]/greet`, `settle/!errors/tell`,
 * `!finally/note`.
 */
export type TaskPath = string;

/** Any JSON value, or the reference to one that is too large for an event. May hold file and secret references. */
export type Value = Json | BlobRef;

/** A text, or the reference to one that is too large for an event. */
export type Text = string | BlobRef;

export type RunActor = {
  readonly kind: "user" | "system" | "cli" | "api-key" | "agent" | "trigger";
  readonly id: string;
  readonly name: string;
};

export type TaskError = {
  /** Machine-readable: an ErrorCode of `base`, or one of "expression", "rejected", "deadline", "task-failed", "model-output". */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Path of the task where it happened first. */
  readonly task?: TaskPath;
};

/** A task ended the run early: which one, what it said, and the outputs it gave in place of the flow's. */
export type RunStop = {
  readonly path: TaskPath;
  readonly message: string;
  readonly outputs: Readonly<Record<string, Value>> | null;
  /** The run was only to go on until the end of this task: see {@link Sandbox}. */
  readonly asAsked?: true;
};

/** Whether a run reached its goal, by the flow's `success`; null where that could not be evaluated, for `reason`. */
export type GoalReached = { readonly reached: boolean | null; readonly reason?: string };

/** Tokens as the provider counts them. Undefined members are unknown. */
export type Usage = {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cachedInputTokens?: number;
  readonly reasoningTokens?: number;
};
/** Money in the currency of the price table, or "unknown" where no price is known. Never 0 for unknown. */
export type Cost = number | "unknown";

/** What a model call may use: its prompt as estimated, and the longest answer that it is allowed. */
export type Reservation = {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Money; null where no price is known. */
  readonly cost: number | null;
};

export type ToolCall = {
  readonly callId: string;
  readonly tool: string;
  /** A reference where they are large. */
  readonly args: Json;
};

/** One message of an agent's conversation as a model is given it. */
export type Message = MessageWith<string>;

/** One message of an agent's conversation as the fold keeps it: what is large is a reference. */
export type StoredMessage = MessageWith<Text>;

type MessageWith<T extends Text> =
  | { readonly role: "user"; readonly text: T; readonly files?: readonly Json[] }
  | {
      readonly role: "assistant";
      readonly text: T;
      readonly reasoning?: T;
      readonly toolCalls: readonly ToolCall[];
      /** Provider's own data that must be sent back unchanged (reasoning signatures and the like). */
      readonly providerData?: Json;
    }
  | {
      readonly role: "tool";
      readonly callId: string;
      readonly tool: string;
      readonly result: Value;
      readonly isError: boolean;
    };

/** Where a forked run comes from: the run, its number, its last event that counts, and the task forked at. */
export type ForkOrigin = {
  readonly run: string;
  readonly number: number;
  readonly seq: number;
  readonly path: TaskPath;
};

/** What one of several people decided. */
export type ApprovalVote = {
  readonly by: { readonly id: string; readonly name: string };
  readonly decision: string;
  readonly comment: string;
};

/** What a person is asked. Frozen: `canonical` is RFC 8785 text of it, `hash` the SHA-256 of that in hex. */
export type Ask = {
  readonly kind: "approval" | "form" | "tool" | "outcome-unknown" | "escalation";
  readonly title: string;
  readonly by: By;
  /** A reference where they are large. */
  readonly details: Json;
  /** Labels of the buttons by decision, primary first. */
  readonly decisions: readonly {
    readonly decision: string;
    readonly label: string;
    readonly tone: "primary" | "danger" | "plain";
  }[];
  /** JSON Schema of the answer, if fields are asked for. `fieldOrder` names them as written. */
  readonly fields: JsonObject | null;
  /** Decisions that the fields belong to; all but "reject" where left out. */
  readonly answers?: readonly string[];
  /** Whom the question goes to further while nobody decides: how long after it was asked, and whom. */
  readonly escalate?: readonly EscalationStep[];
  readonly comment: "never" | "always" | "onReject";
  /** Asked by a run that is only tried out: nothing outside of it follows from the decision. */
  readonly sandbox?: true;
  readonly risk: Risk | null;
  /** The call awaiting, for kinds "tool" and "outcome-unknown". */
  readonly call: {
    readonly tool: string;
    /** A reference where they are large. */
    readonly args: Json;
    readonly schemaHash: string;
    readonly agent: string | null;
  } | null;
  readonly canonical: string;
  readonly hash: string;
};

/** What was asked as a journal holds it. `hash` is that of the whole canonical text, also where this refers to it. */
export type StoredAsk = Omit<Ask, "canonical"> & { readonly canonical: Text };

/**
 * What a journal holds. Names are noun-verb. `at` (set by the journal, Postgres' clock), `seq` and `run` are in the
 * envelope, see {@link RunEvent}. Everything that an expression yielded is in the event: the fold evaluates nothing.
 */
export type RunEventBody =
  | {
      readonly type: "run-started";
      readonly flowId: string;
      readonly revisionId: string;
      readonly inputs: Readonly<Record<string, Value>>;
      readonly vars: Readonly<Record<string, Value>>;
      /** Labels of the flow, and those given at the start over them. */
      readonly labels?: Readonly<Record<string, string>>;
      readonly by: RunActor;
      readonly simulated: boolean;
      /** What the run that started it leaves to it, beside the limits of its flow. */
      readonly limits?: Limits;
      /** The run that this one goes out from, and the task from which on it does its own work. */
      readonly forkedFrom?: ForkOrigin;
      /** The task of another run that started this one. */
      readonly parent?: ParentLink;
      /** Set where the run carries out but a part of its parent's `foreach`. */
      readonly part?: RunPart;
      /** Others may have to be told of its end. */
      readonly crosses?: boolean;
      /** Set where the flow is only tried out. */
      readonly sandbox?: Sandbox;
      /** The run ends before anything began: its flow's `concurrency` did not let it in. */
      readonly refused?: { readonly outcome: "failed" | "cancelled"; readonly error: TaskError };
    }
  | {
      readonly type: "run-finishing";
      readonly outcome: "succeeded" | "failed" | "cancelled";
      readonly error: TaskError | null;
      /** Where a task ended the run early. */
      readonly stop?: RunStop;
    }
  | {
      readonly type: "run-finished";
      readonly outcome: "succeeded" | "failed" | "cancelled";
      readonly outputs: Record<string, Value> | null;
      readonly error: TaskError | null;
      /** What the task said that ended the run early. */
      readonly message?: string;
      /** Where the flow says what success is. */
      readonly goal?: GoalReached;
    }
  | { readonly type: "run-cancel-requested"; readonly by: RunActor; readonly reason: string }
  /** From now on nothing is begun; what comes in is recorded. */
  | {
      readonly type: "run-paused";
      readonly by: RunActor;
      readonly reason: string;
      /** With the run that started it, and goes on with it. */
      readonly above?: boolean;
    }
  | { readonly type: "run-resumed"; readonly by: RunActor }
  /** A run that was over goes on: what is finished stays, what failed or was stopped is taken up again. */
  | { readonly type: "run-reopened"; readonly by: RunActor; readonly reason: string }
  /** `again`: it begins a new attempt; else it goes on with what it holds. */
  | { readonly type: "task-reopened"; readonly path: TaskPath; readonly again: boolean }
  /** What happened in another run and holds here as well. Its cost and its tokens are that run's. */
  | {
      readonly type: "event-copied";
      readonly from: { readonly run: string; readonly seq: number };
      readonly body: RunEventBody;
    }
  | {
      readonly type: "task-started";
      readonly path: TaskPath;
      readonly id: string;
      readonly kind: string;
      readonly attempt: number;
      /** Short line beside the name in the trace: agent's name, tool, branch; already evaluated. */
      readonly label: string;
      /** Evaluated head values that later decisions need (prompt, arguments, items, …). By head key. */
      readonly data: Value;
    }
  | {
      readonly type: "task-skipped";
      readonly path: TaskPath;
      readonly id: string;
      readonly kind: string;
      readonly reason: "when" | "disabled" | "branch" | "cancelled" | "break" | "needs";
    }
  | {
      readonly type: "task-retrying";
      readonly path: TaskPath;
      readonly attempt: number;
      readonly error: TaskError;
      readonly dueAt: number;
      /** The person who chose another attempt, where one did. */
      readonly decided?: { readonly by: RunActor | null; readonly comment: string };
    }
  | { readonly type: "task-succeeded"; readonly path: TaskPath; readonly output: Value }
  | { readonly type: "task-failing"; readonly path: TaskPath; readonly error: TaskError }
  | {
      readonly type: "task-failed";
      readonly path: TaskPath;
      readonly error: TaskError;
      readonly handled: boolean;
    }
  | { readonly type: "task-cancelled"; readonly path: TaskPath }
  | {
      readonly type: "block-entered";
      readonly path: TaskPath;
      readonly block: string;
      readonly count: number;
    }
  | { readonly type: "variables-set"; readonly path: TaskPath; readonly values: Record<string, Value> }
  | {
      readonly type: "log-written";
      readonly path: TaskPath;
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: Text;
    }
  /** `dueAt` is epoch milliseconds. A timer is known by `path`, `name` and `n`. */
  | {
      readonly type: "timer-set";
      readonly path: TaskPath;
      readonly name: "wait" | "timeout" | "retry" | "deadline" | "limit" | "escalate";
      readonly n: number;
      readonly dueAt: number;
    }
  | { readonly type: "timer-fired"; readonly path: TaskPath; readonly name: string; readonly n: number }
  | { readonly type: "agent-message-added"; readonly path: TaskPath; readonly message: StoredMessage }
  | {
      readonly type: "model-call-begun";
      readonly path: TaskPath;
      readonly attempt: number;
      readonly step: number;
      readonly key: string;
      readonly agent: string;
      readonly alias: string;
      /** What is put aside for the call, where a limit of tokens or cost holds. */
      readonly reserved?: Reservation;
      /** How many of the oldest results of tools are left out of the conversation, so that it fits into the model. */
      readonly leftOut?: number;
    }
  | {
      readonly type: "model-call-finished";
      readonly path: TaskPath;
      readonly step: number;
      readonly key: string;
      readonly text: Text;
      readonly reasoning: Text;
      readonly toolCalls: readonly ToolCall[];
      readonly finishReason: string;
      readonly provider: string;
      readonly model: string;
      readonly simulated: boolean;
      readonly usage: Usage;
      readonly cost: Cost;
      readonly providerData?: Json;
    }
  | {
      readonly type: "model-call-failed";
      readonly path: TaskPath;
      readonly step: number;
      readonly key: string;
      readonly error: TaskError;
      readonly retryable: boolean;
      readonly retryAfterMs?: number;
      /** The call was not made, as its model was known to be out: it counts as no try. */
      readonly postponed?: true;
    }
  | {
      readonly type: "tool-call-begun";
      readonly path: TaskPath;
      readonly attempt: number;
      readonly step: number;
      readonly callId: string;
      readonly key: string;
      readonly tool: string;
      /** A reference where they are large. */
      readonly args: Json;
      readonly risk: Risk;
      readonly agent: string | null;
      /** Set when a person approved these very bytes. */
      readonly approvedHash: string | null;
      /** Where it came from that the tool itself was not called. */
      readonly mocked?: Mocked;
    }
  | {
      readonly type: "tool-call-finished";
      readonly path: TaskPath;
      readonly step: number;
      readonly callId: string;
      readonly key: string;
      readonly result: Value;
    }
  | {
      readonly type: "tool-call-failed";
      readonly path: TaskPath;
      readonly step: number;
      readonly callId: string;
      readonly key: string;
      readonly error: TaskError;
      readonly retryable: boolean;
      readonly retryAfterMs?: number;
    }
  /** Refused before anything was done: no grant, arguments not of the schema, unknown tool, or a person said no. */
  | {
      readonly type: "tool-call-denied";
      readonly path: TaskPath;
      readonly step: number;
      readonly callId: string;
      readonly tool: string;
      readonly args: Json;
      readonly reason: string;
      readonly by: RunActor | null;
    }
  | {
      readonly type: "approval-requested";
      readonly path: TaskPath;
      readonly approvalId: string;
      readonly step: number;
      readonly callId: string | null;
      readonly ask: StoredAsk;
      readonly deadline: number | null;
    }
  | {
      readonly type: "approval-decided";
      readonly path: TaskPath;
      readonly approvalId: string;
      readonly decision: string;
      /** Who decided last. */
      readonly by: RunActor | null;
      readonly comment: string;
      /** A reference where it is large. */
      readonly answer: JsonObject | null;
      /** All who decided, in order, where it takes several. */
      readonly votes?: readonly ApprovalVote[];
    }
  /** Nobody decided so far: these may as well, from now on. */
  | {
      readonly type: "approval-escalated";
      readonly path: TaskPath;
      readonly approvalId: string;
      readonly to: By;
    }
  | {
      readonly type: "approval-withdrawn";
      readonly path: TaskPath;
      readonly approvalId: string;
      readonly reason: string;
    }
  /** An expression of the task read shared memory. `version` counts what was written under the key; 0: nothing was there. */
  | {
      readonly type: "memory-read";
      readonly path: TaskPath;
      readonly key: string;
      readonly version: number;
      readonly value: Value;
    }
  /** A worker died while this effect was under way and nobody can know whether it happened. */
  | { readonly type: "effect-lost"; readonly path: TaskPath; readonly key: string; readonly reason: string }
  | CrossingEventBody;

export type RunEventType = RunEventBody["type"];

/** An event in its envelope. `seq` counts from 1 without gaps; `at` is epoch milliseconds. */
export type RunEvent = { readonly seq: number; readonly at: number; readonly body: RunEventBody };
