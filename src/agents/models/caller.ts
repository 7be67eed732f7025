import {
  // Nothing reads a call twice: this one keeps no copy of what streams through it.
  experimental_streamTextLowMemory as streamText,
  jsonSchema,
  tool,
  type JSONSchema7,
  type Schema,
  type ToolSet,
} from "ai";
import { BatonError, type Json, type JsonObject, type WorkspaceId } from "#base/index.ts";
import type { Usage } from "#flow/index.ts";
import type { ModelAnswer, ModelCaller, ModelChunk, ModelRequest } from "../spec.ts";
import { modelError } from "./errors.ts";
import { modelMessages, toolNames } from "./messages.ts";
import { contextOf, costOf, priceOf } from "./prices.ts";
import { findAlias, resolveModel, type ModelSettings, type ProviderOptions } from "./providers.ts";

export type ModelCallerOptions = ProviderOptions & {
  readonly settings: (workspace: WorkspaceId) => Promise<ModelSettings>;
  readonly now: () => number;
  /** Greatest time for a whole call, in milliseconds. Default: five minutes. */
  readonly timeoutMs?: number;
  /** Greatest silence within a stream, in milliseconds. Default: one minute. */
  readonly silenceMs?: number;
};

/** The instructions with the demand for an answer of a shape. */
function withReturns(instructions: string, returns: JsonObject | null): string {
  if (returns === null) return instructions;
  return `${instructions}\n\nWhen you are done, reply with one JSON value and nothing else: no prose, no code fence. It must be valid against this JSON Schema:\n${JSON.stringify(returns)}`;
}

const schemas = new WeakMap<JsonObject, Schema>();

/** A tool's input as the AI SDK takes it. Made once per schema. */
function schemaOf(schema: JsonObject): Schema {
  let known = schemas.get(schema);
  if (known === undefined) {
    known = jsonSchema(schema as JSONSchema7);
    schemas.set(schema, known);
  }
  return known;
}

/**
 * A signal that is aborted with `signal`, after `totalMs`, or when nothing was heard for `silenceMs`. The SDK's own
 * timeouts leave a timer behind for each call, and join their signals at a cost that short calls feel.
 */
function deadlines(signal: AbortSignal, totalMs: number, silenceMs: number) {
  const controller = new AbortController();
  const pass = (): void => controller.abort(signal.reason);
  const late = (): void =>
    controller.abort(new DOMException("The model did not answer in time.", "TimeoutError"));
  if (signal.aborted) pass();
  else signal.addEventListener("abort", pass, { once: true });
  const total = setTimeout(late, totalMs);
  const silence = setTimeout(late, silenceMs);
  return {
    signal: controller.signal,
    heard(): void {
      silence.refresh();
    },
    clear(): void {
      clearTimeout(total);
      clearTimeout(silence);
      signal.removeEventListener("abort", pass);
    },
  };
}

/** Performs model calls through the AI SDK: one `streamText` each, tools without `execute`, since the engine keeps the loop. */
export function createModelCaller(options: ModelCallerOptions): ModelCaller {
  return {
    async facts(workspace) {
      const settings = await options.settings(workspace);
      return {
        get(alias) {
          const { provider, model, price, contextTokens } = findAlias(alias, settings);
          return {
            provider,
            model,
            price: priceOf(provider, model, price),
            contextTokens: contextTokens ?? contextOf(provider, model) ?? null,
          };
        },
      };
    },
    async call(request: ModelRequest, emit: (chunk: ModelChunk) => void): Promise<ModelAnswer> {
      const resolved = resolveModel(request.alias, await options.settings(request.workspace), options);
      const names = toolNames(request.tools.map((offered) => offered.name));
      const tools: ToolSet = Object.fromEntries(
        request.tools.map((offered) => [
          // The simulated model matches names as words, so it sees them as they are written.
          resolved.provider === "simulated" ? offered.name : names.encode(offered.name),
          tool({
            description: offered.description,
            inputSchema: schemaOf(offered.inputSchema),
          }),
        ]),
      );
      const encode = resolved.provider === "simulated" ? (name: string) => name : names.encode;
      const decode = resolved.provider === "simulated" ? (name: string) => name : names.decode;
      const limits = deadlines(request.signal, options.timeoutMs ?? 300_000, options.silenceMs ?? 60_000);
      let failure: unknown;
      let text = "";
      let reasoning = "";
      let finishReason = "other";
      let usage: Usage = {};
      let providerData: Json | undefined;
      const toolCalls: { callId: string; tool: string; args: Json }[] = [];
      let aborted = false;
      emit({ type: "start" });
      emit({ type: "start-step" });
      try {
        const result = streamText({
          model: resolved.language,
          instructions:
            resolved.provider === "simulated"
              ? request.instructions
              : withReturns(request.instructions, request.returns),
          messages: modelMessages(request.messages, encode),
          tools,
          maxRetries: 0,
          ...(request.maxOutputTokens === undefined ? {} : { maxOutputTokens: request.maxOutputTokens }),
          // What was asked and answered is in the journal and the audit, and goes nowhere else.
          telemetry: { isEnabled: false },
          abortSignal: limits.signal,
          onError: ({ error }) => {
            failure ??= error;
          },
          ...(request.returns === null || resolved.provider !== "simulated"
            ? {}
            : { providerOptions: { simulated: { returns: request.returns as never } } }),
        });
        for await (const part of result.stream) {
          limits.heard();
          switch (part.type) {
            case "text-start":
            case "text-end":
            case "reasoning-start":
              emit({ type: part.type, id: part.id });
              break;
            case "reasoning-end":
              // Signed reasoning must be sent back with its signature, or the provider refuses the next step.
              providerData ??= part.providerMetadata as Json | undefined;
              emit({ type: part.type, id: part.id });
              break;
            case "text-delta":
              text += part.text;
              emit({ type: "text-delta", id: part.id, delta: part.text });
              break;
            case "reasoning-delta":
              reasoning += part.text;
              providerData = (part.providerMetadata as Json | undefined) ?? providerData;
              emit({ type: "reasoning-delta", id: part.id, delta: part.text });
              break;
            case "tool-call": {
              const name = decode(part.toolName);
              // One id may come twice from sloppy servers; the loop needs them apart.
              const taken = toolCalls.some((call) => call.callId === part.toolCallId);
              const callId =
                taken || part.toolCallId === ""
                  ? `${part.toolCallId}#${toolCalls.length + 1}`
                  : part.toolCallId;
              toolCalls.push({ callId, tool: name, args: (part.input ?? null) as Json });
              emit({
                type: "tool-input-available",
                toolCallId: callId,
                toolName: name,
                input: (part.input ?? null) as Json,
              });
              break;
            }
            case "finish-step":
              finishReason = part.finishReason;
              usage = usageOf(part.usage);
              break;
            case "abort":
              aborted = true;
              break;
            case "error":
              failure ??= part.error;
              break;
            default:
              break;
          }
        }
      } catch (error) {
        failure ??= error;
      } finally {
        limits.clear();
      }
      if (request.signal.aborted) throw new BatonError("cancelled", "The model call was cancelled.");
      if (failure !== undefined) throw modelError(failure, resolved.model, options.now());
      if (aborted) throw new BatonError("timeout", `The model ${resolved.model} did not answer in time.`);
      emit({ type: "finish-step" });
      emit({ type: "finish" });
      return {
        text,
        reasoning,
        toolCalls,
        finishReason,
        provider: resolved.provider,
        model: resolved.model,
        simulated: resolved.provider === "simulated",
        usage,
        cost: costOf(resolved.provider, resolved.model, usage, resolved.price),
        ...(providerData === undefined ? {} : { providerData }),
      };
    },
  };
}

function usageOf(usage: {
  inputTokens: number | undefined;
  outputTokens: number | undefined;
  inputTokenDetails: { cacheReadTokens: number | undefined };
  outputTokenDetails: { reasoningTokens: number | undefined };
}): Usage {
  const { inputTokens, outputTokens } = usage;
  const cachedInputTokens = usage.inputTokenDetails.cacheReadTokens;
  const reasoningTokens = usage.outputTokenDetails.reasoningTokens;
  return {
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(cachedInputTokens === undefined ? {} : { cachedInputTokens }),
    ...(reasoningTokens === undefined ? {} : { reasoningTokens }),
  };
}
