import type { FileRef, Json, JsonObject, RunId, WorkspaceId } from "#base/index.ts";
import type { MemoryOperation } from "#memory/index.ts";
import type { Risk, ToolEffect, ToolFacts } from "#flow/index.ts";

/** A tool as the registry holds it. Names no vendor. */
export type Tool = {
  readonly name: string;
  readonly title: string;
  /** For people and models alike: what it does, when to use it. */
  readonly description: string;
  readonly risk: Risk;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject | null;
  readonly idempotent: boolean;
  /** What a call leaves behind; left out: anything. What has an effect is not called where a flow is only tried out. */
  readonly effect?: ToolEffect;
  /**
   * Whether it has no effect and nobody outside learns of its calls: it reads what Baton keeps. Such calls don't wait until
   * the journal holds that they began.
   */
  readonly inside?: boolean;
  /** Whether it passes `context.key` on as the receiver's idempotency key. */
  readonly takesKey: boolean;
  /** Milliseconds; the call is killed after it. */
  readonly timeoutMs: number;
  call(args: Json, context: ToolContext): Promise<Json>;
};

/** What a call is given. It runs in the worker; scripts and SQL go on to a separate process from there. */
export type ToolContext = {
  readonly workspace: WorkspaceId;
  readonly run: RunId;
  readonly path: string;
  /** The effect's idempotency key; the same when a takeover repeats the call. */
  readonly key: string;
  readonly signal: AbortSignal;
  /** Opens a file that the run was given. Refuses files of other workspaces as not found. */
  openFile(file: FileRef): Promise<Uint8Array>;
  /** Value of a secret. Its value is redacted from whatever the run stores or streams from then on. */
  secret(name: string): Promise<string>;
  /** Answers how many people were told. */
  notify(message: { to: string; title: string; text: string }): Promise<{ notified: number }>;
  /** Shared memory, under the grants of the agent that calls or of the flow. */
  memory(operation: MemoryOperation, args: Json): Promise<Json>;
  /** Milliseconds since the epoch by the run's clock. */
  now(): number;
};

export type { ToolFacts };
