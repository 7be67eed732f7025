import { describe, expect, test } from "vitest";
import { world } from "./testing/world.ts";

const failTask = (id: string): string => `{ id: ${id}, fail: broken }`;

describe("life of a task", () => {
  test("[M1] a chain of pure tasks is decided in one go", () => {
    const run = world(`
id: chain
tasks:
${Array.from({ length: 20 }, (_, i) => `  - { id: t${i}, set: { n: "{{ ${i} + 1 }}" } }`).join("\n")}
outputs: { n: "{{ vars.n }}" }
`);
    expect(run.output()).toEqual({ n: 20 });
  });

  test("[M2] a task whose condition does not hold is skipped, its output is null", () => {
    const run = world(`
id: skip
tasks:
  - { id: a, when: 1 > 2, log: no }
  - { id: b, disabled: true, log: no }
  - { id: c, set: { seen: "{{ tasks.a.output == null && tasks.b.state == 'skipped' }}" } }
outputs: { seen: "{{ vars.seen }}" }
`);
    expect(run.output()).toEqual({ seen: true });
  });

  test("[M2] a condition that can't be evaluated fails the task", () => {
    const run = world(`
id: bad
tasks:
  - { id: a, when: inputs.nope.deep, log: no }
`);
    expect(run.output()).toMatchObject({ outcome: "failed", error: { code: "expression", task: "a" } });
  });

  test("[M3] a failing task is tried again with growing delays, then fails for good", () => {
    const run = world(`
id: again
tasks:
  - id: a
    fail: broken
    retry: { maxAttempts: 3, delay: 10s, backoff: exponential }
`);
    expect(Object.values(run.state().timers)).toMatchObject([{ name: "retry", path: "a" }]);
    run.tick(10_000);
    expect(run.state().tasks["a"]).toMatchObject({ attempt: 2, status: { name: "retrying" } });
    run.toEnd();
    expect(run.state().tasks["a"]).toMatchObject({ attempt: 3, status: { name: "failed" } });
    expect(run.output()).toMatchObject({ error: { code: "task-failed", message: "broken" } });
  });

  test("[M3] jitter keeps a delay between its half and itself", () => {
    const run = world(`
id: again
tasks:
  - { id: a, fail: broken, retry: { maxAttempts: 2, delay: 10s, jitter: true } }
`);
    const [timer] = Object.values(run.state().timers);
    const delay = (timer?.dueAt ?? 0) - run.context().now;
    expect(delay).toBeGreaterThanOrEqual(5_000);
    expect(delay).toBeLessThanOrEqual(10_000);
  });

  test("[M4] a timeout fails the task and stops what is inside", () => {
    const run = world(
      `
id: slow
tasks:
  - id: outer
    timeout: 5s
    sequence:
      - { id: call, tool: slow }
`,
      { tools: { slow: {} }, calls: () => "hang" },
    );
    run.tick(5_000);
    expect(run.state().tasks["outer/call"]?.status.name).toBe("cancelled");
    expect(run.output()).toMatchObject({ error: { code: "timeout", task: "outer" } });
    expect(run.state().timers).toEqual({});
  });

  test("[M5] a failure with onError continue does not fail what holds the task", () => {
    const run = world(`
id: go-on
tasks:
  - { id: a, fail: broken, onError: continue }
  - { id: b, set: { why: "{{ tasks.a.error.message }}" } }
outputs: { why: "{{ vars.why }}" }
`);
    expect(run.output()).toEqual({ why: "broken" });
  });

  test("[M6] errors runs before the failure takes effect and knows the error; finally runs in any case", () => {
    const run = world(`
id: handlers
tasks:
  - id: a
    sequence: [${failTask("inner")}]
    errors:
      - { id: tell, set: { told: "{{ error.task }}: {{ error.message }}" } }
    finally:
      - { id: note, set: { noted: true } }
    onError: continue
  - id: b
    log: fine
    finally: [{ id: after, set: { after: "{{ tasks.b.state }}" } }]
outputs: { told: "{{ vars.told }}", noted: "{{ vars.noted }}", after: "{{ vars.after }}" }
`);
    expect(run.output()).toEqual({ told: "a/inner: broken", noted: true, after: "running" });
    expect(Object.keys(run.state().tasks)).toEqual([
      "a",
      "a/inner",
      "a/!errors/tell",
      "a/!finally/note",
      "b",
      "b/!finally/after",
    ]);
  });

  test("[M6] a failing finally fails a task that had succeeded", () => {
    const run = world(`
id: f
tasks:
  - { id: a, log: fine, finally: [${failTask("last")}] }
`);
    expect(run.output()).toMatchObject({ outcome: "failed", error: { task: "a/!finally/last" } });
  });

  test("[M7] the run's own errors and finally run before it ends", () => {
    const run = world(`
id: r
tasks: [${failTask("a")}]
errors: [{ id: tell, set: { told: "{{ error.task }}" } }]
finally: [{ id: note, set: { state: "{{ run.state }}" } }]
`);
    expect(run.state().vars).toEqual({ told: "a", state: "failed" });
    expect(run.output()).toMatchObject({ outcome: "failed", error: { message: "broken", task: "a" } });
  });

  test("[M8] cancelling stops what runs, then runs finally blocks from inside out, then the run is cancelled", () => {
    const run = world(
      `
id: c
tasks:
  - id: outer
    sequence:
      - id: call
        tool: slow
        finally: [{ id: inner, set: { a: 1 } }]
      - { id: never, log: no }
    finally: [{ id: after, set: { b: 2 } }]
finally: [{ id: last, set: { c: 3 } }]
`,
      { tools: { slow: {} }, calls: () => "hang" },
    );
    run.cancel();
    expect(run.output()).toEqual({ outcome: "cancelled", error: null });
    expect(run.state().vars).toEqual({ a: 1, b: 2, c: 3 });
    expect(run.state().tasks["outer"]?.status.name).toBe("cancelled");
    expect(run.state().tasks["outer/call"]?.status.name).toBe("cancelled");
    expect(run.state().tasks["outer/never"]).toBeUndefined();
  });

  test("[M8] a second request to cancel, some seconds later, does not wait for the finally blocks", () => {
    const run = world(
      `
id: c
tasks:
  - { id: call, tool: slow, finally: [{ id: last, tool: slow }] }
`,
      { tools: { slow: {} }, calls: () => "hang" },
    );
    run.cancel().cancel();
    expect(run.state().phase.name).toBe("cancelling");
    run.tick(6_000).cancel();
    expect(run.output()).toEqual({ outcome: "cancelled", error: null });
    expect(run.state().tasks["call/!finally/last"]?.status.name).toBe("cancelled");
  });

  test("[M9] a limit of time ends the run, a limit of tasks fails the task that would be one too many", () => {
    const slow = world("id: t\nlimits: { time: 1m }\ntasks: [{ id: w, wait: 1h }]\n");
    slow.tick(60_000);
    expect(slow.output()).toMatchObject({ outcome: "failed", error: { code: "limit-reached" } });
    expect(slow.state().tasks["w"]?.status.name).toBe("cancelled");
    const many = world(
      "id: m\nlimits: { tasks: 2 }\ntasks: [{ id: a, log: a }, { id: b, log: b }, { id: c, log: c }]\n",
    );
    expect(many.output()).toMatchObject({ error: { code: "limit-reached", task: "c" } });
  });

  test("[M10] outputs that can't be made fail the run", () => {
    const run = world('id: o\ntasks: [{ id: a, log: a }]\noutputs: { x: "{{ vars.missing.deep }}" }\n');
    expect(run.output()).toMatchObject({ outcome: "failed", error: { code: "expression" } });
  });
});

describe("heads", () => {
  test("[M11] if and switch carry out one branch", () => {
    const run = world(
      `
id: b
inputs: { kind: string }
tasks:
  - id: choose
    if: inputs.kind == 'x'
    then: [{ id: yes, set: { a: then } }]
    else: [{ id: no, set: { a: else } }]
  - id: route
    switch: "{{ inputs.kind }}"
    cases: { x: [{ id: one, set: { b: x } }], "y z": [{ id: two, set: { b: yz } }] }
    default: [{ id: three, set: { b: default } }]
`,
      { inputs: { kind: "y z" } },
    );
    expect(run.state().vars).toEqual({ a: "else", b: "yz" });
    expect(run.state().tasks["choose/yes"]?.status).toEqual({ name: "skipped", reason: "branch" });
    expect(run.state().tasks["route/three"]?.status).toEqual({ name: "skipped", reason: "branch" });
  });

  test("[M12] parallel joins all, any or settled", () => {
    const text = (join: string, second: string): string => `
id: p
tasks:
  - id: side
    join: ${join}
    parallel: [{ id: a, tool: t }, ${second}]
outputs: { out: "{{ tasks.side.output }}" }
`;
    const options = { tools: { t: {} } };
    expect(world(text("all", "{ id: b, log: hi }"), options).output()).toEqual({
      out: { a: { ok: true }, b: "hi" },
    });
    expect(world(text("all", failTask("b")), options).output()).toMatchObject({ error: { task: "side/b" } });
    expect(world(text("settled", failTask("b")), options).output()).toEqual({
      out: { a: { ok: true }, b: null },
    });
    const any = world(text("any", "{ id: b, log: hi }"), { ...options, calls: () => "hang" });
    expect(any.output()).toEqual({ out: { a: null, b: "hi" } });
    expect(any.state().tasks["side/a"]?.status.name).toBe("cancelled");
  });

  test("[M12] parallel keeps to its concurrency", () => {
    const run = world(
      `
id: p
tasks:
  - id: side
    concurrency: 2
    parallel: [{ id: a, tool: t }, { id: b, tool: t }, { id: c, tool: t }]
`,
      { tools: { t: {} }, calls: (call) => (call.path === "side/a" ? { ok: true } : "hang") },
    );
    expect(run.state().root.open).toEqual(["side"]);
    expect(run.state().tasks["side"]?.inside.open).toEqual(["side/b", "side/c"]);
  });

  test("[M13] foreach goes over lists and maps, knows item and index, and lists what came out", () => {
    const run = world(
      `
id: f
inputs: { names: { type: array, items: { type: string } } }
tasks:
  - id: each
    foreach: "{{ inputs.names }}"
    concurrency: 2
    tasks:
      - { id: call, tool: t, with: { name: "{{ item }}", at: "{{ index }}" } }
      - { id: text, log: "{{ item }} {{ tasks.call.output.name }}" }
  - id: pairs
    foreach: { x: 1, y: 2 }
    tasks: [{ id: pair, log: "{{ item.key }}={{ item.value }}" }]
outputs:
  all: "{{ tasks.each.output }}"
  pairs: "{{ tasks.pairs.output }}"
  second: "{{ tasks.text.items[1].output }}"
`,
      { inputs: { names: ["a", "b", "c"] }, tools: { t: {} }, calls: (call) => call.args },
    );
    expect(run.output()).toEqual({ all: ["a a", "b b", "c c"], pairs: ["x=1", "y=2"], second: "b b" });
  });

  test("[M13] foreach fails fast or goes on, breaks, batches, and takes nothing calmly", () => {
    const text = (more: string, items = "[1, 2, 3, 4]"): string => `
id: f
tasks:
  - id: each
    foreach: ${items}
    ${more}
    tasks:
      - { id: bad, when: item == 2, fail: two }
      - { id: fine, log: "{{ item }}" }
outputs: { out: "{{ tasks.each.output }}" }
`;
    const fast = world(text("failFast: true"));
    expect(fast.output()).toMatchObject({ error: { task: "each[1]/bad", message: "two" } });
    expect(fast.state().tasks["each[2]/fine"]).toBeUndefined();
    const slow = world(text("failFast: false"));
    expect(slow.output()).toMatchObject({ error: { task: "each[1]/bad" } });
    expect(slow.state().tasks["each[3]/fine"]?.status.name).toBe("succeeded");
    expect(world(text("breakWhen: item == 3", "[1, 3, 4]")).output()).toEqual({ out: ["1", "3"] });
    expect(world(text("batch: 2", "[1, 3, 4]")).output()).toEqual({ out: ["[1,3]", "[4]"] });
    expect(world(text("failFast: true", "[]")).output()).toEqual({ out: [] });
  });

  test("[M14] wait lasts until its time", () => {
    const run = world("id: w\ntasks: [{ id: a, wait: 5m }, { id: b, log: later }]\n");
    run.tick(299_000);
    expect(run.state().tasks["b"]).toBeUndefined();
    run.tick(1_000);
    expect(run.output()).toEqual({});
  });

  test("[M15] a tool's arguments are checked, its result is the output, its failure may be tried again", () => {
    const inputSchema = { type: "object", properties: { n: { type: "number" } }, required: ["n"] };
    const text = (n: string): string => `
id: t
tasks: [{ id: a, tool: t, with: { n: ${n} }, retry: { maxAttempts: 2, delay: 1s } }]
outputs: { out: "{{ tasks.a.output }}", attempts: "{{ tasks.a.attempts }}" }
`;
    const tools = { t: { inputSchema } };
    expect(world(text("many"), { tools }).toEnd().output()).toMatchObject({ error: { code: "bad-input" } });
    const run = world(text("1"), {
      tools,
      calls: (call, count) =>
        count === 1
          ? {
              kind: "effect-failed",
              key: call.key,
              retryable: true,
              error: { code: "unavailable", message: "down" },
            }
          : 42,
    });
    expect(run.toEnd().output()).toEqual({ out: 42, attempts: 2 });
  });
});
