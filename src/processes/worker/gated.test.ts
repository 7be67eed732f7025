import { expect, test } from "vitest";
import type { ModelAnswer, ModelRequest } from "#agents/index.ts";
import { BatonError } from "#base/index.ts";
import { type Gates, noLimits, type Later, type Out, outAfter, type Passage } from "#journal/index.ts";
import { gatedModels } from "./gated.ts";

const request = {
  workspace: "ws_1",
  alias: "default",
  key: "run_1:sort:1:2:m3",
  signal: new AbortController().signal,
} as unknown as ModelRequest;
const answer = { text: "Hello", usage: { inputTokens: 3, outputTokens: 4 } } as unknown as ModelAnswer;

/** A gate that grants each turn, or is out; `failures` in a row are what the end of a turn answers. */
function rig(out: Out | Later | null, failures: number, call: () => Promise<ModelAnswer>) {
  const passages: Passage[] = [];
  const chunks: unknown[] = [];
  const places: (string | undefined)[] = [];
  const gates = {
    turn: async (...[, , , , place]: Parameters<Gates["turn"]>) =>
      (places.push(place), out) ?? {
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
  return { passages, chunks, places, answered: models.call(request, (chunk) => void chunks.push(chunk)) };
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

test("a call whose turn comes later is postponed until then, under the name that all its tries have", async () => {
  const { answered, chunks, places } = rig({ laterMs: 20_000 }, 0, async () => answer);
  await expect(answered).rejects.toMatchObject({
    code: "rate-limited",
    postponed: true,
    retryAfterMs: 20_000,
  });
  expect(chunks).toEqual([{ type: "data-turn", data: { state: "waiting", model: "swift" } }]);
  expect(places).toEqual(["run_1:sort:1:2"]);
});
