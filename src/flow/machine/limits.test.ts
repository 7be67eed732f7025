import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ModelFacts } from "./index.ts";
import { limitsLeft } from "./index.ts";
import { longestAnswer } from "./agent/limits.ts";
import { modelFinished, testModel, world, type World } from "./testing/world.ts";
import { reservedIn, tokensOf } from "./totals.ts";

const side = (count: number, limits: string, more = ""): string =>
  `id: f
limits: ${limits}
agents: { a: { instructions: Answer. ${more} } }
tasks:
  - { id: all, parallel: [${Array.from({ length: count }, (_, i) => `{ id: t${i}, agent: a, prompt: "Question ${i}" }`).join(", ")}], join: settled }
`;

/** Model calls that are under way. */
const underWay = (run: World) =>
  Object.values(run.state().tasks).flatMap((task) =>
    task.effects.flatMap((one) => (one.kind === "model" && one.end === null ? [one] : [])),
  );

const answer = (run: World, key: string, input: number, output: number, cost: number | "unknown" = 0) =>
  run.send({
    ...modelFinished(key, "fine"),
    usage: { inputTokens: input, outputTokens: output },
    cost,
  });

describe("limits", () => {
  test("[M75] what a call may use is put aside before it and settled after it", () => {
    const run = world(side(1, "{ tokens: 1000 }"), { models: () => "hang" });
    const [call] = underWay(run);
    const reserved = call?.reserved;
    expect(reserved?.inputTokens).toBeGreaterThan(3);
    expect(reserved?.inputTokens).toBeLessThan(50);
    expect((reserved?.inputTokens ?? 0) + (reserved?.outputTokens ?? 0)).toBe(1_000);
    const owed = run.state();
    expect(limitsLeft(owed, run.flow, owed.startedAt).tokens).toBe(0);
    answer(run, call?.key ?? "", 12, 30);
    expect(run.state().usage).toMatchObject({ inputTokens: 12, outputTokens: 30 });
    expect(limitsLeft(run.state(), run.flow, owed.startedAt).tokens).toBe(958);
    expect(reservedIn(Object.values(run.state().tasks)).tokens).toBe(0);
  });

  test("[M75] what the provider does not tell counts as it was put aside, and no limit means no bound", () => {
    const run = world(side(1, "{ tokens: 1000 }"), { models: () => "hang" });
    const [call] = underWay(run);
    run.send({
      ...modelFinished(call?.key ?? "", "fine"),
      usage: {},
      cost: "unknown",
    });
    expect(tokensOf(run.state().usage)).toBe(1_000);
    expect(run.state().usage.unknownCosts).toBe(0);
    expect(run.state().usage.cost).toBeGreaterThan(0);
    expect(underWay(world(side(1, "{}"), { models: () => "hang" }))[0]?.reserved).toBeUndefined();
  });

  test("[M76] calls side by side wait for each other where the limit leaves room for one, and then go on", () => {
    const run = world(side(3, `{ tokens: ${longestAnswer + 300} }`), { models: () => "hang" });
    for (let n = 1; n <= 3; n += 1) {
      const calls = underWay(run);
      expect(calls).toHaveLength(1);
      answer(run, calls[0]?.key ?? "", 20, 10);
    }
    expect(run.state().phase).toMatchObject({ outcome: "succeeded" });
    expect(tokensOf(run.state().usage)).toBe(90);
    const messages = Object.values(run.state().tasks).map((task) => task.messages.length);
    expect(messages).toEqual([0, 2, 2, 2]);
  });

  test("[M76] what has no room at all fails, naming the limit; steps of the flow count the whole run", () => {
    const tokens = world(side(2, "{ tokens: 60 }"), { models: () => "hang" });
    answer(tokens, underWay(tokens)[0]?.key ?? "", 20, 30);
    expect(tokens.state().tasks["all/t1"]?.status).toMatchObject({
      name: "failed",
      error: { code: "limit-reached", hint: expect.stringContaining("limits.tokens of the flow") },
    });
    const steps = world(side(3, "{ steps: 2 }"), { models: () => "hang" });
    expect(underWay(steps)).toHaveLength(2);
    for (const call of underWay(steps)) answer(steps, call.key, 1, 1);
    expect(steps.state().tasks["all/t2"]?.status).toMatchObject({
      error: { code: "limit-reached", message: "The run used its limit of 2 steps." },
    });
  });

  test("[M76] a run that another one started keeps to what was left to it", () => {
    const run = world(side(1, "{ cost: 50 }"), { models: () => "hang", limits: { tokens: 500, tasks: 9 } });
    const [call] = underWay(run);
    expect((call?.reserved?.inputTokens ?? 0) + (call?.reserved?.outputTokens ?? 0)).toBeLessThanOrEqual(500);
    expect(limitsLeft(run.state(), run.flow, run.state().startedAt)).toMatchObject({ tokens: 0 });
  });

  test("[M76] whatever calls cost, the settled total keeps to the limit, and nothing held is ever below 0", () => {
    const price: ModelFacts = { ...testModel, price: { input: 0.001, output: 0.002 } };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.option(fc.integer({ min: 20, max: 30_000 }), { nil: undefined }),
        fc.option(fc.double({ min: 0.05, max: 60, noNaN: true }), { nil: undefined }),
        fc.array(
          fc.record({ pick: fc.nat(5), share: fc.double({ min: 0, max: 1, noNaN: true }), how: fc.nat(9) }),
          {
            minLength: 20,
            maxLength: 40,
          },
        ),
        (count, tokens, cost, moves) => {
          const limits = JSON.stringify({ ...(tokens && { tokens }), ...(cost && { cost }) });
          const run = world(side(count, limits), {
            models: () => "hang",
            aliases: { default: price },
          });
          for (const { pick, share, how } of moves) {
            const held = reservedIn(Object.values(run.state().tasks));
            const { usage } = run.state();
            expect(held.tokens).toBeGreaterThanOrEqual(0);
            expect(held.cost).toBeGreaterThanOrEqual(0);
            if (tokens) expect(tokensOf(usage) + held.tokens).toBeLessThanOrEqual(tokens);
            if (cost) expect(usage.cost + held.cost).toBeLessThanOrEqual(cost * (1 + 1e-6));
            const calls = underWay(run);
            const call = calls[pick % Math.max(1, calls.length)];
            if (!call) break;
            if (how === 0) {
              const error = { code: "unavailable", message: "down" };
              run.send({ kind: "effect-failed", key: call.key, retryable: true, error }).tick(60_000);
              continue;
            }
            const input = Math.floor((call.reserved?.inputTokens ?? 10) * share);
            const output = Math.floor((call.reserved?.outputTokens ?? 10) * share);
            answer(run, call.key, input, output, how === 1 ? "unknown" : input * 0.001 + output * 0.002);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test("[M77] a limit of cost and a model without a price: nothing is asked, and it says what to do", () => {
    const unpriced = { default: { ...testModel, price: null } };
    const run = world(side(1, "{ cost: 5 }"), { aliases: unpriced });
    expect(underWay(run)).toEqual([]);
    expect(run.state().tasks["all/t0"]?.status).toMatchObject({
      error: {
        code: "misconfigured",
        message: 'limits.cost of the flow can\'t be kept: no price is known for the model behind "default".',
        hint: expect.stringContaining("limit tokens instead"),
      },
    });
    expect(world(side(1, "{ tokens: 5000 }"), { aliases: unpriced }).state().phase).toMatchObject({
      outcome: "succeeded",
    });
  });

  const small = { default: { ...testModel, contextTokens: 4_000 } };
  const reader = (size: number) => `id: f
agents: { a: { instructions: Read., tools: [read] } }
tasks: [{ id: t, agent: a, prompt: "${"word ".repeat(size)}" }]
`;

  test("[M78] a conversation that would not fit loses the oldest results of tools, none of the last step", () => {
    const run = world(reader(1), {
      aliases: small,
      tools: { read: {} },
      models: (call, count) =>
        count < 8
          ? {
              ...modelFinished(call.key, { toolCalls: [{ callId: `c${count}`, tool: "read", args: {} }] }),
              usage: {},
            }
          : "done",
      calls: () => ({ text: "x".repeat(2_100) }),
    });
    expect(run.state().phase).toMatchObject({ outcome: "succeeded" });
    const left = run.events.flatMap(({ body }) =>
      body.type === "model-call-begun" ? [body.leftOut ?? 0] : [],
    );
    expect(left.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(left.at(-1)).toBeGreaterThan(3);
    expect(left.at(-1)).toBeLessThan(7);
    expect(left).toEqual(left.toSorted((a, b) => a - b));
  });

  test("[M78] one that does not fit even so fails before the call", () => {
    const run = world(reader(3_000), { aliases: small, tools: { read: {} } });
    expect(run.types()).not.toContain("model-call-begun");
    expect(run.output()).toMatchObject({
      error: { code: "too-large", message: expect.stringContaining("takes 4000, its answer included") },
    });
  });

  test("[M79] an answer that the limits cut off is no answer", () => {
    const run = world(side(1, "{ tokens: 200 }"), { models: () => "hang" });
    const [call] = underWay(run);
    run.send({ ...modelFinished(call?.key ?? "", "It is a long st"), finishReason: "length" });
    expect(run.state().tasks["all/t0"]?.status).toMatchObject({
      error: { code: "limit-reached", hint: expect.stringContaining("limits.tokens") },
    });
  });
});
