import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";

/** A model that answers at once: so many calls of its first tool, then a text. */
export function instantModel(toolCalls: number): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "bench",
    modelId: "bench",
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error("This model only streams.")),
    doStream: (call) => Promise.resolve({ stream: streamOf(partsFor(call, toolCalls)) }),
  };
}

function partsFor(call: LanguageModelV4CallOptions, toolCalls: number): LanguageModelV4StreamPart[] {
  const answered = call.prompt.filter((message) => message.role === "tool").length;
  const usage = {
    inputTokens: { total: 100, noCache: 100, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 10, text: 10, reasoning: 0 },
  };
  const start: LanguageModelV4StreamPart = { type: "stream-start", warnings: [] };
  if (answered >= toolCalls) {
    return [
      start,
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", delta: "Done." },
      { type: "text-end", id: "1" },
      { type: "finish", usage, finishReason: { unified: "stop", raw: "stop" } },
    ];
  }
  const [tool] = call.tools ?? [];
  const input = JSON.stringify(
    tool?.name === "notify"
      ? { to: "admin", text: `Step ${answered + 1}` }
      : { key: `flow:step${answered + 1}` },
  );
  return [
    start,
    { type: "tool-call", toolCallId: `call_${answered + 1}`, toolName: tool?.name ?? "notify", input },
    { type: "finish", usage, finishReason: { unified: "tool-calls", raw: "tool_calls" } },
  ];
}

function streamOf(parts: LanguageModelV4StreamPart[]): ReadableStream<LanguageModelV4StreamPart> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}
