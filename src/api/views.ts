import type { FileRef, Json, JsonObject } from "#base/index.ts";
import type { Problem, Shape, ToolEffect, ToolFacts } from "#flow/index.ts";
import type { RunEvent } from "#flow/machine/index.ts";
import type { Permission, Role } from "#governance/index.ts";

/** What the procedures answer. Instants are epoch milliseconds. */

export type Me = {
  user: { id: string; name: string; email: string };
  workspace: { id: string; name: string; slug: string; currency: string };
  workspaces: { id: string; name: string; slug: string }[];
  roles: Role[];
  permissions: Permission[];
};

export type RunState =
  | "queued"
  | "running"
  | "waiting"
  | "paused"
  | "cancelling"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "dead-lettered";

export type RunRow = {
  id: string;
  number: number;
  flow: { id: string; slug: string; title: string };
  revision: number;
  state: RunState;
  headline: string;
  startedBy: { kind: string; id: string; name: string };
  simulated: boolean;
  /** Only tries the flow out. Its revision is below zero where that is a draft. */
  sandbox: boolean;
  createdAt: number;
  updatedAt: number;
  finishedAt: number | null;
  cost: number;
  unknownCosts: number;
  tokens: number;
  labels: Record<string, string>;
  /** By the flow's `success`; null while the run goes on and where the flow does not say what success is. */
  goal: { reached: boolean | null; reason: string } | null;
};

export type FlowRow = {
  id: string;
  slug: string;
  title: string;
  description: string;
  labels: Record<string, string>;
  revision: number;
  updatedAt: number;
  archived: boolean;
  /** Since when it starts no runs, who said so and why. */
  paused: { at: number; by: string; reason: string } | null;
  /** Newest first, at most 14. */
  lastRuns: { id: string; number: number; state: RunState; createdAt: number }[];
};

export type FlowView = FlowRow & {
  text: string;
  revisionId: string;
  problems: Problem[];
  inputs: Shape;
  samples: Record<string, JsonObject>;
  revisions: { id: string; number: number; message: string; createdName: string; createdAt: number }[];
};

/** A flow around its draft; `latest` is null while it has never been published. */
export type DraftView = {
  flowId: string;
  slug: string;
  title: string;
  archived: boolean;
  latest: { number: number; text: string } | null;
  revisions: FlowView["revisions"];
};

/** What validation knows beyond a text. */
export type KnowledgeView = {
  readonly tools: readonly ToolFacts[];
  readonly models: readonly string[];
  readonly unpriced: readonly string[];
  readonly members: readonly {
    readonly id: string;
    readonly email: string;
    readonly roles: readonly string[];
  }[];
  readonly follows: readonly { readonly flow: string; readonly followed: readonly string[] }[];
  readonly flows: readonly { readonly id: string; readonly inputs: Shape | null }[];
  readonly roles: readonly string[];
};

export type RunView = RunRow & {
  revisionId: string;
  /** The YAML that it runs. */
  text: string;
  inputs: JsonObject;
  outputs: Json;
  error: Json;
  /** The task of another run that started this one. */
  parent: { id: string; number: number; flow: string; title: string; path: string; waits: boolean } | null;
  /** Whether it is a part of its parent's work, and so not in lists. */
  internal: boolean;
  /** Locks that its tasks hold or wait for, and who holds those now. */
  locks: readonly {
    name: string;
    path: string;
    held: boolean;
    before: number;
    holder: { id: string; number: number; title: string } | null;
  }[];
  /** The run that it was forked from, and at which task. */
  forkedFrom: { id: string; number: number; path: string } | null;
  /** Runs that were forked from it, the newest first. */
  forks: { id: string; number: number; path: string; state: RunState }[];
  approvals: ApprovalView[];
  /** All events so far; the live ones come by `run.watch` after the last `seq`. Redacted. */
  events: RunEvent[];
};

export type ApprovalView = {
  id: string;
  run: {
    id: string;
    number: number;
    flowTitle: string;
    flowSlug: string;
    startedByName: string;
    sandbox: boolean;
  };
  path: string;
  kind: "approval" | "form" | "tool" | "outcome-unknown" | "escalation";
  title: string;
  risk: "low" | "medium" | "high" | null;
  details: Json;
  call: { tool: string; args: Json; agent: string | null; schemaHash: string } | null;
  fields: JsonObject | null;
  /** Decisions that the fields belong to. */
  answers: string[];
  comment: "never" | "always" | "onReject";
  decisions: { decision: string; label: string; tone: "primary" | "danger" | "plain" }[];
  canonical: string;
  hash: string;
  by: { roles: string[]; users: string[]; excludeStarter: boolean };
  /** How many different people must approve; one rejection is enough. */
  quorum: number;
  /** Who decided so far, in order. */
  votes: { id: string; name: string; decision: string; comment: string; at: number }[];
  /** Names of the members who can decide, at most five. */
  deciders: string[];
  /** Whether the one who asks may decide; if not, why not. */
  mayDecide: boolean;
  whyNot: string | null;
  state: "pending" | "decided" | "expired" | "withdrawn";
  decision: string | null;
  decidedBy: { id: string; name: string } | null;
  decidedAt: number | null;
  commentText: string;
  deadline: number | null;
  createdAt: number;
};

export type AuditRow = {
  seq: string;
  at: number;
  actor: { kind: string; id: string; name: string };
  action: string;
  subject: { kind: string; id: string };
  runId: string | null;
  run: { flow: string; number: number } | null;
  path: string | null;
  /** Canonical JSON text. */
  body: string;
};

export type NotificationRow = {
  id: string;
  kind: string;
  title: string;
  text: string;
  href: string;
  createdAt: number;
  readAt: number | null;
};

/** A conversation about a task or a stretch of a draft's text. Its ends are relative positions of Yjs in base64. */
export type CommentThread = {
  id: string;
  kind: "task" | "range";
  anchor: { start: string; end: string };
  /** How often the pin was put elsewhere. */
  version: number;
  /** Id of the task that it is pinned to, or that holds the stretch, as last known. */
  task: string | null;
  /** What stood there when it was begun. */
  quote: string;
  createdAt: number;
  resolved: { at: number; name: string } | null;
  comments: CommentRow[];
};

/** `body` names members as `<@id>`; it is empty once the comment is deleted. */
export type CommentRow = {
  id: string;
  author: { id: string; name: string };
  body: string;
  mentions: { id: string; name: string }[];
  createdAt: number;
  editedAt: number | null;
  deletedAt: number | null;
};

export type UploadedFile = FileRef["$file"];

export type ProviderRow = {
  provider: "simulated" | "openai" | "anthropic" | "openai-compatible";
  baseUrl: string | null;
  /** Where the key comes from; the key itself is never answered. */
  key: "environment" | "secret" | "none";
  models: string[];
};
/** Prices are for a million tokens; null: what is known of the model holds. */
export type AliasRow = {
  alias: string;
  provider: string;
  model: string;
  inputPrice: number | null;
  outputPrice: number | null;
  contextTokens: number | null;
  /** Over all workers; null: none. */
  limits: { maxCalls: number | null; callsPerMinute: number | null; tokensPerMinute: number | null };
};

/** Which places the workspace's tools may reach, of those that the installation lets through; null: all of them. */
export type EgressView = { only: string[] | null };

export type ToolRow = {
  name: string;
  title: string;
  description: string;
  risk: "low" | "medium" | "high";
  /** What a call leaves behind; left out: it may leave anything. */
  effect?: ToolEffect;
  inputSchema: JsonObject;
  outputSchema: JsonObject | null;
};
export type BlueprintRow = {
  slug: string;
  title: string;
  description: string;
  text: string;
  samples: Record<string, JsonObject>;
};
export type MemberRow = { userId: string; name: string; email: string; roles: Role[]; createdAt: number };

/** Something done with many runs at once, and how far it has come. */
export type BulkRow = {
  id: string;
  action: "cancel" | "retry" | "pause" | "resume";
  by: { id: string; name: string };
  total: number;
  done: number;
  failed: number;
  createdAt: number;
  finishedAt: number | null;
  /** Runs with which it could not be done, and why; at most 50. */
  failures: { run: string; number: number; flowTitle: string; message: string }[];
};

/** A step of a run under way that reads an entry of memory next. */
export type NextReader = {
  runId: string;
  runNumber: number;
  flow: string;
  /** Path in the run of a task that has begun, else its place in the flow. */
  path: string;
  title: string;
  /** Title of the agent; null where an expression of the task reads it. */
  agent: string | null;
  /** `now`: the agent is at work. */
  when: "now" | "later";
};
