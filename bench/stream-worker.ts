/** The worker of the stream benchmark: drives one run whose model speaks at a steady pace once it is told to go. */
import type { LanguageModelV4, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { RunId } from "#base/index.ts";
import { openRig } from "./rig.ts";

export type Given = {
  readonly url: string;
  readonly run: RunId;
  readonly chunks: number;
  readonly perSecond: number;
};

const given = JSON.parse(process.argv[2] ?? "{}") as Given;
const go = Promise.withResolvers<void>();
process.on("message", (message) => {
  if (message === "go") go.resolve();
});

async function* parts(): AsyncGenerator<LanguageModelV4StreamPart> {
  yield { type: "stream-start", warnings: [] };
  yield { type: "text-start", id: "1" };
  await go.promise;
  const start = performance.now();
  for (let i = 0; i < given.chunks; i += 1) {
    const wait = start + (i * 1000) / given.perSecond - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    // The chunk says when it was emitted.
    yield { type: "text-delta", id: "1", delta: `${performance.timeOrigin + performance.now()} ` };
  }
  yield { type: "text-end", id: "1" };
  const usage = {
    inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 1, text: 1, reasoning: 0 },
  };
  yield { type: "finish", usage, finishReason: { unified: "stop", raw: "stop" } };
}

function streamOf(
  from: AsyncGenerator<LanguageModelV4StreamPart>,
): ReadableStream<LanguageModelV4StreamPart> {
  return new ReadableStream({
    async pull(controller) {
      const next = await from.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
  });
}

function pacedModel(): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "bench",
    modelId: "bench",
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error("This model only streams.")),
    doStream: () => Promise.resolve({ stream: streamOf(parts()) }),
  };
}

const rig = await openRig(given.url, pacedModel);
await rig.drive(given.run);
await rig.close();
process.disconnect();
