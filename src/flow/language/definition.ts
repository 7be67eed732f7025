import type { Json, JsonObject } from "#base/index.ts";
import type { Trigger } from "./triggers/definition.ts";

/**
 * The flow as the machine reads it: the YAML with short forms written out (`SPEC.md`, part L). A task carries
 * `kind`, the name of its head key, and the head's own keys beside it.
 *
 * A `Template` is any JSON value whose strings may hold `{{ expression }}`. An `Expression` is bare CEL.
 */
export type Template = Json;
export type Expression = string;
/** Milliseconds. */
export type Duration = number;

/** A field of inputs, tool arguments, forms and answers, written out. `schema` is the JSON Schema (2020-12) of its value. */
export type Field = {
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  /** Whether the value may be left out. True as well when there is a default. */
  readonly optional: boolean;
  readonly default: Json | undefined;
  /** How a form shows it. */
  readonly widget:
    | "text"
    | "multiline"
    | "number"
    | "boolean"
    | "select"
    | "multiselect"
    | "date"
    | "datetime"
    | "file"
    | "secret"
    | "json";
  /** Files only: accepted media types, and the greatest size in bytes. */
  readonly accept: readonly string[] | undefined;
  readonly maxBytes: number | undefined;
  readonly schema: JsonObject;
};

/** A shape: fields in the order they were written, and the JSON Schema of the whole object. */
export type Shape = { readonly fields: readonly Field[]; readonly schema: JsonObject };

export type Limits = {
  readonly steps?: number;
  readonly tokens?: number;
  readonly cost?: number;
  readonly time?: Duration;
  readonly tasks?: number;
};

/** One granted tool or pattern (`crm.*`), with an optional condition on the call's `args`. */
export type Grant = { readonly tool: string; readonly when: Expression | undefined };

/**
 * Which keys of shared memory may be read and written: a key with its scope (`flow:case.total`), or the beginning of
 * keys and `*`.
 */
export type MemoryGrant = { readonly read: readonly string[]; readonly write: readonly string[] };

export type Agent = {
  readonly name: string;
  readonly title: string | undefined;
  readonly role: string | undefined;
  readonly description: string | undefined;
  readonly capabilities: readonly string[];
  /** Model alias of the workspace; "default" when left out. */
  readonly model: string;
  readonly instructions: Template;
  readonly tools: readonly Grant[];
  /** Undefined: the run's own memory. */
  readonly memory: MemoryGrant | undefined;
  readonly limits: Limits;
};

export type Risk = "low" | "medium" | "high";

/** Who may decide. All empty: approvers. */
export type By = {
  readonly roles: readonly string[];
  readonly users: readonly string[];
  readonly quorum: number;
  readonly excludeStarter: boolean;
};

/** What a person may choose for a task that failed for good. */
export type EscalationChoice = "retry" | "answer" | "skip" | "fail";

/** Whom to ask how a failed task goes on, and what they may choose. */
export type Escalation = {
  readonly by: By;
  readonly choices: readonly EscalationChoice[];
  /** How long they have; undefined: as long as the run. */
  readonly timeout: Duration | undefined;
  readonly onTimeout: "fail" | "skip";
};

/** A step of the chain of a question: who may decide as well from then on. */
export type EscalationStep = {
  /** Since the question was asked. */
  readonly after: Duration;
  readonly to: By;
};

/** When a tool call has to be approved by a person. */
export type ToolApproval = { readonly when: Expression | undefined; readonly by: By };

export type LocalToolBody =
  | {
      readonly kind: "http";
      readonly method: string;
      readonly url: Template;
      readonly query: Readonly<Record<string, Template>>;
      readonly headers: Readonly<Record<string, Template>>;
      readonly body: Template | undefined;
      readonly result: Expression | undefined;
    }
  | { readonly kind: "script"; readonly language: string; readonly code: string };

/** A tool that the flow brings along. */
export type LocalTool = {
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string;
  readonly risk: Risk;
  /** Whether doing it twice is the same as doing it once; then a call cut off in mid-flight may be repeated. */
  readonly idempotent: boolean;
  readonly approval: ToolApproval | undefined;
  readonly input: Shape;
  readonly output: Shape | undefined;
  readonly timeout: Duration | undefined;
  readonly body: LocalToolBody;
};

export type Retry = {
  /** Attempts in all, the first one included. */
  readonly maxAttempts: number;
  readonly delay: Duration;
  readonly backoff: "constant" | "linear" | "exponential";
  readonly maxDelay: Duration;
  readonly jitter: boolean;
};

export type TaskBase = {
  readonly id: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly when: Expression | undefined;
  readonly disabled: boolean;
  readonly retry: Retry | undefined;
  readonly timeout: Duration | undefined;
  readonly onError: "fail" | "continue" | { readonly escalate: Escalation };
  readonly errors: readonly Task[];
  readonly finally: readonly Task[];
  readonly labels: Readonly<Record<string, string>>;
  /** In a `dag`: ids of the tasks beside it that come before it. */
  readonly needs: readonly string[];
  /** Names the lock that the task holds while it runs. */
  readonly lock: Template | undefined;
};

export type AgentTask = TaskBase & {
  readonly kind: "agent";
  readonly agent: string;
  readonly prompt: Template;
  readonly files: readonly Template[];
  readonly context: Template | undefined;
  readonly returns: Shape | undefined;
  readonly limits: Limits;
};
export type ToolTask = TaskBase & {
  readonly kind: "tool";
  readonly tool: string;
  readonly with: Readonly<Record<string, Template>>;
};
export type ScriptTask = TaskBase & {
  readonly kind: "script";
  readonly language: string;
  readonly code: string;
  readonly with: Readonly<Record<string, Template>>;
  readonly files: readonly Template[];
  readonly returns: Shape | undefined;
};
export type SequenceTask = TaskBase & { readonly kind: "sequence"; readonly tasks: readonly Task[] };
export type ParallelTask = TaskBase & {
  readonly kind: "parallel";
  readonly tasks: readonly Task[];
  /** Greatest number of children at once; undefined: all. */
  readonly concurrency: number | undefined;
  readonly join: "all" | "any" | "settled";
};
export type DagTask = TaskBase & {
  readonly kind: "dag";
  readonly tasks: readonly Task[];
  /** Greatest number of children at once; undefined: all. */
  readonly concurrency: number | undefined;
  readonly join: "all" | "any" | "settled";
};
export type ForeachTask = TaskBase & {
  readonly kind: "foreach";
  /** A template that yields a list or a map. */
  readonly items: Template;
  readonly tasks: readonly Task[];
  readonly concurrency: number;
  readonly batch: number | undefined;
  readonly failFast: boolean;
  readonly breakWhen: Expression | undefined;
};
export type LoopTask = TaskBase & {
  readonly kind: "loop";
  /** Looked at after each round. */
  readonly until: Expression | undefined;
  /** A duration, or a template that yields one: from the start of a round to that of the next. */
  readonly every: string | undefined;
  /** Most rounds as written; `loopBound` says what holds where it is left out. */
  readonly max: number | undefined;
  readonly tasks: readonly Task[];
};
export type IfTask = TaskBase & {
  readonly kind: "if";
  readonly condition: Expression;
  readonly then: readonly Task[];
  readonly else: readonly Task[];
};
export type SwitchTask = TaskBase & {
  readonly kind: "switch";
  readonly on: Template;
  readonly cases: readonly { readonly value: string; readonly tasks: readonly Task[] }[];
  readonly default: readonly Task[];
};
export type ApprovalTask = TaskBase & {
  readonly kind: "approval";
  readonly question: Template;
  readonly by: By;
  readonly details: Template | undefined;
  /** Labels of the two buttons. */
  readonly decisions: { readonly approve: Template; readonly reject: Template };
  readonly fields: Shape | undefined;
  readonly comment: "never" | "always" | "onReject";
  /** Whom the question goes to further while nobody decides, soonest first. */
  readonly escalate: readonly EscalationStep[];
  readonly onTimeout: "fail" | "reject" | "continue" | "approve" | "escalate";
  readonly onReject: "fail" | "continue";
};
export type FormTask = TaskBase & {
  readonly kind: "form";
  readonly question: Template;
  readonly by: By;
  readonly fields: Shape;
  readonly escalate: readonly EscalationStep[];
  readonly onTimeout: "fail" | "continue" | "escalate";
};
export type WaitTask = TaskBase & {
  readonly kind: "wait";
  readonly for:
    | { readonly duration: Template }
    | { readonly until: Template }
    /** `key` says what the event must be about. */
    | { readonly event: string; readonly key: Template | undefined };
  /** Of a wait for an event. */
  readonly onTimeout: "fail" | "continue";
};
export type FlowTask = TaskBase & {
  readonly kind: "flow";
  /** Id of the flow. */
  readonly flow: string;
  /** Undefined: the latest one. */
  readonly revision: number | undefined;
  readonly with: Readonly<Record<string, Template>>;
  /** Whether the task is over when the run has started. */
  readonly detach: boolean;
};
export type SetTask = TaskBase & {
  readonly kind: "set";
  readonly values: Readonly<Record<string, Template>>;
};
export type RememberTask = TaskBase & {
  readonly kind: "remember";
  /** Values by key. Keys may hold `{{ }}` as well. */
  readonly entries: Readonly<Record<string, Template>>;
  readonly as: "fact" | "note" | "decision" | "artefact";
  readonly tags: readonly string[];
  /** How long it is remembered; undefined: for good. */
  readonly expires: Duration | undefined;
};
export type LogTask = TaskBase & {
  readonly kind: "log";
  readonly message: Template;
  readonly level: "debug" | "info" | "warn" | "error";
};
export type FailTask = TaskBase & { readonly kind: "fail"; readonly message: Template };
export type StopTask = TaskBase & {
  readonly kind: "stop";
  readonly message: Template;
  readonly state: "succeeded" | "failed" | "cancelled";
  /** In place of the flow's outputs. */
  readonly outputs: Readonly<Record<string, Template>> | undefined;
};

export type Task =
  | AgentTask
  | ToolTask
  | ScriptTask
  | SequenceTask
  | ParallelTask
  | DagTask
  | ForeachTask
  | LoopTask
  | IfTask
  | SwitchTask
  | ApprovalTask
  | FormTask
  | WaitTask
  | FlowTask
  | SetTask
  | RememberTask
  | LogTask
  | FailTask
  | StopTask;
export type HeadKey = Task["kind"];

/** How many runs of a flow may be under way at once. */
export type Concurrency = {
  /** Runs of one key count together; undefined: all of the flow. */
  readonly key: Template | undefined;
  readonly limit: number;
  /** What becomes of one too many. */
  readonly onFull: "queue" | "cancel" | "fail";
};

export type Flow = {
  readonly id: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly goal: string | undefined;
  /** Whether a run reached its goal: evaluated when it ends. */
  readonly success: Expression | undefined;
  readonly inputs: Shape;
  /** Sample inputs that a start form offers (`samples` in YAML: name to values). */
  readonly samples: Readonly<Record<string, JsonObject>>;
  readonly vars: Readonly<Record<string, Template>>;
  readonly agents: Readonly<Record<string, Agent>>;
  readonly tools: Readonly<Record<string, LocalTool>>;
  readonly limits: Limits;
  /** What the flow's own tasks may do with shared memory, beside what its agents may. */
  readonly memory: MemoryGrant | undefined;
  /** Entries of shared memory that are there before a run begins, by key, where nothing was before. */
  readonly seed: Readonly<Record<string, Json>>;
  readonly concurrency: Concurrency | undefined;
  readonly tasks: readonly Task[];
  readonly errors: readonly Task[];
  readonly finally: readonly Task[];
  readonly outputs: Readonly<Record<string, Template>>;
  /** What starts it by itself. */
  readonly triggers: readonly Trigger[];
};
