import { describe, expect, it } from "vitest";
import type { Json } from "#base/index.ts";
import { redactor } from "#governance/index.ts";
import { redactChunks } from "./chunks.ts";

async function redact(chunks: readonly Json[]): Promise<{ n: number; chunk: Json }[]> {
  async function* source() {
    for (const [n, chunk] of chunks.entries()) yield { n, chunk };
  }
  const items: { n: number; chunk: Json }[] = [];
  for await (const item of redactChunks(source(), redactor(["hunter22"]))) items.push(item);
  return items;
}
const delta = (id: string, text: string) => ({ type: "text-delta", id, delta: text });

describe("a redacted stream", () => {
  it("keeps one item for each position, in order, and loses no text", async () => {
    const items = await redact([
      { type: "text-start", id: "a" },
      delta("a", "say hun"),
      delta("a", "ter2"),
      delta("a", "2 or hunt"),
      { type: "text-end", id: "a" },
      { type: "tool-input-available", toolCallId: "c", input: { password: "hunter22" } },
    ]);
    expect(items.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5]);
    const text = items.map(({ chunk }) => (chunk as { delta?: string }).delta ?? "").join("");
    expect(text).toBe("say [redacted] or hunt");
    expect(items[5]?.chunk).toMatchObject({ input: { password: "[redacted]" } });
  });

  it("gives what it held back when the stream breaks off", async () => {
    expect(await redact([delta("a", "hunt")])).toEqual([{ n: 0, chunk: delta("a", "hunt") }]);
  });
});
