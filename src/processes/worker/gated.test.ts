import { expect, test } from "vitest";
import type { ModelAnswer, ModelRequest } from "#agents/index.ts";
import { BatonError } from "#base/index.ts";
import { type Gates, noLimits, type Out, outAfter, type Passage } from "#journal/index.ts";
import { gatedModels } from "./gated.ts";

const request = {
  workspace: "ws_1",
  alias: "default",
  signal: new AbortController().signal,
} as unknown as ModelRequest;
const answer = { text: "Hello", usage: { inputTokens: 3, outputTokens: 4 } } as unknown as ModelAnswer;

/** A gate that grants each turn, or is out; `failures` in a row are what the end of a turn answers. */
function rig(out: Out | null, failures: number, call: () => Promise<ModelAnswer>) {
  const passages: Passage[] = [];
  const chunks: unknown[] = [];
  const gates = {
    turn: async () =>
      out ?? {
        async end(passage: Passage) {
          passages.push(passage);
          return failures;
        },
      },
  } as unknown as Gates;
  const models = gatedModels({ call }, gates, async () => ({
    provider: "openai",
    model: "swift",
    limits: noLimits,
  }));
  return { passages, chunks, answered: models.call(request, (chunk) => void chunks.push(chunk)) };
}

const away = async (): Promise<ModelAnswer> => {
  throw new BatonError("unavailable", "No answer", { retryAfterMs: 7000 });
};

test("a call to a model that is out is not made, and says when to try", async () => {
  let called = 0;
  const { answered, chunks } = rig({ outMs: 12_000.4 }, 0, async () => {
    called += 1;
    return answer;
  });
  await expect(answered).rejects.toMatchObject({
    code: "unavailable",
    postponed: true,
    retryAfterMs: 12_001,
    message: expect.stringContaining("swift"),
  });
  expect(called).toBe(0);
  expect(chunks).toEqual([{ type: "data-turn", data: { state: "out", model: "swift" } }]);
});

test("the call that finds that a model is still out is no try; those that found it out are", async () => {
  const known = rig(null, outAfter + 1, away);
  await expect(known.answered).rejects.toMatchObject({ postponed: true, retryAfterMs: 7000 });
  expect(known.passages).toEqual([{ reached: false, askedFor: 7 }]);
  await expect(rig(null, outAfter, away).answered).rejects.toMatchObject({
    postponed: false,
    message: "No answer",
  });
});

test("a refusal is an answer, however long the model was out", async () => {
  const { answered, passages } = rig(null, outAfter + 1, async () => {
    throw new BatonError("bad-input", "No such thing");
  });
  await expect(answered).rejects.toMatchObject({ code: "bad-input", postponed: false });
  expect(passages).toEqual([{ reached: true }]);
});

test("an answer tells the gate what it used", async () => {
  const { answered, passages } = rig(null, 0, async () => answer);
  expect(await answered).toBe(answer);
  expect(passages).toEqual([{ reached: true, used: 7 }]);
});
