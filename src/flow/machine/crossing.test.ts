import { describe, expect, test } from "vitest";
import type { Json } from "#base/index.ts";
import { headline, type Obligation, type Signal } from "./index.ts";
import { ada, startSignal, world } from "./testing/world.ts";

const call = `
id: p
tasks:
  - { id: call, flow: intake, with: { n: "{{ 1 + 1 }}" } }
finally: [{ id: last, log: over }]
outputs: { got: "{{ tasks.call.output.n }}" }
`;
const hang = (one: Obligation): "hang" | undefined => (one.kind === "child" ? "hang" : undefined);

describe("child runs", () => {
  test("[M50] a flow task asks for a run, waits for its end, and has its outputs", () => {
    const run = world(call, {
      crossings: (one) =>
        one.kind === "child"
          ? { kind: "child-ended", key: one.key, outcome: "succeeded", outputs: { n: 7 }, error: null }
          : undefined,
    });
    const asked = run.events.find(({ body }) => body.type === "child-requested")?.body;
    expect(asked).toMatchObject({
      path: "call",
      request: { flow: "intake", revision: null, with: { n: 2 } },
    });
    expect(run.output()).toEqual({ got: 7 });
  });

  test("[M51] a child that fails or is cancelled fails the task; one that could not be started does so at once", () => {
    const ended = (outcome: "failed" | "cancelled") =>
      world(call, {
        crossings: (one) =>
          one.kind === "child"
            ? {
                kind: "child-ended",
                key: one.key,
                outcome,
                outputs: null,
                error: { code: "x", message: "Broken." },
              }
            : undefined,
      }).output();
    expect(ended("failed")).toMatchObject({
      error: { code: "x", message: "Run #1 of Intake failed: Broken.", task: "call" },
    });
    expect(ended("cancelled")).toMatchObject({ error: { code: "child-cancelled" } });
    const refused = world(call, {
      crossings: (one) =>
        one.kind === "child-start"
          ? {
              kind: "effect-failed",
              key: one.key,
              error: { code: "not-found", message: "No." },
              retryable: false,
            }
          : undefined,
    });
    expect(refused.output()).toMatchObject({ error: { code: "not-found", message: "No." } });
  });

  test("[M52] cancelling, and a timeout, cancel the child and wait for its end before handlers run", () => {
    const run = world(call, { crossings: hang });
    expect(headline(run.state(), run.flow)).toBe("Waits for run #1 of Intake");
    run.cancel();
    expect(run.types()).toContain("child-cancel-requested");
    expect(run.types().indexOf("child-ended")).toBeLessThan(run.types().lastIndexOf("log-written"));
    expect(run.output()).toMatchObject({ outcome: "cancelled" });
    const late = world(call.replace("flow: intake", "flow: intake, timeout: 1m"), { crossings: hang });
    late.tick(60_000);
    expect(late.output()).toMatchObject({ error: { code: "timeout" } });
    expect(late.state().tasks["call"]?.children?.[0]?.end).toMatchObject({ outcome: "cancelled" });
  });

  test("[M52] a child that is about to start when its parent is cancelled is cancelled as soon as it has", () => {
    let starting: string | undefined;
    const run = world(call, {
      crossings: (one) => {
        if (one.kind !== "child-start") return hang(one);
        starting = one.key;
        return "hang";
      },
    });
    run.cancel();
    expect(run.state().phase.name).toBe("cancelling");
    run.send({
      kind: "child-started",
      key: starting ?? "",
      number: 1,
      flow: "intake",
      title: "Intake",
      revision: 1,
    });
    expect(run.output()).toMatchObject({ outcome: "cancelled" });
  });

  test("[M53] detach: the task is over when the run has started, and its output tells which it is", () => {
    const run = world(
      "id: p\ntasks: [{ id: call, flow: intake, detach: true }]\noutputs: { r: '{{ tasks.call.output }}' }\n",
      {
        crossings: hang,
      },
    );
    expect(run.output()).toMatchObject({ r: { flow: "intake", number: 1 } });
  });

  test("[M54] runs stand 20 deep below one another at most", () => {
    const start = startSignal({}) as Extract<Signal, { kind: "start" }>;
    const parent = { run: "run_0", path: "x", key: "k", waits: true, internal: false };
    const at = (depth: number) =>
      world(call, { start: { ...start, body: { ...start.body, parent: { ...parent, depth } } } });
    expect(at(19).output()).not.toMatchObject({ error: { code: "limit-reached" } });
    expect(at(20).output()).toMatchObject({ error: { code: "limit-reached" } });
  });
});

describe("wide loops", () => {
  const wide = (count: number, more = ""): string => `
id: p
vars: { list: [${Array.from({ length: count }, (_, i) => i).join(", ")}] }
tasks:
  - { id: before, log: x }
  - id: each
    foreach: "{{ vars.list }}"
    concurrency: 4
${more}
    tasks: [{ id: one, log: "{{ tasks.before.state }} {{ item }}" }]
outputs: { all: "{{ tasks.each.output }}" }
`;

  test("[M55] more than 200 items are spread over runs of their own, at most concurrency items at once", () => {
    expect(world(wide(200)).types()).not.toContain("child-requested");
    const run = world(wide(450), { crossings: hang });
    const { children = [] } = run.state().tasks["each"] ?? {};
    expect(children.map(({ request }) => request.part?.from)).toEqual([0, 150, 300]);
    expect(children.map(({ request }) => request.part?.concurrency)).toEqual([1, 1, 1]);
    expect(children[0]?.request.part?.tasks).toMatchObject({ before: { state: "succeeded" } });
    expect(headline(run.state(), run.flow)).toMatch(/in parts/);
    const read = wide(300).replace("tasks.each.output", "tasks.one.items.size()");
    expect(world(read).types()).not.toContain("child-requested");
  });

  test("[M56] parts yield in their order; with breakWhen one goes after the other", () => {
    const part = (items: unknown[], broke = false) => ({ items, broke, vars: {} }) as never;
    let ended = 0;
    const run = world(wide(450), {
      crossings: (one) =>
        one.kind === "child"
          ? {
              kind: "child-ended",
              key: one.key,
              outcome: "succeeded",
              outputs: part([(ended += 1)]),
              error: null,
            }
          : undefined,
    });
    expect(run.output()).toEqual({ all: [1, 2, 3] });
    const broken = world(wide(450, "    breakWhen: item == 3"), {
      crossings: (one) =>
        one.kind === "child"
          ? { kind: "child-ended", key: one.key, outcome: "succeeded", outputs: part([9], true), error: null }
          : undefined,
    });
    expect(broken.output()).toEqual({ all: [9] });
    expect(broken.state().tasks["each"]?.children).toHaveLength(1);
  });
});

describe("events", () => {
  const wait = (more: string): string =>
    `id: p\ntasks: [{ id: paid, wait: { event: order.paid, key: "order-{{ 3 + 4 }}" }, timeout: 1h${more} }]\noutputs: { got: "{{ tasks.paid.output }}" }\n`;

  test("[M57] a wait for an event ends with what the event brings", () => {
    const run = world(wait(""));
    const state = run.state().tasks["paid"]?.awaited;
    expect(state).toMatchObject({ name: "order.paid", about: "order-7" });
    expect(headline(run.state(), run.flow)).toBe("Waits for the event order.paid for order-7");
    run.send({ kind: "event", key: state?.key ?? "", payload: { amount: 5 }, by: ada });
    expect(run.output()).toEqual({ got: { amount: 5 } });
  });

  test("[M58] without one the task fails after its timeout, or goes on with null", () => {
    expect(world(wait("")).tick(3_600_000).output()).toMatchObject({ error: { code: "deadline" } });
    expect(world(wait(", onTimeout: continue")).tick(3_600_000).output()).toEqual({ got: null });
  });
});

describe("locks", () => {
  const locked = (more = ""): string => `id: p
vars: { order: 7 }
tasks:
  - id: pay
    tool: t
    lock: "order-{{ vars.order }}"
    retry: { maxAttempts: 2, delay: 1m }
${more}
`;
  const waits = (one: Obligation): "hang" | undefined => (one.kind === "lock" ? "hang" : undefined);

  test("[M60] a task begins when it has its lock, and keeps it over its attempts", () => {
    const run = world(locked(), { tools: { t: {} }, crossings: waits });
    const { lock, status } = run.state().tasks["pay"] ?? {};
    expect([status?.name, lock?.name]).toEqual(["locking", "order-7"]);
    expect(headline(run.state(), run.flow)).toBe("Waits for the lock order-7");
    let count = 0;
    const again = world(locked(), {
      tools: { t: {} },
      calls: (one): Json | Signal => {
        count += 1;
        const error = { code: "unavailable", message: "down" };
        return count === 1 ? { kind: "effect-failed", key: one.key, error, retryable: true } : { ok: true };
      },
    });
    expect(again.state().tasks["pay"]).toMatchObject({
      status: { name: "retrying" },
      lock: { releasedAt: null },
    });
    again.toEnd();
    expect(again.types().filter((type) => type === "lock-requested")).toHaveLength(1);
    expect(again.state().tasks["pay"]).toMatchObject({
      status: { name: "succeeded" },
      lock: { releasedAt: expect.any(Number) },
    });
  });

  test("[M61] cancelling ends the waiting; a timeout fails the task without an attempt", () => {
    const run = world(locked(), { tools: { t: {} }, crossings: waits }).cancel();
    expect(run.output()).toMatchObject({ outcome: "cancelled" });
    expect(run.state().tasks["pay"]?.lock?.releasedAt).toEqual(expect.any(Number));
    const late = world(locked("    timeout: 1m"), { tools: { t: {} }, crossings: waits }).tick(60_000);
    expect(late.output()).toMatchObject({ error: { code: "timeout" } });
    expect(late.types()).not.toContain("task-started");
  });

  test("[M62] a task within one that holds the lock has it already; tasks side by side wait for each other", () => {
    const nested = world(
      "id: p\ntasks: [{ id: a, lock: x, sequence: [{ id: b, lock: x, log: hi }, { id: c, lock: y, log: hi }] }]\n",
    );
    expect(nested.output()).toEqual({});
    expect(nested.events.flatMap(({ body }) => (body.type === "lock-requested" ? [body.path] : []))).toEqual([
      "a",
      "a/c",
    ]);
    const beside = world(
      "id: p\ntasks: [{ id: a, parallel: [{ id: b, lock: x, log: 1 }, { id: c, lock: x, log: 2 }] }]\n",
      {
        crossings: waits,
      },
    );
    expect(beside.state().tasks["a/c"]?.status.name).toBe("locking");
  });
});

describe("concurrency", () => {
  test("[M65] a run that is not let in ends before anything began, and says why", () => {
    const start = startSignal({}) as Extract<Signal, { kind: "start" }>;
    for (const outcome of ["failed", "cancelled"] as const) {
      const refused = { outcome, error: { code: "concurrency", message: "Full." } };
      const run = world(call, { start: { ...start, body: { ...start.body, refused } } });
      expect(run.types()).toEqual(["run-started", "run-finished"]);
      expect(run.output()).toMatchObject({ outcome, error: { code: "concurrency" } });
    }
  });

  test("[M66] a run that is cancelled before its turn ends without its handlers", () => {
    const start = startSignal({}) as Extract<Signal, { kind: "start" }>;
    const run = world(call, { start: { kind: "cancel", by: ada, reason: "" } });
    expect(run.events).toEqual([]);
    run.send({ kind: "cancel", by: ada, reason: "" }, start);
    expect(run.types()).toEqual(["run-started", "run-cancel-requested", "run-finished"]);
  });
});
