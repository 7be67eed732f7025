import { describe, expect, test } from "vitest";
import type { ChildOutcome, Obligation, Signal } from "./index.ts";
import { startSignal, world, type World } from "./testing/world.ts";

const one = "id: p\nlimits: { tokens: 1000, cost: 3, time: 1h, steps: 9 }\ntasks: [{ id: call, flow: c }]\n";
const hang = (obligation: Obligation): "hang" | undefined =>
  obligation.kind === "child" ? "hang" : undefined;

const requests = (run: World) =>
  run.events.flatMap(({ body }) => (body.type === "child-requested" ? [body.request] : []));

const end = (key: string, outcome: ChildOutcome, use = { tokens: 0, cost: 0, unknownCosts: 0 }): Signal => ({
  kind: "child-ended",
  key,
  outcome,
  outputs: outcome === "succeeded" ? {} : null,
  error: outcome === "failed" ? { code: "task-failed", message: "Broken." } : null,
  ...use,
});
const keyOf = (run: World, index = 0): string =>
  Object.values(run.state().tasks).flatMap(({ children = [] }) => children)[index]?.key ?? "";

describe("a run and those it waits for", () => {
  test("[M100] a child has what is left of the limits, and its use counts in the task and the run", () => {
    const run = world(`${one.trimEnd().slice(0, -1)}, { id: again, flow: c }]\n`, { crossings: hang });
    expect(requests(run)).toMatchObject([{ limits: { tokens: 1000, cost: 3, time: 3_600_000, steps: 9 } }]);
    run.send(end(keyOf(run), "succeeded", { tokens: 400, cost: 1, unknownCosts: 2 }));
    expect(requests(run)[1]).toMatchObject({ limits: { tokens: 600, cost: 2 } });
    const used = { childTokens: 400, cost: 1, unknownCosts: 2 };
    expect(run.state().usage).toMatchObject(used);
    expect(run.state().tasks["call"]?.usage).toMatchObject(used);
  });

  test("[M53] a detached run has no part in the limits", () => {
    const run = world(one.replace("flow: c", "flow: c, detach: true"), { crossings: hang });
    expect(requests(run)[0]).not.toHaveProperty("limits");
    expect(run.output()).toEqual({});
  });

  test("[M101] what is left is shared by those side by side; where it is all put aside, a task waits", () => {
    const two = `
id: p
limits: { tokens: 1000 }
agents: { a: { instructions: Answer. } }
tasks:
  - id: both
    parallel:
      - { id: one, flow: c }
      - { id: two, flow: c }
      - { id: talk, agent: a, prompt: Hello }
`;
    const shared = world(two, { crossings: hang, models: () => "hang" });
    expect(requests(shared).map(({ limits }) => limits?.tokens)).toEqual([333, 333]);
    const alone = world(
      "id: p\nlimits: { cost: 1 }\ntasks: [{ id: each, foreach: '{{ [1, 2, 3, 4] }}', concurrency: 2, tasks: [{ id: call, flow: c }] }]\n",
      { crossings: hang },
    );
    expect(requests(alone).map(({ limits }) => limits?.cost)).toEqual([0.5, 0.5]);
    alone.send(end(keyOf(alone), "succeeded", { tokens: 1, cost: 0.5, unknownCosts: 0 }));
    // The other has put aside what is left.
    expect(requests(alone)).toHaveLength(2);
    alone.send(end(keyOf(alone, 1), "succeeded", { tokens: 1, cost: 0.1, unknownCosts: 0 }));
    const costs = requests(alone).map(({ limits }) => limits?.cost);
    expect(costs).toEqual([0.5, 0.5, expect.closeTo(0.2), expect.closeTo(0.2)]);
  });

  test("[M102] a pause from above ends from above; one by a person does not", () => {
    const above = true;
    const ada = { kind: "user", id: "user_ada", name: "Ada" } as const;
    const run = world("id: c\ntasks: [{ id: hold, wait: 1h }]\n");
    run.send({ kind: "pause", by: ada, reason: "", above });
    expect(run.state()).toMatchObject({ paused: { above: true }, pauses: 1 });
    run.send({ kind: "resume", by: ada, above });
    expect(run.state().paused).toBeNull();
    run.pause().send({ kind: "resume", by: ada, above });
    expect(run.state().paused).not.toBeNull();
    const waited = world("id: c\ntasks: [{ id: hold, wait: 1h }]\n", {
      start: { kind: "pause", by: ada, reason: "", above },
    });
    expect(waited.events).toEqual([]);
    waited.send({ kind: "pause", by: ada, reason: "", above }, startSignal({}));
    expect(waited.types()).toEqual(["run-started", "run-paused"]);
  });

  test("[M103] a retry takes the same run up again, and what it used counts once", () => {
    const run = world(one, { crossings: hang });
    const key = keyOf(run);
    run.send(end(key, "failed", { tokens: 100, cost: 1, unknownCosts: 0 }));
    expect(run.output()).toMatchObject({ outcome: "failed" });
    run.retry();
    expect(run.types().slice(-4)).toContain("child-retried");
    expect(run.state().tasks["call"]).toMatchObject({ attempt: 1, status: { name: "running" } });
    run.send(end(key, "succeeded", { tokens: 150, cost: 1.5, unknownCosts: 0 }));
    expect(run.output()).toEqual({});
    expect(run.state().usage).toMatchObject({ childTokens: 150, cost: 1.5 });
    expect(requests(run)).toHaveLength(1);
    const cancelled = world(one, { crossings: hang });
    cancelled.cancel();
    cancelled.retry();
    expect(cancelled.state().tasks["call"]?.children).toMatchObject([{ retries: 1, end: null }]);
    cancelled.cancel();
    expect(cancelled.output()).toMatchObject({ outcome: "cancelled" });
  });

  test("[M103] under a lock that was given up meanwhile, a retry starts another run, when it has the lock again", () => {
    const run = world("id: p\ntasks: [{ id: call, lock: desk, flow: other }]\n", { crossings: hang });
    run.send(end(keyOf(run), "failed", { tokens: 100, cost: 1, unknownCosts: 0 }));
    expect(run.output()).toMatchObject({ outcome: "failed" });
    run.retry();
    expect(run.types().filter((type) => type === "lock-requested")).toHaveLength(2);
    expect(requests(run)).toHaveLength(2);
    expect(run.types()).not.toContain("child-retried");
    const latest = run.state().tasks["call"]?.children?.at(-1)?.key ?? "";
    run.send(end(latest, "succeeded", { tokens: 50, cost: 0.5, unknownCosts: 0 }));
    expect(run.output()).toEqual({});
    // Both count: the first one's work is done, whatever it was worth.
    expect(run.state().usage).toMatchObject({ childTokens: 150, cost: 1.5 });
  });

  test("[M104] of a wide loop the parts that did not succeed are taken up, as many at once as before", () => {
    const wide = `id: p\ntasks: [{ id: each, foreach: "{{ inputs.list }}", failFast: false, concurrency: 2, tasks: [{ id: say, log: hi }] }]\ninputs: { list: array }\n`;
    const run = world(wide, {
      inputs: { list: Array.from({ length: 1000 }, (_, n) => n) },
      crossings: hang,
    });
    const parts = (): readonly { key: string; end: unknown; held?: boolean; retries?: number }[] =>
      run.state().tasks["each"]?.children ?? [];
    for (let index = 0; index < 5; index += 1) {
      run.send(end(parts()[index]?.key ?? "", index === 1 ? "succeeded" : "failed"));
    }
    expect(run.output()).toMatchObject({ outcome: "failed" });
    run.retry();
    const under = () => parts().filter((part) => part.end === null && !part.held);
    expect(under()).toHaveLength(2);
    for (let round = 0; round < 4; round += 1) {
      expect(under().length).toBeLessThanOrEqual(2);
      run.send(end(under()[0]?.key ?? "", "succeeded"));
    }
    expect(run.output()).toEqual({});
    expect(parts().map(({ retries = 0 }) => retries)).toEqual([1, 0, 1, 1, 1]);
  });

  test("[M105] a retry that came while the run waited for its turn begins it, and then counts what came meanwhile", () => {
    const run = world("id: p\ntasks: [{ id: no, fail: No }]\n");
    const ada = { kind: "user", id: "user_ada", name: "Ada" } as const;
    run.send({ kind: "pause", by: ada, reason: "" }, { kind: "retry", by: ada, reason: "" });
    expect(run.state().paused).not.toBeNull();
    run.resume();
    expect(run.state().tasks["no"]?.attempt).toBe(2);
  });

  test("[M106] a paused run keeps its lock; a retried one asks for it again", () => {
    const run = world(
      "id: p\ntasks: [{ id: part, lock: desk, sequence: [{ id: hold, wait: 1h }, { id: no, fail: No }] }]\n",
    );
    run.pause();
    expect(run.state().tasks["part"]?.lock?.releasedAt).toBeNull();
    run.resume().tick(3_600_000);
    expect(run.state().tasks["part"]?.lock?.releasedAt).not.toBeNull();
    run.retry();
    expect(run.types().filter((type) => type === "lock-requested")).toHaveLength(2);
  });
});
