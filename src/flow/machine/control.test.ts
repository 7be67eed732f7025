import { describe, expect, test } from "vitest";
import type { Signal } from "./index.ts";
import { machine } from "./index.ts";
import { world } from "./testing/world.ts";

/** Calls fail while `broken` says so. */
function failing(key: string): Signal {
  const error = { code: "internal", message: "broken" };
  return { kind: "effect-failed", key, error, retryable: false };
}

describe("pausing", () => {
  const chain = `
id: chain
tasks:
  - { id: a, tool: t }
  - { id: b, tool: t }
outputs: { b: "{{ tasks.b.output.ok }}" }
`;

  test("[M80] a paused run records what ends, begins nothing, and goes on from there", () => {
    const run = world(chain, { tools: { t: {} }, calls: () => "hang" });
    run.pause().pause();
    run.send({ kind: "tool-finished", key: "run_1:a:1:1:call", result: { ok: 1 } });
    expect(run.state().paused).toMatchObject({ by: { name: "Ada" } });
    expect(run.state().tasks["a"]?.effects[0]?.end?.name).toBe("finished");
    expect(run.state().tasks["a"]?.status.name).toBe("running");
    expect(machine.decide(run.state(), run.context())).toEqual({ events: [] });
    run.resume().resume();
    expect(run.state().paused).toBeNull();
    expect(run.state().tasks["a"]?.status.name).toBe("succeeded");
    run.send({ kind: "tool-finished", key: "run_1:b:1:1:call", result: { ok: 2 } });
    expect(run.output()).toEqual({ b: 2 });
    expect(run.types().filter((type) => type === "run-paused" || type === "run-resumed")).toHaveLength(2);
  });

  test("[M80] a decision is recorded while the run is paused, and counts when it goes on", () => {
    const run = world("id: gate\ntasks: [{ id: gate, approval: Well? }, { id: b, tool: t }]\n", {
      tools: { t: {} },
    });
    run.pause().decide("approve");
    expect(run.pending()).toEqual([]);
    expect(run.state().tasks["b"]).toBeUndefined();
    expect(run.resume().output()).toEqual({});
  });

  test("[M81] waits and deadlines go by the calendar while a run is paused", () => {
    const run = world("id: w\ntasks: [{ id: w, wait: 10s }, { id: b, tool: t }]\n", { tools: { t: {} } });
    run.pause().tick(60_000);
    expect(run.types()).toContain("timer-fired");
    expect(run.state().tasks["b"]).toBeUndefined();
    expect(run.resume().output()).toEqual({});
  });

  test("[M81] timeouts and limits of time stand still while a run is paused, and go on with what was left", () => {
    const text = `
id: w
limits: { time: 60s }
tasks: [{ id: w, tool: t, timeout: 20s }]
`;
    const run = world(text, { tools: { t: {} }, calls: () => "hang" });
    // The clock moves without the timers: a paused run takes no notice of those that are due.
    run.tick(15_000).pause();
    run.send({ kind: "timer", path: "w", name: "timeout", n: 1 });
    expect(run.types()).not.toContain("timer-fired");
    run.resume();
    const left = Object.values(run.state().timers);
    expect(left.map(({ name, n }) => `${name} ${n}`).toSorted()).toEqual(["limit 2", "timeout 2"]);
    run.tick(4_999);
    expect(run.state().tasks["w"]?.status.name).toBe("running");
    run.tick(1);
    expect(run.output()).toMatchObject({ outcome: "failed", error: { code: "timeout" } });
    expect(run.state().timers).toEqual({});
  });

  test("[M82] a paused run can be cancelled; one that is over can't be paused", () => {
    const run = world(chain, { tools: { t: {} }, calls: () => "hang" });
    run.pause().cancel();
    expect(run.output()).toMatchObject({ outcome: "cancelled" });
    expect(run.state().paused).toBeNull();
    const before = run.events.length;
    run.pause().resume();
    expect(run.events).toHaveLength(before);
  });
});

describe("retrying a run", () => {
  test("[M83] what finished stays, the failed task begins a new attempt, what comes after follows", () => {
    let broken = true;
    const run = world(
      `
id: chain
tasks:
  - { id: a, tool: t }
  - { id: b, tool: t }
  - { id: c, tool: t }
finally: [{ id: last, log: over }]
outputs: { c: "{{ tasks.c.output.ok }}" }
`,
      {
        tools: { t: {} },
        calls: (call) => (call.path === "b" && broken ? failing(call.key) : { ok: call.key }),
      },
    );
    expect(run.output()).toMatchObject({ outcome: "failed", error: { task: "b" } });
    broken = false;
    run.retry();
    expect(run.output()).toEqual({ c: "run_1:c:1:1:call" });
    const { tasks, root } = run.state();
    expect(tasks["a"]?.attempt).toBe(1);
    expect(tasks["b"]).toMatchObject({ attempt: 2, failedAttempts: [{ attempt: 1 }] });
    expect(tasks["!finally/last"]?.attempt).toBe(2);
    expect(root).toMatchObject({ open: [], held: [], broken: [] });
    // One that succeeded is left as it is.
    const before = run.events.length;
    expect(run.retry().events).toHaveLength(before);
  });

  test("[M83] inside of blocks and loops only what failed or was stopped runs again", () => {
    let broken = true;
    const run = world(
      `
id: loops
tasks:
  - id: each
    foreach: [0, 1, 2, 3]
    failFast: false
    concurrency: 2
    tasks:
      - { id: one, tool: t }
      - id: both
        parallel:
          - { id: two, tool: t }
          - { id: three, tool: t }
outputs: { all: "{{ tasks.each.output.size() }}" }
`,
      {
        tools: { t: {} },
        calls: (call) =>
          broken && (call.path === "each[1]/both/two" || call.path === "each[2]/one")
            ? failing(call.key)
            : { ok: 1 },
      },
    );
    expect(run.output()).toMatchObject({ outcome: "failed" });
    broken = false;
    run.retry();
    expect(run.output()).toEqual({ all: 4 });
    const attempts = Object.values(run.state().tasks)
      .filter(({ attempt }) => attempt > 1)
      .map(({ path, attempt }) => `${path} ${attempt}`);
    // The task beside the failed one had been stopped.
    expect(attempts).toEqual(["each[1]/both/two 2", "each[1]/both/three 2", "each[2]/one 2"]);
  });

  test("[M83] a run that was cancelled goes on where it was stopped", () => {
    const run = world("id: c\ntasks: [{ id: s, sequence: [{ id: a, tool: t }, { id: b, tool: t }] }]\n", {
      tools: { t: {} },
      calls: (call, count) => (call.path === "s/b" && count < 3 ? "hang" : { ok: 1 }),
    });
    run.cancel();
    expect(run.output()).toMatchObject({ outcome: "cancelled" });
    run.retry();
    expect(run.output()).toEqual({});
    expect(run.state().tasks["s/a"]?.attempt).toBe(1);
    expect(run.state().tasks["s"]?.attempt).toBe(1);
    expect(run.state().tasks["s/b"]?.attempt).toBe(2);
  });

  test("[M83] a block whose handlers failed goes on with them", () => {
    let broken = true;
    const run = world("id: f\ntasks: [{ id: a, tool: t, finally: [{ id: tidy, tool: t }] }]\n", {
      tools: { t: {} },
      calls: (call) => (broken && call.path.endsWith("tidy") ? failing(call.key) : { ok: 1 }),
    });
    expect(run.output()).toMatchObject({ outcome: "failed" });
    broken = false;
    expect(run.retry().output()).toEqual({});
    expect(run.state().tasks["a"]?.attempt).toBe(1);
    expect(run.state().tasks["a/!finally/tidy"]?.attempt).toBe(2);
  });

  test("[M83] outputs and variables that could not be made are made anew", () => {
    const outputs = world('id: o\ntasks: [{ id: a, log: x }]\noutputs: { x: "{{ inputs.nope }}" }\n');
    outputs.retry();
    expect(outputs.output()).toMatchObject({ outcome: "failed" });
    expect(outputs.types().filter((type) => type === "run-finished")).toHaveLength(2);
    const vars = world('id: v\nvars: { x: "{{ inputs.nope }}" }\ntasks: [{ id: a, log: x }]\n');
    vars.retry();
    expect(vars.output()).toMatchObject({ outcome: "failed" });
    expect(vars.state().tasks).toEqual({});
  });

  test("[M84] a retry brings a task's own attempts back, and time begins anew", () => {
    const text = `
id: r
limits: { time: 100s }
tasks: [{ id: a, fail: broken, retry: { maxAttempts: 2, delay: 30s } }]
`;
    const run = world(text);
    run.toEnd();
    expect(run.state().tasks["a"]?.attempt).toBe(2);
    run.retry();
    expect(run.state().tasks["a"]).toMatchObject({ attempt: 3, status: { name: "retrying" } });
    expect(Object.keys(run.state().timers)).toContain(":limit:2");
    run.tick(30_000);
    expect(run.state().tasks["a"]).toMatchObject({ attempt: 4, status: { name: "failed" } });
    expect(run.state().timers).toEqual({});
  });

  test("[M84] a retry keeps to the concurrency of its blocks", () => {
    let broken = true;
    const run = world(
      "id: many\ntasks: [{ id: each, foreach: [0, 1, 2, 3, 4, 5], failFast: false, concurrency: 2, tasks: [{ id: one, tool: t }] }]\n",
      {
        tools: { t: {} },
        calls: (call) => (broken ? failing(call.key) : { ok: 1 }),
      },
    );
    const before = run.events.length;
    broken = false;
    run.retry();
    expect(run.output()).toEqual({});
    let open = 0;
    const counts = run.events.slice(before).map(({ body }) => {
      if (body.type === "task-reopened" && body.path !== "each") open += 1;
      if (body.type === "task-succeeded" && body.path !== "each") open -= 1;
      return open;
    });
    expect(Math.max(...counts)).toBe(2);
  });
});
