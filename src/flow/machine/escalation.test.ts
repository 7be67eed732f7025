import { describe, expect, test } from "vitest";
import type { Json } from "#base/index.ts";
import { ada, flowOf, world } from "./testing/world.ts";
import { beginningOf, type Signal } from "./index.ts";

const broken = (key: string): Signal => ({
  kind: "effect-failed",
  key,
  retryable: false,
  error: { code: "bad-input", message: "No such order" },
});

/** A tool that fails until it was called `times` times. */
const failing = (times: number) => (call: { key: string }, count: number) =>
  count <= times ? broken(call.key) : { ok: count };

const desk = `
id: desk
tasks:
  - id: pay
    tool: pay
    retry: { maxAttempts: 2, delay: 1s }
    onError: { escalate: { to: { roles: [operator] } } }
    errors: [{ id: tell, log: "{{ error.message }}" }]
    finally: [{ id: tidy, log: tidied }]
  - { id: next, log: "{{ tasks.pay.output }}" }
outputs: { paid: "{{ tasks.pay.output }}", state: "{{ tasks.pay.state }}" }
`;

const asked = (run: ReturnType<typeof world>, path = "pay") =>
  run.state().tasks[path]?.approvals.find((one) => one.ask.kind === "escalation");

describe("a task that failed for good", () => {
  test("[M70] waits for a person after its retries and its errors, and shows the attempts", () => {
    const run = world(desk, { tools: { pay: {} }, calls: failing(9) }).tick(1_000);
    expect(run.state().tasks["pay/!errors/tell"]?.status.name).toBe("succeeded");
    expect(run.state().tasks["pay/!finally/tidy"]).toBeUndefined();
    expect(run.state().phase.name).toBe("running");
    expect(asked(run)?.ask).toMatchObject({
      kind: "escalation",
      title: "pay failed. How should it go on?",
      by: { roles: ["operator"] },
      details: {
        error: { code: "bad-input", message: "No such order" },
        attempts: [
          { attempt: 1, error: "No such order" },
          { attempt: 2, error: "No such order" },
        ],
      },
    });
    expect(asked(run)?.ask.decisions.map((one) => one.decision)).toEqual(["retry", "answer", "skip", "fail"]);
    expect(JSON.parse(beginningOf(asked(run)?.ask.canonical ?? ""))).toMatchObject({
      path: "pay",
      attempt: 2,
    });
  });

  test.each([
    ["set", "{ id: x, set: { a: '{{ 1 / 0 }}' }, ESC }"],
    ["log", "{ id: x, log: '{{ inputs.none.none }}', ESC }"],
    ["fail", "{ id: x, fail: on purpose, ESC }"],
    ["tool", "{ id: x, tool: t, ESC }"],
    ["script", "{ id: x, script: javascript, code: a, ESC }"],
    ["agent", "{ id: x, agent: a, prompt: go, ESC }"],
    ["sequence", "{ id: x, sequence: [{ id: y, fail: on purpose }], ESC }"],
    ["parallel", "{ id: x, parallel: [{ id: y, fail: on purpose }, { id: z, wait: 1h }], ESC }"],
    ["foreach", "{ id: x, foreach: [1, 2], tasks: [{ id: y, fail: on purpose }], ESC }"],
    ["if", "{ id: x, if: 1 < 2, then: [{ id: y, fail: on purpose }], ESC }"],
    ["switch", "{ id: x, switch: a, cases: { a: [{ id: y, fail: on purpose }] }, ESC }"],
    ["wait", "{ id: x, wait: { until: \"{{ 'never' }}\" }, ESC }"],
    ["approval", "{ id: x, approval: Well?, timeout: 1s, ESC }"],
    ["form", "{ id: x, form: Well?, fields: { note: string }, timeout: 1s, ESC }"],
  ])("[M70] is asked about whatever its head key is: %s", (_head, task) => {
    const text = `id: f\nagents: { a: { instructions: x } }\ntasks: [${task.replace("ESC", "onError: { escalate: {} }")}]\noutputs: { x: "{{ tasks.x.output }}" }\n`;
    const run = world(text, {
      tools: { t: {} },
      calls: (call) => broken(call.key),
      models: (call) => broken(call.key),
    }).tick(1_000);
    expect(asked(run, "x")).toBeDefined();
    expect(run.pending()).toHaveLength(1);
    const whole = asked(run, "x")?.ask.fields?.["x-whole-output"] === true;
    const answer = (whole ? { output: "by hand" } : { note: "by hand" }) as Record<string, Json>;
    run.decide("answer", { answer });
    expect(run.output()).toEqual({ x: whole ? "by hand" : { note: "by hand" } });
  });

  test("[M70] in an iteration is asked about there, and the others go on", () => {
    const run = world(
      `id: f
tasks:
  - id: each
    foreach: [1, 2, 3]
    concurrency: 3
    tasks: [{ id: pay, tool: pay, with: { n: "{{ item }}" }, onError: { escalate: {} } }]
outputs: { all: "{{ tasks.each.output }}" }
`,
      {
        tools: { pay: {} },
        calls: (call) => ((call.args as { n: number }).n === 2 ? broken(call.key) : { paid: call.args }),
      },
    );
    expect(asked(run, "each[1]/pay")).toBeDefined();
    expect(run.state().tasks["each[2]/pay"]?.status.name).toBe("succeeded");
    run.decide("answer", { answer: { output: "paid in cash" } });
    expect(run.output()).toEqual({ all: [{ paid: { n: 1 } }, "paid in cash", { paid: { n: 3 } }] });
  });

  test("[M71] retry: one more attempt, which is asked about again when it fails", () => {
    const run = world(desk, { tools: { pay: {} }, calls: failing(3) }).tick(1_000);
    run.decide("retry", { comment: "The shop was closed" });
    expect(run.state().tasks["pay"]?.attempt).toBe(3);
    expect(asked(run)?.ask.details).toMatchObject({ attempts: [{}, {}, { attempt: 3 }] });
    run.decide("retry");
    expect(run.output()).toEqual({ paid: { ok: 4 }, state: "succeeded" });
    const pay = run.state().tasks["pay"];
    expect(pay?.attempt).toBe(4);
    expect(pay?.failedAttempts.map((one) => one.decided?.by?.name)).toEqual([undefined, "Ada", "Ada"]);
    expect(pay?.failedAttempts[1]?.decided?.comment).toBe("The shop was closed");
    const keys = run.events.flatMap(({ body }) => (body.type === "tool-call-begun" ? [body.key] : []));
    expect(new Set(keys).size).toBe(4);
    expect(run.types().filter((type) => type === "log-written")).toHaveLength(4);
  });

  test("[M71] answer: what the person gives is the output, and finally runs after it", () => {
    const run = world(desk, { tools: { pay: {} }, calls: failing(9) }).tick(1_000);
    run.decide("answer", { answer: { output: { by: "hand" } } });
    expect(run.output()).toEqual({ paid: { by: "hand" }, state: "succeeded" });
    const decided = run.types().indexOf("approval-decided");
    expect(
      run.events.findIndex(({ body }) => "path" in body && body.path === "pay/!finally/tidy"),
    ).toBeGreaterThan(decided);
  });

  test("[M71] answer: the form is the shape of the task's output where it is known, and it is held to it", () => {
    const flow = flowOf(`
id: f
agents: { a: { instructions: x } }
tasks:
  - { id: sort, agent: a, prompt: go, returns: { order: string, amount: number }, onError: { escalate: {} } }
outputs: { amount: "{{ tasks.sort.output.amount }}" }
`);
    const ask = () => world(flow, { models: (call) => broken(call.key) });
    expect(asked(ask(), "sort")?.ask.fields).toMatchObject({
      properties: { order: { type: "string" }, amount: { type: "number" } },
    });
    expect(
      ask()
        .decide("answer", { answer: { order: "7", amount: 4 } })
        .output(),
    ).toEqual({ amount: 4 });
    expect(
      ask()
        .decide("answer", { answer: { order: "7" } })
        .output(),
    ).toMatchObject({
      outcome: "failed",
      error: { code: "bad-input" },
    });
  });

  test("[M71] skip: its output is null and the run goes on", () => {
    const run = world(desk, { tools: { pay: {} }, calls: failing(9) }).tick(1_000);
    expect(run.decide("skip").output()).toEqual({ paid: null, state: "failed" });
    expect(run.state().tasks["pay"]?.status).toMatchObject({ name: "failed", handled: true });
    expect(run.state().tasks["pay/!finally/tidy"]?.status.name).toBe("succeeded");
  });

  test("[M71] fail: it fails with the error that was asked about", () => {
    const run = world(desk, { tools: { pay: {} }, calls: failing(9) }).tick(1_000);
    expect(run.decide("fail").output()).toMatchObject({
      outcome: "failed",
      error: { code: "bad-input", message: "No such order", task: "pay" },
    });
  });

  test("[M71] a decision names who made it, and one that is not among the choices means nothing", () => {
    const run = world(desk.replace("roles: [operator] }", "roles: [operator] }, choices: [retry, fail]"), {
      tools: { pay: {} },
      calls: failing(9),
    }).tick(1_000);
    expect(asked(run)?.ask.fields).toBeNull();
    run.decide("skip");
    expect(asked(run)?.end).toBeNull();
    run.decide("fail");
    expect(asked(run)?.end).toMatchObject({ decision: "fail", by: ada });
  });

  test("[M72] its deadline passes undecided: it fails, or is skipped where that was declared", () => {
    for (const [more, outcome] of [
      ["timeout: 1h", "failed"],
      ["timeout: 1h, onTimeout: skip", "succeeded"],
    ] as const) {
      const text = `id: f\ntasks: [{ id: gate, approval: Well?, timeout: 5m, onError: { escalate: { ${more} } }, finally: [{ id: last, wait: 1m }] }]\n`;
      const run = world(text).tick(300_000);
      expect(asked(run, "gate")?.deadline).toBe((asked(run, "gate")?.requestedAt ?? 0) + 3_600_000);
      run.tick(3_500_000);
      expect(asked(run, "gate")?.end).toBeNull();
      run.tick(200_000);
      expect(asked(run, "gate")?.end).toMatchObject({ name: "withdrawn" });
      run.tick(60_000);
      expect(run.state().phase).toMatchObject({ name: "finished", outcome });
    }
  });

  test("[M72] cancelling takes the question back and still runs finally", () => {
    const run = world(desk, { tools: { pay: {} }, calls: failing(9) })
      .tick(1_000)
      .cancel();
    expect(asked(run)?.end).toMatchObject({ name: "withdrawn" });
    expect(run.state().tasks["pay/!finally/tidy"]?.status.name).toBe("succeeded");
    expect(run.state().phase).toMatchObject({ name: "finished", outcome: "cancelled" });
  });
});

test("[M73] an approval of several people names all of them", () => {
  const run = world(
    'id: f\ntasks: [{ id: gate, approval: Well?, by: { quorum: 2 } }]\noutputs: { gate: "{{ tasks.gate.output }}" }\n',
  );
  const [first] = run.pending();
  expect(run.state().tasks["gate"]?.approvals[0]?.ask.by.quorum).toBe(2);
  const votes = [
    { by: { id: "user_bob", name: "Bob" }, decision: "approve", comment: "Fine" },
    { by: { id: "user_ada", name: "Ada" }, decision: "approve", comment: "" },
  ];
  const verdict = { decision: "approve", by: ada, comment: "", answer: null, votes };
  run.send({ kind: "approval", approvalId: first?.approvalId ?? "", ...verdict });
  expect(run.state().tasks["gate"]?.approvals[0]?.end).toMatchObject({ votes });
  expect(run.output()).toMatchObject({ gate: { decision: "approve", by: { name: "Ada" }, votes } });
});

describe("a question that nobody decides", () => {
  const gate = (more: string) =>
    world(
      `id: f\ntasks: [{ id: gate, approval: Well?, by: { roles: [approver] }, escalate: [{ after: 2h, to: { users: [a@x.test] } }, { after: 1h, to: admin }], ${more} }]\n`,
    );
  const further = (run: ReturnType<typeof world>) =>
    run.state().tasks["gate"]?.approvals[0]?.escalated?.map(({ roles, users }) => [...roles, ...users]);

  test("[M74] goes to those whom its chain names, each at their time", () => {
    const run = gate("timeout: 3h");
    expect(JSON.parse(run.state().tasks["gate"]?.approvals[0]?.ask.canonical as string)).toMatchObject({
      escalate: [{ after: 3_600_000 }, { after: 7_200_000 }],
    });
    expect(further(run)).toBeUndefined();
    expect(further(run.tick(3_600_000))).toEqual([["admin"]]);
    expect(further(run.tick(3_600_000))).toEqual([["admin"], ["a@x.test"]]);
    run.decide("approve");
    expect(run.state().phase).toMatchObject({ outcome: "succeeded" });
    expect(run.state().timers).toEqual({});
  });

  test("[M74] goes to all of them at its timeout, and has as much time again", () => {
    const run = gate("timeout: 90m, onTimeout: escalate");
    expect(further(run.tick(5_399_999))).toEqual([["admin"]]);
    expect(further(run.tick(1))).toEqual([["admin"], ["a@x.test"]]);
    run.tick(5_399_999);
    expect(run.pending()).toHaveLength(1);
    run.tick(1);
    expect(run.output()).toMatchObject({ outcome: "failed", error: { code: "deadline" } });
  });
});
