import { sseParser } from "./sse.ts";
import { noWords, takeChunk, type Words } from "./words.ts";

export type StreamOptions = {
  readonly run: string;
  /** Key of the model call. */
  readonly key: string;
  readonly signal: AbortSignal;
  /** Called with all words so far, whenever some came. */
  onWords(words: Words): void;
  /** Called when the connection is lost (false) or there again (true). */
  onConnection?(isConnected: boolean): void;
  readonly fetch?: typeof fetch;
  /** Waits before trying again; answers early when aborted. */
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

/** Address of a model call's stream. */
export function streamUrl(run: string, key: string, from: number): string {
  return `/api/runs/${encodeURIComponent(run)}/streams/${encodeURIComponent(key)}?from=${from}`;
}

/**
 * Reads a model call's words until they are complete. A dropped connection is taken up again where it broke off,
 * after 0.5 to 8 seconds; a refusal (4xx) ends it: then the journal has the words, or nobody may see them.
 */
export async function followStream(options: StreamOptions): Promise<void> {
  const ask = options.fetch ?? fetch;
  const pause = options.pause ?? wait;
  let words: Words = noWords;
  let failures = 0;
  while (!options.signal.aborted && !words.isOver) {
    try {
      const answer = await ask(streamUrl(options.run, options.key, words.next), {
        signal: options.signal,
        headers: { accept: "text/event-stream" },
        cache: "no-store",
      });
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return;
      if (!answer.ok || answer.body === null) throw new Error(`HTTP ${answer.status}`);
      options.onConnection?.(true);
      const parse = sseParser();
      const decoder = new TextDecoder();
      const reader = answer.body.getReader();
      const from = words.next;
      let isFirst = true;
      for (;;) {
        const { done, value } = await reader.read();
        const before = words;
        for (const message of parse(done ? decoder.decode() : decoder.decode(value, { stream: true }))) {
          if (message.data === "[DONE]") {
            words = { ...words, isOver: true };
            break;
          }
          const n = /^\d+$/.test(message.id) ? Number(message.id) : words.next;
          // A call that ended meanwhile is told from its beginning, whatever position was asked for.
          if (isFirst && n < from) words = noWords;
          isFirst = false;
          words = takeChunk(words, n, JSON.parse(message.data) as unknown);
        }
        if (words !== before) {
          failures = 0;
          options.onWords(words);
        }
        if (done || words.isOver) break;
      }
      await reader.cancel();
    } catch {
      if (options.signal.aborted) return;
      options.onConnection?.(false);
    }
    if (options.signal.aborted || words.isOver) return;
    failures += 1;
    await pause(Math.min(8000, 500 * 2 ** (failures - 1)), options.signal);
  }
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
