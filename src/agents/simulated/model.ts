import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { isObject, type Json } from "#base/index.ts";
import { factsOf, jsonInText, labelledFacts, type Fact, type Knowledge } from "./facts.ts";
import { plan, type OfferedTool } from "./plan.ts";

export type SimulatedOptions = {
  /** Waits between two words of the stream; answers at once for no pace. Rejects when the signal aborts. */
  readonly pause?: (signal: AbortSignal | undefined) => Promise<void>;
};

/**
 * A deterministic stand-in for a language model: no key, no network, the same words for the same conversation. It knows
 * no flow and no tool beforehand; all it has are the words of the prompt, the tools' names, descriptions and schemas,
 * and the results of its calls. Its answers are marked as simulated by whoever shows them.
 */
export function simulatedModel(options: SimulatedOptions = {}): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "simulated",
    modelId: "simulated",
    supportedUrls: {},
    doGenerate: async () => {
      throw new Error("The simulated model only streams. Call it through streamText.");
    },
    doStream: async (call) => ({ stream: stream(call, options) }),
  };
}

function stream(
  call: LanguageModelV4CallOptions,
  options: SimulatedOptions,
): ReadableStream<LanguageModelV4StreamPart> {
  const knowledge = understand(call.prompt);
  const returns = call.providerOptions?.["simulated"]?.["returns"];
  const next = plan(knowledge, offered(call), isObject(returns) ? returns : null);
  const parts = partsOf(next, call, knowledge);
  return new ReadableStream({
    async pull(controller) {
      const part = parts.next();
      if (part.done === true) {
        controller.close();
        return;
      }
      if (
        options.pause !== undefined &&
        (part.value.type === "reasoning-delta" || part.value.type === "text-delta")
      ) {
        await options.pause(call.abortSignal);
      }
      controller.enqueue(part.value);
    },
  });
}

function offered(call: LanguageModelV4CallOptions): OfferedTool[] {
  return (call.tools ?? []).flatMap((tool) =>
    tool.type === "function"
      ? [
          {
            name: tool.name,
            description: tool.description ?? "",
            schema: tool.inputSchema as OfferedTool["schema"],
          },
        ]
      : [],
  );
}

function* partsOf(
  next: ReturnType<typeof plan>,
  call: LanguageModelV4CallOptions,
  knowledge: Knowledge,
): Generator<LanguageModelV4StreamPart> {
  yield { type: "stream-start", warnings: [] };
  yield { type: "reasoning-start", id: "thought" };
  // As with other models, an answer that is as long as it may be ends where it is.
  const most = call.maxOutputTokens ?? Number.POSITIVE_INFINITY;
  let reason: "stop" | "tool-calls" | "length" = "stop";
  let written = "";
  for (const word of next.thought.match(/\S+\s*/g) ?? []) {
    if (tokens(written + word) > most) break;
    written += word;
    yield { type: "reasoning-delta", id: "thought", delta: word };
  }
  yield { type: "reasoning-end", id: "thought" };
  if (next.kind === "answer") {
    yield { type: "text-start", id: "answer" };
    for (const word of next.text.match(/\S+\s*|\s+/g) ?? []) {
      if (tokens(written + word) > most) {
        reason = "length";
        break;
      }
      written += word;
      yield { type: "text-delta", id: "answer", delta: word };
    }
    yield { type: "text-end", id: "answer" };
  } else if (tokens(next.thought + JSON.stringify(next.args)) > most) {
    reason = "length";
  } else {
    reason = "tool-calls";
    const input = JSON.stringify(next.args);
    yield {
      type: "tool-call",
      toolCallId: `call_${knowledge.called.length + 1}`,
      toolName: next.tool,
      input,
    };
    written += input;
  }
  const read = tokens(JSON.stringify(call.prompt));
  yield {
    type: "finish",
    finishReason: { unified: reason, raw: undefined },
    usage: {
      inputTokens: { total: read, noCache: read, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: tokens(written), text: tokens(written), reasoning: 0 },
    },
  };
}

/** The usual estimate: four characters a token. */
function tokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/** Reads a conversation into what is known: newest results first. */
function understand(prompt: LanguageModelV4Prompt): Knowledge {
  let instructions = "";
  const said: string[] = [];
  const calls: { callId: string; tool: string; args: Json; result: Json | undefined; failed: boolean }[] = [];
  for (const message of prompt) {
    if (message.role === "system") instructions += `${message.content}\n`;
    else if (message.role === "user") {
      for (const part of message.content) if (part.type === "text") said.push(part.text);
    } else if (message.role === "assistant") {
      for (const part of message.content) {
        if (part.type === "tool-call") {
          calls.push({
            callId: part.toolCallId,
            tool: part.toolName,
            args: part.input as Json,
            result: undefined,
            failed: false,
          });
        }
      }
    } else {
      for (const part of message.content) {
        if (part.type !== "tool-result") continue;
        const call = calls.find(
          (candidate) => candidate.callId === part.toolCallId && candidate.result === undefined,
        );
        if (call === undefined) continue;
        const output = part.output;
        call.failed = output.type.startsWith("error") || output.type === "execution-denied";
        call.result = "value" in output ? (output.value as Json) : (output.reason ?? "denied");
      }
    }
  }
  const text = said.join("\n");
  const facts: Fact[] = [];
  calls.toReversed().forEach((call, age) => {
    if (!call.failed && call.result !== undefined) facts.push(...factsOf(call.result, age));
    if (!call.failed) facts.push(...factsOf(call.args, age + 20));
  });
  jsonInText(text).forEach((value) => facts.push(...factsOf(value, 10, Array.isArray(value) ? "items" : "")));
  facts.push(...labelledFacts(text, 11));
  return { instructions, prompt: text, facts, called: calls };
}
