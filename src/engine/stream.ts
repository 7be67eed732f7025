import { isObject, type Json } from "#base/index.ts";
import type { Redaction } from "./ports.ts";

/**
 * How long the first chunks wait, in milliseconds, too short to be seen. A call that is over by then needs no stream:
 * its answer is in the journal as soon as a chunk could be.
 */
export const headStartMs = 20;

export type StreamOptions = {
  /** Number of the first chunk. */
  readonly from: number;
  readonly redaction: Redaction | undefined;
  write(from: number, chunks: readonly Json[]): Promise<void>;
  /** Called before the first chunks are written. A stream that was never opened need not be closed. */
  onOpen(): void;
  onProblem(error: unknown): void;
};

export type Stream = {
  write(chunk: Json): void;
  /** Resolves when all was written. What was not opened by then is left unwritten. */
  end(): Promise<void>;
};

/**
 * Writes chunks in natural batches: once open, at once when idle; while a write is under way the next ones are
 * collected. A stream that can't be written is given up: it is a view of the call, never its truth.
 */
export function createStream(options: StreamOptions): Stream {
  let next = options.from;
  let waiting: Json[] = [];
  let writing: Promise<void> | undefined;
  let opening: ReturnType<typeof setTimeout> | undefined;
  let isOpen = false;
  let isOver = false;
  let broken = false;
  const clean = options.redaction ? redactor(options.redaction) : undefined;

  async function flush(): Promise<void> {
    while (waiting.length > 0 && !broken) {
      const chunks = clean ? waiting.flatMap(clean) : waiting;
      const from = next;
      waiting = [];
      if (chunks.length === 0) continue;
      next += chunks.length;
      try {
        await options.write(from, chunks);
      } catch (error) {
        broken = true;
        options.onProblem(error);
      }
    }
    writing = undefined;
  }

  function open(): void {
    opening = undefined;
    isOpen = true;
    options.onOpen();
    writing = Promise.resolve().then(flush);
  }

  return {
    write(chunk) {
      if (broken || isOver) return;
      waiting.push(chunk);
      if (isOpen) writing ??= Promise.resolve().then(flush);
      else opening ??= setTimeout(open, headStartMs);
    },
    async end() {
      isOver = true;
      clearTimeout(opening);
      await writing;
    },
  };
}

/** Takes secrets out of a stream: texts go through one redaction per part, everything else as a whole. */
function redactor(redaction: Redaction): (chunk: Json) => readonly Json[] {
  const parts = new Map<string, { stream: ReturnType<Redaction["stream"]>; last: Record<string, unknown> }>();
  return (chunk) => {
    if (!isObject(chunk) || typeof chunk["type"] !== "string") return [redaction.json(chunk)];
    const [kind, phase] = [chunk["type"].replace(/-(start|delta|end)$/, ""), chunk["type"].split("-").at(-1)];
    const field = typeof chunk["delta"] === "string" ? "delta" : "inputTextDelta";
    const id = `${kind}:${String(chunk["id"] ?? chunk["toolCallId"] ?? "")}`;
    const text = chunk[field];
    if (phase === "delta" && typeof text === "string") {
      const part = parts.get(id) ?? { stream: redaction.stream(), last: chunk };
      parts.set(id, { ...part, last: chunk });
      const safe = part.stream.push(text);
      return safe === "" ? [] : [{ ...chunk, [field]: safe } as Json];
    }
    const held: Json[] = [];
    for (const [name, part] of phase === "delta" ? [] : [...parts]) {
      // The end of a part is flushed before whatever comes behind it.
      if (name !== id && phase === "end") continue;
      const rest = part.stream.end();
      const key = typeof part.last["delta"] === "string" ? "delta" : "inputTextDelta";
      if (rest !== "") held.push({ ...part.last, [key]: rest } as Json);
      parts.delete(name);
    }
    return [...held, redaction.json(chunk as Json)];
  };
}
