import { describe, expect, test } from "vitest";
import type { ChildOutcome, Obligation, Signal } from "./index.ts";
import { startSignal, world, type World } from "./testing/world.ts";

const one = "id: p\nlimits: { tokens: 1000, cost: 3, time: 1h, steps: 9 }\ntasks: [{ id: call, flow: c }]\n";
const hang = (obligation: Obligation): "hang" | undefined =>
  obligation.kind === "child" ? "hang" : undefined;

const requests = (run: World) =>
  run.events.flatMap(({ body }) => (body.type === "child-requested" ? [body.request] : []));

type Use = { tokens: number; cost: number; unknownCosts: number; steps?: number; tasks?: number };
const end = (
  key: string,
  outcome: ChildOutcome,
  use: Use = { tokens: 0, cost: 0, unknownCosts: 0 },
): Signal => ({
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

  test("[M100] its steps and tasks count as well, and the limit that they use up is its parent's", () => {
    const chain = (limits: string) => `
id: p
limits: { ${limits} }
agents: { a: { instructions: Answer. } }
tasks:
  - { id: one, flow: c }
  - { id: two, flow: c }
  - { id: talk, agent: a, prompt: Hello }
`;
    const use = { tokens: 0, cost: 0, unknownCosts: 0, steps: 3, tasks: 5 };
    const run = world(chain("steps: 6, tasks: 20"), { crossings: hang });
    run.send(end(keyOf(run), "succeeded", use));
    // Of the parent's own tasks two have begun.
    expect(requests(run).map(({ limits }) => limits)).toEqual([
      { steps: 6, tasks: 19 },
      { steps: 3, tasks: 13 },
    ]);
    run.send(end(keyOf(run, 1), "succeeded", use));
    expect(run.state().usage).toMatchObject({ childSteps: 6, childTasks: 10, modelCalls: 0 });
    expect(run.output()).toMatchObject({ error: { message: "The run used its limit of 6 steps." } });
    const few = world(chain("tasks: 12"), { crossings: hang });
    few.send(end(keyOf(few), "succeeded", use));
    few.send(end(keyOf(few, 1), "succeeded", use));
    expect(few.output()).toMatchObject({ error: { message: "The run's limit of 12 tasks is reached." } });
  });

  test("[M100] a run that has used what was left to it says whose limit that was", () => {
    const run = world("id: c\ntasks: [{ id: a, log: hi }, { id: b, log: hi }]\n", {
      start: startSignal({}, {}, { tasks: 1 }),
    });
    expect(run.output()).toMatchObject({
      error: {
        code: "limit-reached",
        message: "The run that waits for this one left it 1 task, which it has used.",
      },
    });
  });

  test("[M101] steps and tasks that are left are shared side by side, at least one for each", () => {
    const side = (limits: string) =>
      `id: p\nlimits: { ${limits} }\ntasks: [{ id: each, foreach: '{{ [1, 2, 3] }}', concurrency: 3, tasks: [{ id: call, flow: c }] }]\n`;
    const run = world(side("steps: 8, tasks: 20"), { crossings: hang });
    expect(requests(run).map(({ limits }) => limits?.steps)).toEqual([2, 3, 3]);
    const tasks = requests(run).map(({ limits }) => limits?.tasks ?? 0);
    expect(Math.min(...tasks)).toBeGreaterThan(3);
    expect(tasks.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(20 - 4);
    const scarce = world(side("steps: 2"), { crossings: hang });
    expect(requests(scarce).map(({ limits }) => limits?.steps)).toEqual([1, 1]);
    scarce.send(end(keyOf(scarce), "succeeded", { tokens: 0, cost: 0, unknownCosts: 0, steps: 0 }));
    expect(requests(scarce).map(({ limits }) => limits?.steps)).toEqual([1, 1, 1]);
  });

  test("[M100] parts of a wide loop use the tasks of its run", () => {
    const wide = `id: p\nlimits: { tasks: 150 }\ntasks: [{ id: each, foreach: "{{ inputs.list }}", tasks: [{ id: say, log: hi }] }]\ninputs: { list: array }\n`;
    const run = world(wide, {
      inputs: { list: Array.from({ length: 300 }, (_, n) => n) },
      crossings: hang,
    });
    run.send(end(keyOf(run), "succeeded", { tokens: 0, cost: 0, unknownCosts: 0, tasks: 100 }));
    expect(requests(run)[1]?.limits?.tasks).toBe(49);
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
