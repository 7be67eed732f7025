import type { Cost, Message, ModelCatalog, ToolFacts, Usage } from "#flow/index.ts";
import type { Json, JsonObject, WorkspaceId } from "#base/index.ts";

/** One model call, complete in itself. */
export type ModelRequest = {
  readonly workspace: WorkspaceId;
  /** Alias as the flow names it; the workspace maps it to a provider and a model. */
  readonly alias: string;
  readonly instructions: string;
  readonly messages: readonly Message[];
  readonly tools: readonly Pick<ToolFacts, "name" | "description" | "inputSchema">[];
  /** JSON Schema that the final answer must have, or null for text. */
  readonly returns: JsonObject | null;
  /** Tokens that the answer may have at most; the provider's own bound where left out. */
  readonly maxOutputTokens?: number;
  readonly key: string;
  readonly signal: AbortSignal;
};

/** What streams to the browser while the call is under way: parts of the AI SDK's UI message stream. */
export type ModelChunk = Json;

export type ModelAnswer = {
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: readonly { readonly callId: string; readonly tool: string; readonly args: Json }[];
  readonly finishReason: string;
  readonly provider: string;
  readonly model: string;
  readonly simulated: boolean;
  readonly usage: Usage;
  readonly cost: Cost;
  readonly providerData?: Json;
};

/**
 * The port that the engine calls. Fails with a BatonError: "rate-limited" and "unavailable" (with `retryAfterMs`
 * where told), "timeout", "misconfigured" (no key, unknown alias), "bad-input", "cancelled".
 */
export type ModelCaller = {
  /** What is known of the workspace's models: prices and sizes. */
  facts?(workspace: WorkspaceId): Promise<ModelCatalog>;
  call(request: ModelRequest, emit: (chunk: ModelChunk) => void): Promise<ModelAnswer>;
};
