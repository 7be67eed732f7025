import type { BlobRef, Json, JsonObject, Random } from "#base/index.ts";
import type { Flow, LocalTool, Risk, ToolApproval } from "../language/definition.ts";
import type {
  ApprovalVote,
  RunActor,
  RunEventBody,
  TaskError,
  TaskPath,
  ToolCall,
  Usage,
  Cost,
  Value,
} from "./events.ts";
import type { CrossingObligation, CrossingSignal } from "./crossing.ts";
import type { RunState } from "./state.ts";

/** What the machine must know of a tool in order to allow, deny or park a call. */
export type ToolFacts = {
  readonly name: string;
  readonly description: string;
  readonly risk: Risk;
  /** Approval rule; for `risk: high` without one: always, by approvers. */
  readonly approval: ToolApproval | null;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject | null;
  /** SHA-256 (hex) of the canonical text of name, schemas and risk. */
  readonly schemaHash: string;
  /** Whether a call cut off in mid-flight may be repeated: it is idempotent, or takes the idempotency key. */
  readonly repeatable: boolean;
  /** What a call leaves behind; missing: it may leave anything. */
  readonly effect?: ToolEffect;
  /** Whether calls stay within Baton: they change nothing, and nobody outside learns of them. Missing: they may not. */
  readonly inside?: boolean;
};

/**
 * Whether calls of a tool change anything outside of their run: none of them, or those alone whose text argument does not begin with one
 * of these. What changes nothing is called for real also where a flow is only tried out.
 */
export type ToolEffect =
  | "none"
  | "outside"
  | { readonly noneWhere: { readonly argument: string; readonly beginsWith: readonly string[] } };

/** All tools that a run can see by name: the workspace's registry and the flow's own. */
export type ToolCatalog = { get(name: string): ToolFacts | undefined; names(): readonly string[] };

/** What the machine must know of a model in order to keep limits, and conversations within what it takes. */
export type ModelFacts = {
  readonly provider: string;
  readonly model: string;
  /** Money for one token, in the currency of the limits; null where it is not known. */
  readonly price: { readonly input: number; readonly output: number } | null;
  /** Tokens that a conversation may have, the answer included; null where it is not known. */
  readonly contextTokens: number | null;
};

/** The workspace's models by alias. */
export type ModelCatalog = { get(alias: string): ModelFacts | undefined };

/** What `decide` and `receive` may ask of the world. No I/O: all of it is at hand. */
export type MachineContext = {
  readonly flow: Flow;
  readonly runId: string;
  /** Epoch milliseconds by Postgres' clock. */
  readonly now: number;
  readonly random: Random;
  readonly tools: ToolCatalog;
  /** Where it is missing nothing is known of any model. */
  readonly models?: ModelCatalog;
  /** Content of a blob, or undefined when it is not at hand: then the decision comes back with `needs`. */
  blob(ref: BlobRef): Json | undefined;
  /**
   * What shared memory holds under a key (`value` null and `version` 0: nothing), or undefined when it is not at hand: then
   * the decision comes back with `memory`. The same for a key within one decision. Missing: there is no memory.
   */
  readonly memory?: (key: string) => Remembered | undefined;
  /** SHA-256 in hex, of UTF-8 text. */
  sha256(text: string): string;
};

/** What an entry of shared memory holds, and how often it was written. */
export type Remembered = { readonly value: Json; readonly version: number };

/**
 * Either events to append, or blobs and entries of memory to load before deciding again. No events and no needs: nothing to do until a
 * signal comes.
 */
export type Decision =
  | { readonly events: readonly RunEventBody[]; readonly needs?: undefined }
  | { readonly events?: undefined; readonly needs: readonly BlobRef[]; readonly memory: readonly string[] };

/** What reaches a run from outside its journal. */
export type Signal =
  | {
      readonly kind: "start";
      readonly body: Extract<RunEventBody, { type: "run-started" }>;
      /** Of a fork: the source's events that hold here as well, and values that variables get after them. */
      readonly copied?: readonly Extract<RunEventBody, { type: "event-copied" }>[];
      readonly overrides?: JsonObject;
    }
  | { readonly kind: "timer"; readonly path: TaskPath; readonly name: string; readonly n: number }
  | { readonly kind: "cancel"; readonly by: RunActor; readonly reason: string }
  /** `above`: the run that started this one, and waits for it, is paused or goes on. */
  | { readonly kind: "pause"; readonly by: RunActor; readonly reason: string; readonly above?: boolean }
  | { readonly kind: "resume"; readonly by: RunActor; readonly above?: boolean }
  /** A run that failed or was cancelled goes on from there. */
  | { readonly kind: "retry"; readonly by: RunActor; readonly reason: string }
  | {
      readonly kind: "approval";
      readonly approvalId: string;
      readonly decision: string;
      readonly by: RunActor | null;
      readonly comment: string;
      readonly answer: JsonObject | null;
      readonly votes?: readonly ApprovalVote[];
    }
  | {
      readonly kind: "model-finished";
      readonly key: string;
      readonly text: string;
      readonly reasoning: string;
      readonly toolCalls: readonly ToolCall[];
      readonly finishReason: string;
      readonly provider: string;
      readonly model: string;
      readonly simulated: boolean;
      readonly usage: Usage;
      readonly cost: Cost;
      readonly providerData?: Json;
    }
  | { readonly kind: "tool-finished"; readonly key: string; readonly result: Value }
  | {
      readonly kind: "effect-failed";
      readonly key: string;
      readonly error: TaskError;
      readonly retryable: boolean;
      readonly retryAfterMs?: number;
      /** The call was not made: it counts as no try, and is made after `retryAfterMs`. */
      readonly postponed?: true;
    }
  /** The worker that had begun the effect died. The machine repeats it (same key) or asks a person. */
  | { readonly kind: "effect-lost"; readonly key: string; readonly reason: string }
  | CrossingSignal;

/** What has to be under way in the world while the state is as it is. The engine makes it so, idempotently. */
export type Obligation =
  | {
      readonly kind: "model-call";
      readonly key: string;
      readonly path: TaskPath;
      readonly step: number;
      readonly attempt: number;
      readonly agent: string;
      /** Tokens that the answer may have at most, where a limit says so. */
      readonly maxOutputTokens?: number;
      /** How many of the oldest results of tools are left out. */
      readonly leftOut?: number;
    }
  | {
      readonly kind: "tool-call";
      readonly key: string;
      readonly path: TaskPath;
      readonly step: number;
      readonly callId: string;
      readonly tool: string;
      /** A reference where they are large. */
      readonly args: Json;
      readonly agent: string | null;
    }
  | {
      readonly kind: "timer";
      readonly path: TaskPath;
      readonly name: string;
      readonly n: number;
      readonly dueAt: number;
    }
  | { readonly kind: "approval"; readonly path: TaskPath; readonly approvalId: string }
  | CrossingObligation;

export type Machine = {
  initial(): RunState;
  /** The fold: total, pure, and evaluates nothing. */
  evolve(state: RunState, event: { seq: number; at: number; body: RunEventBody }): RunState;
  /** What follows from the state by itself. Called again after its events were folded, until it yields nothing. */
  decide(state: RunState, context: MachineContext): Decision;
  /** What a signal means in this state; an empty list when it no longer matters (decided twice, fired too late). */
  receive(state: RunState, signal: Signal, context: MachineContext): Decision;
  obligations(state: RunState): readonly Obligation[];
};

export type { LocalTool };
