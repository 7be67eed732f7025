import type { Json } from "#base/index.ts";
import { describe, expect, test } from "vitest";
import { advance, foldEvents, headline, machine, type Signal } from "./index.ts";
import type { StoredMessage } from "./events.ts";
import { canonicalJson } from "../values/canonical.ts";
import { ada, fakeHash, modelFinished, toolFacts, world, type WorldOptions } from "./testing/world.ts";

const text = (more = "", agent = "tools: [crm.*]"): string => `
id: desk
agents:
  triage: { instructions: "Help {{ inputs.who }}.", ${agent} }
inputs: { who: { type: string, default: Ada } }
tasks:
  - id: sort
    agent: triage
    prompt: Do it
    ${more}
outputs: { out: "{{ tasks.sort.output }}" }
`;
const call = (
  callId: string,
  tool: string,
  args: Json = {},
): { callId: string; tool: string; args: Json } => ({
  callId,
  tool,
  args,
});
const messages = (run: ReturnType<typeof world>): readonly StoredMessage[] =>
  run.state().tasks["sort"]?.messages ?? [];
const inputs = { inputs: { who: "Ada" } };

describe("the agent's loop", () => {
  test("[M20] it goes from prompt through tool calls to the last text, calls of a step side by side", () => {
    const run = world(text(), {
      ...inputs,
      tools: { "crm.find": {}, "crm.note": {} },
      models: (_, count) =>
        count === 1 ? { toolCalls: [call("1", "crm.find", { id: 7 }), call("2", "crm.note")] } : "All done",
      calls: () => "hang",
    });
    expect(run.state().tasks["sort"]?.data).toMatchObject({ instructions: "Help Ada.", prompt: "Do it" });
    const open = machine.obligations(run.state());
    expect(open.map((one) => "key" in one && one.key)).toEqual(["run_1:sort:1:1:1", "run_1:sort:1:1:2"]);
    run.send({ kind: "tool-finished", key: "run_1:sort:1:1:2", result: "noted" });
    expect(run.types().at(-1)).toBe("tool-call-finished");
    run.send({ kind: "tool-finished", key: "run_1:sort:1:1:1", result: { name: "Eve" } });
    expect(run.output()).toEqual({ out: "All done" });
    expect(messages(run).map((one) => one.role)).toEqual(["user", "assistant", "tool", "tool", "assistant"]);
    expect(run.state().usage).toMatchObject({
      inputTokens: 20,
      outputTokens: 10,
      cost: 0.5,
      modelCalls: 2,
      toolCalls: 2,
    });
  });

  test("[M21] a call that is unknown, not granted, wrong in its arguments or outside its condition is told, not made", () => {
    const run = world(text("", `tools: [crm.find, { crm.pay: "args.amount < 10" }]`), {
      ...inputs,
      tools: {
        "crm.find": {
          inputSchema: { type: "object", properties: { id: { type: "number" } }, required: ["id"] },
        },
        "crm.pay": {},
        "crm.drop": {},
      },
      models: (_, count) =>
        count > 1
          ? "Sorry"
          : {
              toolCalls: [
                call("1", "nothing.here"),
                call("2", "crm.drop"),
                call("3", "crm.find", { id: "x" }),
                call("4", "crm.pay", { amount: 50 }),
                call("5", "crm.pay", { amount: 5 }),
              ],
            },
    });
    expect(run.output()).toEqual({ out: "Sorry" });
    const told = messages(run).flatMap((one) =>
      one.role === "tool" ? [`${one.callId} ${String(one.result)}`] : [],
    );
    expect(told).toEqual([
      '1 There is no tool named "nothing.here". Your tools are: crm.find, crm.pay.',
      "2 You are not granted crm.drop. Your tools are: crm.find, crm.pay.",
      "3 The arguments are not what crm.find takes. id: Must be a number.",
      "4 You may call crm.pay only where args.amount < 10.",
      "5 [object Object]",
    ]);
    expect(run.types().filter((type) => type === "tool-call-denied")).toHaveLength(4);
  });

  test("[M21] an agent that keeps asking for what it may not have is stopped", () => {
    const run = world(text(), { ...inputs, models: () => ({ toolCalls: [call("1", "nope")] }) });
    expect(run.output()).toMatchObject({ error: { code: "model-output" } });
    expect(run.state().usage.modelCalls).toBe(5);
  });

  test("[M22] a call of high risk waits for a person; what they approved is what is done", () => {
    const options: WorldOptions = {
      ...inputs,
      tools: { "crm.pay": { risk: "high" } },
      models: (_, count) => (count === 1 ? { toolCalls: [call("1", "crm.pay", { b: 1, a: 2 })] } : "Paid"),
    };
    const run = world(text(), options);
    expect(run.types().at(-1)).toBe("approval-requested");
    const asked = run.state().tasks["sort"]?.approvals[0]?.ask;
    const bytes = canonicalJson({
      tool: "crm.pay",
      args: { a: 2, b: 1 },
      schemaHash: "hash of crm.pay",
      revision: "rev",
      agent: "triage",
      run: "run_1",
      key: "run_1:sort:1:1:1",
    });
    expect(asked).toMatchObject({ kind: "tool", risk: "high", canonical: bytes, hash: fakeHash(bytes) });
    run.decide("approve");
    expect(run.events.find((event) => event.body.type === "tool-call-begun")?.body).toMatchObject({
      args: { a: 2, b: 1 },
      approvedHash: fakeHash(bytes),
    });
    expect(run.output()).toEqual({ out: "Paid" });
    const again = run.events.length;
    run.send({ kind: "approval", approvalId: "x", decision: "approve", by: null, comment: "", answer: null });
    expect(run.events.length).toBe(again);
  });

  test("[M21] what looks like a secret or a reference is none in an agent's arguments: they are checked as they are", () => {
    const flow =
      "id: t\nagents: { a: { instructions: x, tools: [look] } }\ntasks: [{ id: a, agent: a, prompt: go }]\n";
    const inputSchema = { type: "object", properties: { url: { type: "string" } } };
    const toolCalls = [
      call("c", "look", { url: { $secret: 5 } }),
      call("d", "look", { $blob: { hash: "0", bytes: 1, preview: "" } }),
    ];
    const run = world(flow, {
      tools: { look: { inputSchema } },
      models: (_, count) => (count === 1 ? { toolCalls } : "done"),
    });
    expect(run.types().filter((type) => type === "tool-call-denied")).toHaveLength(2);
    expect(run.types()).not.toContain("tool-call-begun");
  });

  test("[M22] a rejected call is told to the model with the reason", () => {
    const run = world(text(), {
      ...inputs,
      tools: { "crm.pay": { risk: "high" } },
      models: (_, count) => (count === 1 ? { toolCalls: [call("1", "crm.pay")] } : "Understood"),
    });
    run.decide("reject", { comment: "Too much" });
    expect(run.output()).toEqual({ out: "Understood" });
    expect(messages(run)[2]).toMatchObject({ role: "tool", isError: true });
    expect(JSON.stringify(messages(run)[2])).toContain("They said: Too much");
  });

  test("[M23] an answer of the wrong shape is asked for again with the errors, three times at most", () => {
    const more = "returns: { n: number }";
    const good = world(text(more), {
      ...inputs,
      models: (_, count) => ["no json", '{"n": "x"}', '```json\n{"n": 4}\n```'][count - 1] ?? "",
    });
    expect(good.output()).toEqual({ out: { n: 4 } });
    expect(
      messages(good)
        .filter((one) => one.role === "user")
        .map((one) => one.text),
    ).toEqual([
      "Do it",
      "The answer is not JSON. Answer with one JSON value of the expected shape and nothing else.",
      "The answer is not of the expected shape. n: Must be a number. Answer with one JSON value of the expected shape and nothing else.",
    ]);
    const bad = world(text(more), { ...inputs, models: () => "never" });
    expect(bad.output()).toMatchObject({ error: { code: "model-output", task: "sort" } });
    expect(bad.state().usage.modelCalls).toBe(4);
  });

  test("[M24] limits of steps, tokens and cost stop the agent, naming the limit", () => {
    const looping: WorldOptions = {
      ...inputs,
      tools: { "crm.find": {} },
      models: (_, count) => ({ toolCalls: [call(`${count}`, "crm.find")] }),
    };
    const reached = (limits: string): unknown =>
      world(text("", `tools: [crm.*], limits: ${limits}`), looping).output();
    expect(reached("{ steps: 3 }")).toMatchObject({
      error: { code: "limit-reached", message: expect.stringContaining("3 steps") },
    });
    expect(reached("{ tokens: 40 }")).toMatchObject({
      error: { message: expect.stringContaining("its limit is 40") },
    });
    expect(reached("{ cost: 0.5 }")).toMatchObject({
      error: { message: expect.stringContaining("its limit is 0.5") },
    });
    expect(reached("{}")).toMatchObject({ error: { message: expect.stringContaining("50 steps") } });
    const slow = world(text("limits: { time: 30s }"), { ...inputs, models: () => "hang" });
    expect(slow.tick(30_000).output()).toMatchObject({ error: { code: "limit-reached" } });
  });

  test("[M25] a model that is busy is asked again after the time that it told; one that refuses is not", () => {
    const failing = (key: string, retryable: boolean): Signal => ({
      kind: "effect-failed",
      key,
      retryable,
      retryAfterMs: 20_000,
      error: { code: "rate-limited", message: "Busy" },
    });
    const run = world(text(), {
      ...inputs,
      models: (one, count) => (count < 3 ? failing(one.key, true) : "done"),
    });
    run.tick(19_999);
    expect(run.state().tasks["sort"]?.effects).toHaveLength(1);
    run.tick(1).tick(20_000);
    expect(run.output()).toEqual({ out: "done" });
    expect(run.state().tasks["sort"]?.effects.map((one) => one.key)).toEqual([
      "run_1:sort:1:1:m1",
      "run_1:sort:1:1:m2",
      "run_1:sort:1:1:m3",
    ]);
    const never = world(text(), { ...inputs, models: (one) => failing(one.key, true) }).toEnd();
    expect(never.output()).toMatchObject({ error: { code: "rate-limited", message: "Busy (5 tries)" } });
    const refused = world(text(), { ...inputs, models: (one) => failing(one.key, false) });
    expect(refused.output()).toMatchObject({ error: { code: "rate-limited", message: "Busy" } });
  });

  test("[M25] a call that was not made, as its model is out, counts as no try, and is made ever later", () => {
    const out = (key: string): Signal => ({
      kind: "effect-failed",
      key,
      retryable: true,
      retryAfterMs: 10_000,
      postponed: true,
      error: { code: "unavailable", message: "Out" },
    });
    const run = world(text(), {
      ...inputs,
      models: (one, count) => (count <= 40 ? out(one.key) : "back"),
    });
    const waits: number[] = [];
    for (let looks = 0; looks < 40; looks += 1) {
      expect(machine.obligations(run.state()).map(({ kind }) => kind)).toEqual(["timer"]);
      expect(headline(run.state(), run.flow)).toBe("sort: waiting until the model is back");
      const due = Object.values(run.state().timers)[0]?.dueAt ?? 0;
      waits.push(due - run.context().now);
      run.tick(due - run.context().now);
    }
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(10_500);
    expect(waits[0]).toBeLessThanOrEqual(11_000);
    expect(Math.max(...waits)).toBeGreaterThan(100_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(310_000);
    expect(run.output()).toEqual({ out: "back" });
  });

  test("[M130] a call whose turn comes later counts as no try, and comes again when it was told to", () => {
    const later = (key: string): Signal => ({
      kind: "effect-failed",
      key,
      retryable: true,
      retryAfterMs: 20_000,
      postponed: true,
      error: { code: "rate-limited", message: "Others go first" },
    });
    const run = world(text(), {
      ...inputs,
      models: (one, count) => (count <= 9 ? later(one.key) : "my turn"),
    });
    for (let looks = 0; looks < 9; looks += 1) {
      expect(headline(run.state(), run.flow)).toBe("sort: waiting for its turn at the model");
      const due = Object.values(run.state().timers)[0]?.dueAt ?? 0;
      expect(due - run.context().now).toBe(20_000);
      run.tick(20_000);
    }
    expect(run.output()).toEqual({ out: "my turn" });
  });

  test("[M25] tries that were made count on, however often a call is postponed in between", () => {
    const failing = (key: string, count: number): Signal => ({
      kind: "effect-failed",
      key,
      retryable: true,
      ...(count % 2 === 0 ? { postponed: true } : {}),
      error: { code: "unavailable", message: "Out" },
    });
    const run = world(text(), { ...inputs, models: (one, count) => failing(one.key, count) }).toEnd();
    expect(run.output()).toMatchObject({ error: { message: "Out (5 tries)" } });
    expect(run.state().tasks["sort"]?.effects).toHaveLength(9);
  });

  test("[M98] an answer that was cut off is asked for again, and never taken for a whole one", () => {
    const cut = (key: string): Signal => ({
      ...(modelFinished(key, "Half an ans") as Extract<Signal, { kind: "model-finished" }>),
      finishReason: "length",
      usage: { outputTokens: 4096 },
    });
    const run = world(text(), {
      ...inputs,
      models: (one, count) => (count === 1 ? cut(one.key) : "All of it"),
    });
    expect(run.output()).toEqual({ out: "All of it" });
    expect(messages(run).at(-2)).toMatchObject({ role: "user", text: expect.stringContaining("cut off") });
    const never = world(text(), { ...inputs, models: (one) => cut(one.key) });
    expect(never.output()).toMatchObject({
      error: {
        code: "limit-reached",
        message:
          'The model test reached its limit of output of 4096 tokens before the answer of the agent "triage" was complete, 4 times.',
      },
    });
  });

  test("[M99] nothing that is called makes a run wait for longer than an hour", () => {
    const busy = (key: string): Signal => ({
      kind: "effect-failed",
      key,
      retryable: true,
      retryAfterMs: 86_400_000,
      error: { code: "rate-limited", message: "Busy" },
    });
    const asked = world(text(), { ...inputs, models: (one) => busy(one.key) });
    expect(asked.output()).toMatchObject({ error: { code: "rate-limited" } });
    const called = world(
      'id: t\ntasks: [{ id: a, tool: pay, retry: { maxAttempts: 2, delay: 1s } }]\noutputs: { out: "{{ tasks.a.output }}" }\n',
      { tools: { pay: {} }, calls: (one, count) => (count === 1 ? busy(one.key) : "paid") },
    );
    called.tick(3_599_999);
    expect(called.state().phase.name).toBe("running");
    expect(called.tick(1).output()).toEqual({ out: "paid" });
  });

  test("[M26] call ids that a model doubles or leaves out are told apart", () => {
    const run = world(text(), {
      ...inputs,
      tools: { "crm.find": {} },
      models: (_, count) =>
        count === 1
          ? { toolCalls: [call("", "crm.find"), call("x", "crm.find"), call("x", "crm.find")] }
          : "done",
    });
    expect(run.output()).toEqual({ out: "done" });
    expect(messages(run).flatMap((one) => (one.role === "tool" ? [one.callId] : []))).toEqual([
      "call-1",
      "x",
      "x-3",
    ]);
  });
});

describe("effects that were lost", () => {
  const lost = { kind: "effect-lost", key: "run_1:a:1:1:call", reason: "The worker died." } as const;
  const tool = `
id: t
tasks: [{ id: a, tool: pay }]
outputs: { out: "{{ tasks.a.output }}" }
`;

  test("[M27] a call that may be repeated stays owed under its key; any other is asked about", () => {
    const repeatable = world(tool, { tools: { pay: { repeatable: true } }, calls: () => "hang" });
    const before = repeatable.events.length;
    repeatable.send(lost);
    expect(repeatable.events.length).toBe(before);
    expect(machine.obligations(repeatable.state())).toMatchObject([{ key: lost.key }]);
    const run = world(tool, { tools: { pay: {} }, calls: () => "hang" }).send(lost);
    expect(run.types().slice(-2)).toEqual(["effect-lost", "approval-requested"]);
    expect(machine.obligations(run.state())).toMatchObject([{ kind: "approval" }]);
  });

  test("[M27] a person says that it happened, has it done again, or fails the task", () => {
    const start = (): ReturnType<typeof world> =>
      world(tool, { tools: { pay: {} }, calls: () => "hang" }).send(lost);
    expect(
      start()
        .decide("happened", { answer: { result: 9 } })
        .output(),
    ).toEqual({ out: 9 });
    const again = start().decide("again");
    expect(machine.obligations(again.state())).toMatchObject([{ kind: "tool-call", key: lost.key }]);
    again.send({ kind: "tool-finished", key: lost.key, result: "late" });
    expect(again.output()).toEqual({ out: "late" });
    expect(start().decide("fail").output()).toMatchObject({ error: { code: "outcome-unknown" } });
  });

  test("[M27] a task that a person chose to fail makes no further attempt", () => {
    const retried = tool.replace("tool: pay", "tool: pay, retry: { maxAttempts: 3, delay: 1s }");
    const run = world(retried, { tools: { pay: {} }, calls: () => "hang" })
      .send(lost)
      .decide("fail");
    expect(run.output()).toMatchObject({ error: { code: "outcome-unknown" } });
    expect(run.types().filter((type) => type === "tool-call-begun")).toHaveLength(1);
  });

  test("[M27] an agent does not go on after a person chose to fail its task", () => {
    const text =
      "id: t\nagents: { a: { instructions: x, tools: [pay] } }\ntasks: [{ id: a, agent: a, prompt: go }]\n";
    const run = world(text, {
      tools: { pay: {} },
      models: () => ({ toolCalls: [{ callId: "c", tool: "pay", args: {} }] }),
      calls: () => "hang",
    });
    run.send({ ...lost, key: "run_1:a:1:1:c" }).decide("fail");
    expect(run.output()).toMatchObject({ outcome: "failed", error: { code: "outcome-unknown" } });
    expect(run.types().filter((type) => type === "model-call-begun")).toHaveLength(1);
  });

  test("[M27] what changed since a person chose to run it again is not run", () => {
    const facts = { schemaHash: "before" };
    const run = world(tool, { tools: { pay: facts }, calls: () => "hang" }).send(lost);
    const context = run.context();
    const [asked] = run.pending();
    const decision = advance(
      run.state(),
      [
        {
          kind: "approval",
          approvalId: asked?.approvalId ?? "",
          decision: "again",
          by: ada,
          comment: "",
          answer: null,
        },
      ],
      { ...context, tools: { names: () => ["pay"], get: () => toolFacts("pay", { schemaHash: "after" }) } },
    );
    expect(decision.events?.map((event) => event.type)).toEqual([
      "approval-decided",
      "tool-call-failed",
      "task-failed",
      "run-finished",
    ]);
  });

  test("[M27] lost a second time, it is asked about a second time", () => {
    const run = world(tool, { tools: { pay: {} }, calls: () => "hang" }).send(lost);
    run.decide("again");
    run.tick(1);
    run.send(lost);
    expect(run.pending()).toHaveLength(1);
  });
});

describe("people", () => {
  test("[M28] an approval is answered, or its rejection fails the task", () => {
    const flow = (more: string): string => `
id: p
tasks:
  - id: gate
    approval: "Close {{ run.id }}?"
    decisions: { approve: Close it, reject: Keep it }
    ${more}
outputs: { decision: "{{ tasks.gate.output.decision }}", by: "{{ tasks.gate.output.by }}" }
`;
    const yes = world(flow(""));
    expect(yes.state().tasks["gate"]?.approvals[0]?.ask).toMatchObject({
      title: "Close run_1?",
      decisions: [{ label: "Close it" }, { label: "Keep it" }],
    });
    expect(yes.decide("approve").output()).toMatchObject({ decision: "approve", by: { id: "user_ada" } });
    expect(world(flow("")).decide("reject", { comment: "no" }).output()).toMatchObject({
      error: { code: "rejected", message: 'Ada rejected "Close run_1?": no' },
    });
    expect(world(flow("onReject: continue")).decide("reject").output()).toMatchObject({ decision: "reject" });
    const unknown = world(flow(""));
    const before = unknown.events.length;
    expect(unknown.decide("maybe").events.length).toBe(before);
  });

  test("[M29] a deadline that passes does what onTimeout says; a decision after it means nothing", () => {
    const flow = (more: string): string => `
id: p
tasks: [{ id: gate, approval: Well?, timeout: 1h, ${more} }]
outputs: { decision: "{{ tasks.gate.output.decision }}" }
`;
    const late = world(flow("onTimeout: fail"));
    const [asked] = late.pending();
    late.tick(3_600_000);
    expect(late.output()).toMatchObject({ error: { code: "deadline" } });
    expect(late.types()).toContain("approval-withdrawn");
    const { length } = late.events;
    late.send({
      kind: "approval",
      approvalId: asked?.approvalId ?? "",
      decision: "approve",
      by: null,
      comment: "",
      answer: null,
    });
    expect(late.events).toHaveLength(length);
    expect(world(flow("onTimeout: reject")).tick(3_600_000).output()).toMatchObject({
      error: { code: "rejected" },
    });
    expect(world(flow("onTimeout: continue")).tick(3_600_000).output()).toEqual({ decision: "timeout" });
    const early = world(flow("onTimeout: fail")).decide("approve");
    expect(early.state().timers).toEqual({});
  });

  test("[M30] a form's answer is its output", () => {
    const run = world(`
id: f
tasks: [{ id: ask, form: What now?, fields: { decision: string } }]
outputs: { out: "{{ tasks.ask.output.decision }}" }
`);
    expect(run.state().tasks["ask"]?.approvals[0]?.ask).toMatchObject({
      kind: "form",
      fields: { type: "object" },
    });
    expect(run.decide("submit", { answer: { decision: "go" } }).output()).toEqual({ out: "go" });
  });

  test("[M31] a tool task's approval rule holds; its title says what is done", () => {
    const flow = `
id: pay
tools:
  pay.refund:
    title: "Refund {{ args.amount }} EUR for order {{ args.order }}"
    description: Pays money back
    script: javascript
    risk: high
    approval: { when: args.amount > 100, by: { roles: [admin], excludeStarter: true } }
    input: { amount: number, order: string }
    code: return 1
inputs: { amount: number }
tasks: [{ id: pay, tool: pay.refund, with: { amount: "{{ inputs.amount }}", order: A7 } }]
`;
    const rule = {
      when: "args.amount > 100",
      by: { roles: ["admin"], users: [], quorum: 1, excludeStarter: true },
    };
    const tools = { "pay.refund": { risk: "high" as const, approval: rule } };
    expect(world(flow, { tools, inputs: { amount: 50 } }).output()).toEqual({});
    const run = world(flow, { tools, inputs: { amount: 500 } });
    expect(run.state().tasks["pay"]?.approvals[0]?.ask).toMatchObject({
      title: "Refund 500 EUR for order A7",
      by: { roles: ["admin"], excludeStarter: true },
      decisions: [{ label: "Refund 500 EUR for order A7" }, { label: "Do not refund 500 EUR for order A7" }],
    });
    expect(run.decide("reject").output()).toMatchObject({ error: { code: "rejected" } });
  });

  test("[M32] cancelling takes questions back", () => {
    const run = world("id: p\ntasks: [{ id: gate, approval: Well? }]\n").cancel();
    expect(run.types().slice(-4)).toEqual([
      "run-cancel-requested",
      "approval-withdrawn",
      "task-cancelled",
      "run-finished",
    ]);
    expect(foldEvents(machine.initial(), run.events)).toEqual(run.state());
  });
});
