import { describe, expect, test } from "vitest";
import type { Json } from "#base/index.ts";
import type { Sandbox } from "../index.ts";
import { ada, startSignal, type World, world, type WorldOptions } from "../testing/world.ts";

const tools: WorldOptions["tools"] = {
  read: { effect: "none" },
  send: { outputSchema: { type: "object", properties: { id: { type: "string" } }, required: ["id"] } },
  fetch: { effect: { noneWhere: { argument: "method", beginsWith: ["GET"] } } },
  stamp: { outputSchema: { type: "string", pattern: "^[A-Z]{9}$" } },
  "memory.set": { effect: { noneWhere: { argument: "key", beginsWith: ["run:"] } } },
};

function tried(flow: string, sandbox: Partial<Sandbox> = {}, options: WorldOptions = {}): World {
  const start = startSignal(options.inputs ?? {});
  if (start.kind !== "start") throw new Error("No start.");
  const body = { ...start.body, sandbox: { mocks: {}, questions: "ask", ...sandbox } as const };
  return world(flow, { tools, ...options, start: { kind: "start", body } });
}

const calls = (run: World): Json[] =>
  run.events.flatMap(({ body }) =>
    body.type === "tool-call-begun" ? [{ tool: body.tool, mocked: body.mocked ?? null }] : [],
  );

describe("sandbox runs", () => {
  test("[M114] what changes nothing is called, the rest is answered in its place and marked", () => {
    const made: string[] = [];
    const run = tried(
      `
id: f
tasks:
  - { id: look, tool: read }
  - { id: get, tool: fetch, with: { method: GET } }
  - { id: put, tool: fetch, with: { method: PUT } }
  - { id: mail, tool: send }
outputs: { mail: "{{ tasks.mail.output.id }}", put: "{{ tasks.put.output }}" }
`,
      { mocks: { fetch: { ok: true } } },
      {
        calls: (call) => {
          made.push(call.tool);
          return { real: true };
        },
      },
    );
    expect(made).toEqual(["read"]);
    expect(calls(run)).toEqual([
      { tool: "read", mocked: null },
      { tool: "fetch", mocked: "given" },
      { tool: "fetch", mocked: "given" },
      { tool: "send", mocked: "example" },
    ]);
    expect(run.output()).toEqual({ mail: "example", put: { ok: true } });
    expect(run.state().tasks["mail"]?.effects[0]).toMatchObject({
      mocked: "example",
      end: { name: "finished" },
    });
  });

  test("[M114] an agent's calls are mocked as well, and its models are called", () => {
    const run = tried(
      `
id: f
agents: { a: { instructions: x, tools: [read, send] } }
tasks: [{ id: work, agent: a, prompt: go }]
`,
      {},
      {
        models: (_call, count) =>
          count === 1
            ? {
                toolCalls: [
                  { callId: "1", tool: "send", args: {} },
                  { callId: "2", tool: "read", args: {} },
                ],
              }
            : "Sent.",
      },
    );
    expect(calls(run)).toEqual([
      { tool: "send", mocked: "example" },
      { tool: "read", mocked: null },
    ]);
    expect(run.state().tasks["work"]?.messages[2]).toMatchObject({ role: "tool", result: { id: "example" } });
    expect(run.state().tasks["work"]?.status).toEqual({ name: "succeeded", output: "Sent." });
  });

  test("[M114] a call that a person approved is mocked all the same; a script runs", () => {
    const run = tried(
      "id: f\ntasks: [{ id: s, script: javascript, code: return 1 }, { id: mail, tool: send }]\n",
      {},
      { tools: { ...tools, send: { ...tools["send"], risk: "high" } }, calls: () => 1 },
    );
    expect(run.pending()).toHaveLength(1);
    run.decide("approve");
    expect(calls(run)).toEqual([
      { tool: "script", mocked: null },
      { tool: "send", mocked: "example" },
    ]);
    expect(run.state().phase).toMatchObject({ name: "finished", outcome: "succeeded" });
  });

  test("[M115] without a shape it answers that nothing was done; without an example the call fails", () => {
    const plain = tried(
      "id: f\ntasks: [{ id: put, tool: fetch }]\noutputs: { put: '{{ tasks.put.output }}' }\n",
    );
    expect(plain.output()).toEqual({ put: "Sandbox run: this was not done." });
    const none = tried("id: f\ntasks: [{ id: stamp, tool: stamp }]\n");
    expect(none.output()).toMatchObject({
      error: { code: "bad-input", hint: "Try it again and say what stamp answers." },
    });
  });

  const gates = `
id: f
tasks:
  - id: gate
    approval: Well?
    by: { roles: [admin], quorum: 2, excludeStarter: true }
    escalate: [{ after: 1h, to: owner }]
  - { id: ask, form: How many?, fields: { n: integer } }
  - { id: no, fail: broken, onError: { escalate: { to: admin, choices: [retry, fail] } } }
`;

  test("[M116] questions go to the one who tries, and no further", () => {
    const run = tried(gates);
    const [gate] = run.state().tasks["gate"]?.approvals ?? [];
    expect(gate?.ask).toMatchObject({
      sandbox: true,
      by: { roles: [], users: [ada.id], quorum: 1, excludeStarter: false },
    });
    expect(gate?.ask.escalate).toBeUndefined();
    expect(run.state().timers).toEqual({});
    run.decide("approve").decide("submit", { answer: { n: 2 } });
    expect(run.state().tasks["no"]?.approvals[0]?.ask).toMatchObject({
      sandbox: true,
      by: { users: [ada.id] },
    });
  });

  test("[M116] as chosen, questions answer themselves", () => {
    const run = tried(gates, { questions: "answer" });
    const { tasks, phase } = run.state();
    expect(tasks["gate"]?.status).toMatchObject({ output: { decision: "approve", by: { name: "Sandbox" } } });
    expect(tasks["ask"]?.status).toMatchObject({ output: { n: 1 } });
    expect(phase).toMatchObject({ outcome: "failed", error: { message: "broken" } });
  });

  test("[M117] waits are over at once, events get the given answer, locks are not taken", () => {
    const run = tried(
      `
id: f
tasks:
  - { id: pause, wait: 2d, lock: one }
  - { id: paid, wait: { event: paid } }
  - { id: other, wait: { event: other } }
outputs: { paid: "{{ tasks.paid.output.sum }}", other: "{{ tasks.other.output }}" }
`,
      { mocks: { "event:paid": { sum: 3 } } },
    );
    expect(run.output()).toEqual({ paid: 3, other: null });
    expect(run.types().filter((type) => type.startsWith("lock") || type.startsWith("timer"))).toEqual([]);
    expect(run.events.filter(({ body }) => body.type === "event-received")).toHaveLength(2);
  });

  test("[M118] retried, it stays a sandbox run", () => {
    const run = tried("id: f\ntasks: [{ id: no, tool: stamp }]\n");
    expect(run.state().phase).toMatchObject({ outcome: "failed" });
    run.retry();
    expect(run.state().sandbox).toEqual({ mocks: {}, questions: "ask" });
    expect(calls(run)).toEqual([
      { tool: "stamp", mocked: "example" },
      { tool: "stamp", mocked: "example" },
    ]);
  });

  test("[M119] it remembers for itself alone", () => {
    const run = tried(
      `
id: f
memory: { write: ["run:*", "flow:*"] }
tasks:
  - { id: own, remember: { "run:a": 1 } }
  - { id: shared, remember: { "flow:a": 1, "run:a": 2 } }
`,
      {},
      { calls: () => ({ "run:a": 1 }) },
    );
    expect(calls(run)).toEqual([
      { tool: "remember", mocked: null },
      { tool: "remember", mocked: "example" },
    ]);
    expect(run.state().tasks["shared"]?.status).toMatchObject({ output: { "flow:a": 1, "run:a": 1 } });
  });
});

describe("running to a task", () => {
  const flow = `
id: f
success: "false"
tasks:
  - { id: first, set: { x: 1 } }
  - id: each
    foreach: [1, 2]
    tasks:
      - { id: mark, log: "{{ item }}" }
      - { id: after, log: "{{ item }}" }
  - { id: later, log: later }
outputs: { x: "{{ tasks.later.output }}" }
finally: [{ id: last, log: over }]
`;

  test("[M120] the run ends with the task, wherever it stands", () => {
    const run = tried(flow, { until: "each/mark" });
    const { phase, tasks } = run.state();
    expect(phase).toMatchObject({
      name: "finished",
      outcome: "succeeded",
      outputs: {},
      message: 'Stopped after "mark", as asked.',
    });
    expect(phase.name === "finished" && phase.goal).toBe(undefined);
    expect(Object.keys(tasks)).toEqual(["first", "each", "each[0]/mark", "!finally/last"]);
    expect(tasks["each"]?.status.name).toBe("cancelled");
  });

  test.each([
    ["succeeds", "set: { x: 1 }", "succeeded"],
    ["holds others", "sequence: [{ id: inner, set: { x: 1 } }]", "succeeded"],
    ["is mocked", "tool: send", "succeeded"],
    ["is skipped", "set: { x: 1 }, when: 1 > 2", "succeeded"],
    ["fails and is handled", "fail: broken, onError: continue", "succeeded"],
    ["fails", "fail: broken", "failed"],
  ])("[M120] a task that %s ends it", (_what, head, outcome) => {
    const run = tried(
      `id: f\ntasks: [{ id: all, parallel: [{ id: here, ${head} }, { id: gate, approval: Well? }], join: settled }, { id: later, log: x }]\n`,
      { until: "all/here" },
    );
    expect(run.state().phase).toMatchObject({ name: "finished", outcome });
    expect(run.state().tasks["later"]).toBeUndefined();
    expect(run.pending()).toEqual([]);
  });

  test("[M120] one that is never reached leaves the run to its end", () => {
    const run = tried(
      "id: f\ntasks: [{ id: which, if: 1 > 2, then: [{ id: here, log: x }], else: [{ id: there, log: y }] }]\n",
      { until: "which/here" },
    );
    expect(run.state().phase).toMatchObject({ outcome: "succeeded" });
    expect(run.state().tasks["which/there"]?.status.name).toBe("succeeded");
  });

  test("[M121] a loop that holds the task is the run's own, however long", () => {
    const long = `id: f\ninputs: { list: array }\ntasks: [{ id: each, foreach: "{{ inputs.list }}", tasks: [{ id: mark, log: x }] }]\n`;
    const inputs = { list: Array.from({ length: 300 }, (_, index) => index) };
    const run = tried(long, { until: "each/mark" }, { inputs });
    expect(run.types()).not.toContain("child-requested");
    expect(run.state().phase).toMatchObject({ message: 'Stopped after "mark", as asked.' });
    expect(tried(long, {}, { inputs }).types()).toContain("child-requested");
  });
});
