import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sseParser } from "./sse.ts";
import { followStream, streamUrl } from "./stream.ts";
import { noWords, takeChunk, type Words } from "./words.ts";

const event = (id: number, chunk: unknown): string => `id: ${id}\ndata: ${JSON.stringify(chunk)}\n\n`;
const text = (delta: string): unknown => ({ type: "text-delta", id: "1", delta });

function bodyOf(...pieces: (string | Error)[]): Response {
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else if (typeof piece === "string") controller.enqueue(new TextEncoder().encode(piece));
      else controller.error(piece);
    },
  });
  return new Response(body, { status: 200 });
}

describe("sseParser", () => {
  it("reads the same messages wherever the text is cut", () => {
    const whole = ": hello\nid: 0\ndata: a\n\nid: 1\r\ndata: b\r\ndata: c\r\n\r\ndata: d\n\n";
    const expected = [
      { id: "0", data: "a" },
      { id: "1", data: "b\nc" },
      { id: "1", data: "d" },
    ];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: whole.length }), { maxLength: 6 }), (cuts) => {
        const parse = sseParser();
        const edges = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
        const found = edges.slice(1).flatMap((edge, index) => parse(whole.slice(edges[index], edge)));
        expect(found).toEqual(expected);
      }),
    );
  });
});

describe("takeChunk", () => {
  it("keeps reasoning, text and calls apart and ignores what it has taken in", () => {
    const chunks: unknown[] = [
      { type: "start" },
      { type: "reasoning-delta", id: "r", delta: "I look " },
      { type: "reasoning-delta", id: "r", delta: "it up." },
      text("Hello"),
      { type: "tool-input-start", toolCallId: "c1", toolName: "orders.lookup" },
      { type: "tool-input-delta", toolCallId: "c1", inputTextDelta: '{"order"' },
      { type: "tool-input-available", toolCallId: "c1", toolName: "orders.lookup", input: { order: "7" } },
    ];
    let words: Words = noWords;
    chunks.forEach((chunk, n) => (words = takeChunk(words, n, chunk)));
    chunks.slice(0, 5).forEach((chunk, n) => (words = takeChunk(words, n, chunk)));
    expect(words).toEqual({
      reasoning: "I look it up.",
      text: "Hello",
      waits: null,
      calls: [{ callId: "c1", tool: "orders.lookup", args: '{"order":"7"}' }],
      next: 7,
      isOver: false,
    });
  });
});

describe("followStream", () => {
  it("takes a broken connection up where it broke off, and loses nothing", async () => {
    const asked: string[] = [];
    const answers = [
      () => bodyOf(event(0, text("one ")) + event(1, text("two ")).slice(0, 20), new Error("gone")),
      () => bodyOf(event(1, text("two ")), event(2, text("three")), "data: [DONE]\n\n"),
    ];
    const seen: string[] = [];
    const connection: boolean[] = [];
    await followStream({
      run: "run_1",
      key: "run_1:a/b:1:0",
      signal: new AbortController().signal,
      onWords: (words) => seen.push(words.text),
      onConnection: (isConnected) => connection.push(isConnected),
      fetch: async (url) => {
        asked.push(String(url));
        return answers.shift()?.() ?? new Response(null, { status: 404 });
      },
      pause: async () => {},
    });
    expect(asked).toEqual([streamUrl("run_1", "run_1:a/b:1:0", 0), streamUrl("run_1", "run_1:a/b:1:0", 1)]);
    expect(seen.at(-1)).toBe("one two three");
    expect(connection).toEqual([true, false, true]);
  });

  it("begins anew when a call that ended meanwhile is told from its beginning", async () => {
    const answers = [
      () => bodyOf(event(0, { type: "start" }), event(1, text("one ")), new Error("gone")),
      () => bodyOf(event(0, { type: "start" }), event(1, text("one two")), event(2, { type: "finish" })),
    ];
    let seen: Words = noWords;
    await followStream({
      run: "run_1",
      key: "k",
      signal: new AbortController().signal,
      onWords: (words) => (seen = words),
      fetch: async () => answers.shift()?.() ?? new Response(null, { status: 404 }),
      pause: async () => {},
    });
    expect(seen).toMatchObject({ text: "one two", isOver: true });
  });

  it("keeps both of two pieces that share a position", () => {
    const words = takeChunk(takeChunk(noWords, 0, text("pass")), 0, text("word"));
    expect(words).toMatchObject({ text: "password", next: 1 });
  });

  it("gives up when the stream is not there (any more)", async () => {
    let calls = 0;
    await followStream({
      run: "run_1",
      key: "k",
      signal: new AbortController().signal,
      onWords: () => expect.unreachable(),
      fetch: async () => {
        calls += 1;
        return new Response(null, { status: 404 });
      },
      pause: async () => {},
    });
    expect(calls).toBe(1);
  });
});
