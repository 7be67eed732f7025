import type { Json, JsonObject, RunId, WorkerId, WorkspaceId } from "#base/index.ts";
import type { Ask, By, Flow, Limits, RunActor, ToolCatalog } from "#flow/index.ts";
import type { ChildFacts, ParentLink, Sandbox } from "#flow/machine/index.ts";
import type { ModelCaller } from "#agents/index.ts";
import type { RunMemory } from "#memory/index.ts";
import type { Journal } from "#journal/index.ts";

/** Where people are asked. All of it may be repeated: after a takeover the engine says everything again. */
export type ApprovalPort = {
  /** Puts the question before people. Idempotent by `approvalId`. `deadline` is epoch milliseconds. */
  open(question: {
    readonly run: RunId;
    readonly workspace: WorkspaceId;
    readonly path: string;
    readonly approvalId: string;
    readonly ask: Ask;
    readonly deadline: number | null;
  }): Promise<void>;
  /** Nobody decided so far: these may decide as well, and are told. Does nothing when it was decided. */
  widen?(question: {
    readonly run: RunId;
    readonly workspace: WorkspaceId;
    readonly approvalId: string;
    readonly to: By;
  }): Promise<void>;
  /** Takes a question back that was not decided. Does nothing when it was. */
  withdraw(question: {
    readonly run: RunId;
    readonly workspace: WorkspaceId;
    readonly approvalId: string;
    readonly reason: string;
  }): Promise<void>;
  /**
   * The deadline has passed: closes the question by the same compare-and-set that a decision makes. "decided": a
   * person was first, and the decision's signal is in the inbox. Without it, a deadline that passed always counts.
   */
  expire?(question: {
    readonly run: RunId;
    readonly workspace: WorkspaceId;
    readonly approvalId: string;
  }): Promise<"expired" | "decided">;
};

/** One tool call as the engine hands it out. */
export type EngineToolCall = {
  readonly workspace: WorkspaceId;
  readonly run: RunId;
  readonly flow: Flow;
  readonly path: string;
  /** The effect's idempotency key. */
  readonly key: string;
  /** A tool of the registry or of the flow; `script` for script tasks, with `{ language, code, args, files }`. */
  readonly tool: string;
  readonly args: Json;
  readonly agent: string | null;
  readonly signal: AbortSignal;
};

/** Fails with a BatonError; "rate-limited", "unavailable" and "timeout" count as worth another try. */
export type EngineTools = {
  /** The workspace's registry and the flow's own tools. Asked once a segment. */
  catalog(workspace: WorkspaceId, flow: Flow): ToolCatalog | Promise<ToolCatalog>;
  call(call: EngineToolCall): Promise<Json>;
};

/** Takes secret values out of whatever is stored or streamed. */
export type Redaction = {
  text(text: string): string;
  json(value: Json): Json;
  /** Whether the JSON text of a value shows that `json` would leave the value as it is. */
  leaves(jsonText: string): boolean;
  /** For text that comes in pieces: a secret split over two of them is found. */
  stream(): { push(piece: string): string; end(): string };
};

/** Starts runs of the workspace's flows for tasks that ask for them. */
export type RunsPort = {
  /**
   * Idempotent by the run's id. Fails with a BatonError: "not-found" for a flow that is not there, "bad-input" for inputs
   * that are not of its shape, "conflict" where the parent is over.
   */
  start(request: {
    readonly workspace: WorkspaceId;
    readonly run: RunId;
    /** The flow's id in its text. */
    readonly flow: string;
    /** Null: the latest one. */
    readonly revision: number | null;
    readonly inputs: JsonObject;
    readonly by: RunActor;
    readonly simulated: boolean;
    readonly parent: ParentLink;
    /** What is left of the parent's limits. */
    readonly limits: Limits;
    /** Where the parent only tries a flow out: then this run does as well. */
    readonly sandbox?: Sandbox;
  }): Promise<ChildFacts>;
};

export type EngineOptions = {
  readonly journal: Journal;
  readonly models: ModelCaller;
  readonly tools: EngineTools;
  /** The flow of a pinned revision. */
  readonly revisions: (revision: string) => Promise<{ flow: Flow }>;
  readonly approvals: ApprovalPort;
  /** Without it, tasks that start runs of other flows fail. */
  readonly runs?: RunsPort;
  /** Shared memory that expressions read. Without it, they can't. */
  readonly memory?: Pick<RunMemory, "read" | "note" | "seed">;
  readonly worker: WorkerId;
  /** SHA-256 in hex of UTF-8 text. */
  readonly sha256: (text: string) => string;
  /** Random bytes. */
  readonly random: (count: number) => Uint8Array;
  /** Tells when something may have come into the inbox of a run. Answers how to stop. */
  readonly onSignal?: (run: RunId, wake: () => void) => () => void;
  /** Asked for at each append, so that secrets read in the meantime count. */
  readonly redaction?: (run: RunId) => Redaction;
  /** Milliseconds after which a driven run looks into its inbox even when nobody called. Default 5000. */
  readonly heartbeatMs?: number;
  /** Milliseconds that a tool call is given to end when the worker stops, and beyond its own timeout. Default 10000. */
  readonly graceMs?: number;
  /** Told of each model and tool call that ended here. `outcome`: "ok" or the code of its error; `ms`: its time. */
  readonly onStep?: (step: { kind: "model" | "tool"; outcome: string; ms: number }) => void;
  /** Told of what went wrong outside any run's own story. */
  readonly onProblem?: (problem: { run: RunId; error: unknown }) => void;
};

export type Engine = {
  /**
   * Drives one segment of a run: until it parks, ends, or is lost to another worker. A run that is driven here
   * already is nudged instead. Throws when the journal does; nothing is lost then.
   */
  drive(run: RunId): Promise<void>;
  /**
   * Lets go of all runs: tool calls under way get `graceMs` to end, model calls are aborted. The runs stay this
   * worker's until it is declared dead or retired; then others take over.
   */
  stop(): Promise<void>;
};
