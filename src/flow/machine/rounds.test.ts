import { describe, expect, test } from "vitest";
import { world } from "./testing/world.ts";

describe("control flow", () => {
  test("[M40] a dag begins each task when all that it needs are over", () => {
    const order: string[] = [];
    const run = world(
      `id: d
tasks:
  - id: d
    dag:
      - { id: last, tool: t, needs: [left, right], with: { n: "{{ tasks.left.output.n + tasks.right.output.n }}" } }
      - { id: left, tool: t, needs: first, with: { n: 2 } }
      - { id: right, tool: t, needs: first, with: { n: 3 } }
      - { id: first, tool: t, with: { n: 1 } }
outputs: { sum: "{{ tasks.d.output.last.n }}" }
`,
      {
        tools: { t: {} },
        calls: (call) => {
          order.push(call.path);
          return call.args;
        },
      },
    );
    expect(run.output()).toEqual({ sum: 5 });
    expect(order).toEqual(["d/first", "d/left", "d/right", "d/last"]);
  });

  test("[M40] a dag keeps to its concurrency", () => {
    const run = world(
      "id: d\ntasks: [{ id: d, concurrency: 2, dag: [{ id: a, tool: t }, { id: b, tool: t }, { id: c, tool: t }] }]\n",
      { tools: { t: {} }, calls: () => "hang" },
    );
    expect(Object.keys(run.state().tasks)).toEqual(["d", "d/a", "d/b"]);
  });

  test("[M41] all: the first failure ends a dag; settled: only what needs the failed one is left out", () => {
    const dag = (join: string) =>
      world(
        `id: d
tasks:
  - id: d
    join: ${join}
    dag:
      - { id: bad, fail: broken }
      - { id: after, needs: bad, log: x }
      - { id: further, needs: [after, fine], log: x }
      - { id: fine, wait: 5s }
outputs: { d: "{{ tasks.d.output }}", why: "{{ tasks.further.state }}" }
`,
      ).toEnd();
    expect(dag("all").output()).toMatchObject({
      outcome: "failed",
      error: { message: "broken", task: "d/bad" },
    });
    const settled = dag("settled");
    expect(settled.output()).toMatchObject({ d: { bad: null, after: null, further: null }, why: "skipped" });
    expect(settled.state().tasks["d/further"]?.status).toEqual({ name: "skipped", reason: "needs" });
  });

  test("[M41] any: the first success of a task that no other needs ends a dag", () => {
    const run = world(
      `id: d
tasks:
  - id: d
    join: any
    dag: [{ id: a, log: x }, { id: slow, needs: a, wait: 1h }, { id: quick, needs: a, wait: 1s }]
`,
    ).toEnd();
    expect(run.output()).toEqual({});
    expect(run.state().tasks["d/slow"]?.status.name).toBe("cancelled");
    const vain = world(
      "id: d\ntasks: [{ id: d, join: any, dag: [{ id: a, fail: x }, { id: b, needs: a, log: x }] }]\n",
    );
    expect(vain.output()).toMatchObject({ outcome: "failed", error: { message: "x" } });
  });

  test("[M41] a task that was skipped or whose failure was handled does not hold up what needs it", () => {
    const run = world(
      `id: d
tasks:
  - id: d
    dag:
      - { id: no, when: 1 > 2, log: x }
      - { id: handled, fail: x, onError: continue }
      - { id: after, needs: [no, handled], log: "{{ tasks.no.output }}{{ tasks.handled.state }}" }
outputs: { after: "{{ tasks.after.output }}" }
`,
    );
    expect(run.output()).toEqual({ after: "failed" });
  });

  test("[M41] a dag that is tried again begins anew", () => {
    let calls = 0;
    const run = world(
      "id: d\ntasks: [{ id: d, retry: { maxAttempts: 2, delay: 1s }, dag: [{ id: a, log: x }, { id: b, needs: a, tool: t }, { id: c, needs: b, log: x }] }]\n",
      {
        tools: { t: {} },
        calls: (call) => {
          calls += 1;
          const error = { code: "internal", message: "no" };
          return calls === 1 ? { kind: "effect-failed", key: call.key, retryable: false, error } : "fine";
        },
      },
    ).toEnd();
    expect(run.output()).toEqual({});
    expect(run.state().tasks["d/a"]?.attempt).toBe(2);
  });

  test("[M42] a loop goes round until its condition holds; its output is that of the last round", () => {
    const run = world(
      `id: l
tasks:
  - id: l
    loop: { until: tasks.b.output >= 6, max: 9 }
    tasks:
      - { id: a, set: { n: "{{ default(vars.n, 0) + round }}" } }
      - { id: b, set: { m: "{{ vars.n + index * 0 }}" } }
      - { id: c, log: "{{ vars.m }}" }
outputs: { last: "{{ tasks.l.output }}", seen: "{{ tasks.c.output }}", all: "{{ tasks.c.items.map(x, x.output) }}", state: "{{ tasks.l.state }}" }
`.replace("tasks.b.output >= 6", "tasks.b.output.m >= 6"),
    );
    expect(run.output()).toEqual({ last: "6", seen: "6", all: ["1", "3", "6"], state: "succeeded" });
  });

  test("[M42] a number of rounds alone is how often it goes round", () => {
    const run = world(
      'id: l\ntasks: [{ id: l, loop: 3, tasks: [{ id: a, log: "{{ index }} {{ round }}" }] }]\noutputs: { all: "{{ tasks.a.items.map(x, x.output) }}" }\n',
    );
    expect(run.output()).toEqual({ all: ["0 1", "1 2", "2 3"] });
  });

  test("[M43] every lies between the starts of two rounds, and costs nothing meanwhile", () => {
    const run = world(
      "id: l\ntasks: [{ id: l, loop: { until: index >= 2, every: 1m }, tasks: [{ id: a, wait: 20s }] }]\n",
    );
    const starts = (): number[] =>
      run.events.flatMap((event) =>
        event.body.type === "task-started" && event.body.id === "a"
          ? [event.at - (run.events[0]?.at ?? 0)]
          : [],
      );
    run.tick(30_000);
    expect(Object.values(run.state().timers)).toMatchObject([{ path: "l", name: "wait" }]);
    run.toEnd();
    expect(starts()).toEqual([0, 60_000, 120_000]);
    expect(run.output()).toEqual({});
  });

  test("[M43] a round that took longer than every is followed by the next at once", () => {
    const run = world(
      "id: l\ntasks: [{ id: l, loop: { max: 2, every: 10s }, tasks: [{ id: a, wait: 30s }] }]\n",
    );
    run.toEnd();
    const [first] = run.events;
    expect((run.events.at(-1)?.at ?? 0) - (first?.at ?? 0)).toBe(60_000);
  });

  test("[M44] a loop whose condition does not hold after its last round fails; it has 100, or with a timeout 10,000", () => {
    const run = world(
      "id: l\ntasks: [{ id: l, loop: { until: index > 5, max: 3 }, tasks: [{ id: a, log: x }] }]\n",
    );
    expect(run.output()).toMatchObject({ error: { code: "limit-reached", message: /After 3 rounds/ } });
    const usual = world("id: l\ntasks: [{ id: l, loop: index > 5000, tasks: [{ id: a, log: x }] }]\n");
    expect(usual.state().tasks["l"]?.inside.iterations.entered).toBe(100);
    const timed = world(
      "id: l\ntasks: [{ id: l, timeout: 5m, loop: { every: 1s }, tasks: [{ id: a, log: x }] }]\n",
    );
    timed.toEnd();
    expect(timed.output()).toMatchObject({ error: { code: "timeout" } });
    expect(timed.state().tasks["l"]?.inside.iterations.entered).toBeGreaterThan(200);
  });

  test("[M44] a task that fails in a round ends the loop", () => {
    const run = world(
      "id: l\ntasks: [{ id: l, loop: 5, tasks: [{ id: a, log: x }, { id: b, fail: broken }] }]\n",
    );
    expect(run.output()).toMatchObject({ error: { message: "broken", task: "l[0]/b" } });
  });

  test("[M42] loops and foreach stand in each other", () => {
    const run = world(
      `id: l
tasks:
  - id: l
    loop: 2
    tasks:
      - { id: f, foreach: [x, y], tasks: [{ id: a, log: "{{ round }}{{ item }}{{ index }}" }] }
      - { id: c, log: "{{ tasks.a.items.map(x, x.output) }}" }
outputs: { last: "{{ tasks.c.output }}" }
`,
    );
    expect(run.output()).toEqual({ last: '["2x0","2y1"]' });
  });

  test("[M45] stop ends the run early: what goes on is cancelled, finally runs, its message is the run's", () => {
    const run = world(
      `id: s
tasks:
  - id: p
    parallel:
      - { id: slow, wait: 1h, finally: [{ id: tidy, log: tidied }] }
      - id: look
        if: 1 < 2
        then: [{ id: enough, stop: "Nothing to do for {{ run.labels.team }}" }, { id: never, log: x }]
      - { id: third, log: x }
  - { id: after, log: x }
finally: [{ id: last, log: over }]
outputs: { after: "{{ tasks.after.output }}", deep: "{{ tasks.after.output.x }}", sure: 1 }
`,
      { labels: { team: "support" } },
    );
    expect(run.output()).toEqual({ after: null, deep: null, sure: 1 });
    const { phase, tasks } = run.state();
    expect(phase).toMatchObject({ outcome: "succeeded", message: "Nothing to do for support" });
    expect(tasks["p/look/enough"]?.status.name).toBe("succeeded");
    expect(tasks["p/slow"]?.status.name).toBe("cancelled");
    expect(tasks["p/slow/!finally/tidy"]?.status.name).toBe("succeeded");
    expect(tasks["!finally/last"]?.status.name).toBe("succeeded");
    for (const path of ["after", "p/look/never", "p/third"]) expect(tasks[path]).toBeUndefined();
  });

  test("[M45] stop gives outputs of its own, or a state", () => {
    const stop = (more: string) =>
      world(
        `id: s\ntasks: [{ id: s, stop: Why not, ${more} }]\nerrors: [{ id: e, log: x }]\noutputs: { a: 1 }\n`,
      );
    expect(stop("outputs: { b: 2 }").output()).toEqual({ b: 2 });
    const failed = stop("state: failed");
    expect(failed.output()).toMatchObject({
      outcome: "failed",
      error: { code: "stopped", message: "Why not" },
    });
    expect(failed.state().tasks["!errors/e"]?.status.name).toBe("succeeded");
    const cancelled = stop("state: cancelled");
    expect(cancelled.output()).toMatchObject({ outcome: "cancelled" });
    expect(cancelled.state().tasks["!errors/e"]).toBeUndefined();
  });

  test("[M46] success is evaluated at the end: the goal is reached, or not, or nobody knows why", () => {
    const goal = (success: string, tasks = "[{ id: a, log: x }]") => {
      const { phase } = world(`id: g\nsuccess: ${success}\ntasks: ${tasks}\noutputs: { n: 3 }\n`)
        .toEnd()
        .state();
      return phase.name === "finished" ? phase.goal : "not finished";
    };
    expect(goal("run.state == 'succeeded' && outputs.n > 2")).toEqual({ reached: true });
    expect(goal("run.duration < duration('5m')", "[{ id: a, wait: 10m }]")).toEqual({ reached: false });
    expect(goal("run.state == 'failed'", "[{ id: a, fail: x }]")).toEqual({ reached: true });
    expect(goal("tasks.a.output.n > 1")).toMatchObject({
      reached: null,
      reason: expect.stringContaining("n"),
    });
    const { phase } = world("id: g\ntasks: [{ id: a, log: x }]\n").state();
    expect(phase).not.toHaveProperty("goal");
  });

  test("[M47] a run has the labels of its flow, and those of its start over them", () => {
    const run = world(
      'id: l\nlabels: { team: a, tier: b }\ntasks: [{ id: a, log: "{{ run.labels.team }} {{ run.labels.tier }}" }]\noutputs: { all: "{{ tasks.a.output }}" }\n',
      { labels: { tier: "c" } },
    );
    expect(run.state().labels).toEqual({ team: "a", tier: "c" });
    expect(run.output()).toEqual({ all: "a c" });
  });

  test("[M45] a run that was stopped as failed and is retried asks the stop again", () => {
    const run = world(
      "id: s\ntasks: [{ id: a, log: x }, { id: s, stop: Not yet, state: failed }, { id: b, log: x }]\nfinally: [{ id: last, log: over }]\n",
    );
    run.retry();
    expect(run.output()).toMatchObject({ outcome: "failed", error: { message: "Not yet" } });
    expect(run.state().tasks["s"]?.attempt).toBe(2);
    expect(run.state().tasks["a"]?.attempt).toBe(1);
    expect(run.state().tasks["b"]).toBeUndefined();
  });

  test("[M41] a dag that is retried with its run goes on with what failed, and then with what needs it", () => {
    let broken = true;
    const run = world(
      "id: d\ntasks: [{ id: d, join: any, dag: [{ id: a, log: x }, { id: b, needs: a, tool: t }, { id: c, needs: b, log: done }] }]\n",
      {
        tools: { t: {} },
        calls: (call) => {
          const error = { code: "internal", message: "no" };
          return broken ? { kind: "effect-failed", key: call.key, retryable: false, error } : "fine";
        },
      },
    );
    expect(run.output()).toMatchObject({ outcome: "failed" });
    broken = false;
    run.retry();
    expect(run.output()).toEqual({});
    const { tasks } = run.state();
    expect([tasks["d/a"]?.attempt, tasks["d/b"]?.attempt, tasks["d/c"]?.status.name]).toEqual([
      1,
      2,
      "succeeded",
    ]);
  });

  test("[M43] a loop that is retried with its run goes on with its round, and keeps its pauses", () => {
    let broken = true;
    const run = world(
      "id: l\ntasks: [{ id: l, loop: { max: 4, every: 1m }, tasks: [{ id: a, tool: t }] }]\n",
      {
        tools: { t: {} },
        calls: (call) => {
          const error = { code: "internal", message: "no" };
          const fails = broken && call.path.startsWith("l[2]");
          return fails ? { kind: "effect-failed", key: call.key, retryable: false, error } : "fine";
        },
      },
    ).toEnd();
    expect(run.output()).toMatchObject({ outcome: "failed" });
    broken = false;
    const retried = run.state().lastAt;
    run.retry().toEnd();
    expect(run.output()).toEqual({});
    expect(run.state().tasks["l"]?.attempt).toBe(1);
    expect(run.state().lastAt - retried).toBe(60_000);
  });
});
