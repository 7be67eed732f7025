import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "#base/index.ts";
import { checkFork, copiedEvents, type Signal } from "./index.ts";
import { ada, flowOf, startSignal, world, type World, type WorldOptions } from "./testing/world.ts";

/** A run that goes out from another at a task. */
function fork(
  source: World,
  path: string,
  options: WorldOptions & { text?: string; vars?: JsonObject; by?: World } = {},
): World {
  const flow = options.text === undefined ? source.flow : flowOf(options.text);
  checkFork(source.events, source.flow, flow, path);
  const start = startSignal(options.inputs ?? source.state().inputs) as Extract<Signal, { kind: "start" }>;
  const forkedFrom = { run: "run_0", number: 1, seq: source.events.length, path };
  return world(flow, {
    ...options,
    start: {
      ...start,
      body: { ...start.body, forkedFrom },
      copied: copiedEvents("run_0", source.events, flow, path),
      overrides: options.vars ?? {},
    },
  });
}

const pipeline = `
id: pipeline
inputs: { name: { type: string, default: Ada } }
vars: { greeting: "Hello {{ inputs.name }}" }
agents: { helper: { instructions: Help., tools: [t] } }
tasks:
  - { id: fetch, tool: t }
  - { id: think, agent: helper, prompt: Go }
  - id: route
    if: 1 < 2
    then:
      - { id: prepare, tool: t, with: { from: "{{ tasks.fetch.output.n }}" } }
      - { id: send, tool: t, with: { text: "{{ vars.greeting }}" } }
    else: [{ id: other, log: no }]
  - { id: last, tool: t }
outputs: { sent: "{{ tasks.send.output.n }}", prepared: "{{ tasks.prepare.output.n }}", greeting: "{{ vars.greeting }}" }
`;
const counting: WorldOptions = {
  inputs: { name: "Ada" },
  tools: { t: {} },
  calls: (_call, count) => ({ n: count }),
};

describe("forking a run", () => {
  test("[M85] what finished before the task is taken over, from the task on everything runs again", () => {
    const source = world(pipeline, counting);
    expect(source.output()).toEqual({ sent: 3, prepared: 2, greeting: "Hello Ada" });
    const made: string[] = [];
    const forked = fork(source, "route/send", {
      inputs: { name: "Grace" },
      tools: { t: {} },
      calls: (call) => {
        made.push(call.path);
        return { n: call.key };
      },
    });
    expect(made).toEqual(["route/send", "last"]);
    expect(forked.output()).toEqual({
      sent: "run_1:route/send:1:1:call",
      prepared: 2,
      greeting: "Hello Grace",
    });
    const { tasks, usage, forkedFrom } = forked.state();
    expect(forkedFrom).toMatchObject({ run: "run_0", path: "route/send" });
    expect(tasks["fetch"]).toMatchObject({ copiedFrom: "run_0", status: { name: "succeeded" } });
    expect(tasks["think"]?.messages).toEqual(source.state().tasks["think"]?.messages);
    expect(tasks["route/send"]?.copiedFrom).toBeNull();
    // What was paid in the source is not paid a second time.
    expect(source.state().usage).toMatchObject({ cost: 0.25, toolCalls: 4 });
    expect(usage).toMatchObject({ cost: 0, modelCalls: 0, toolCalls: 2 });
  });

  test("[M85] variables may be given other values", () => {
    const source = world(pipeline, counting);
    expect(fork(source, "last", { ...counting, vars: { greeting: "Moin" } }).output()).toMatchObject({
      greeting: "Moin",
    });
    expect(fork(source, "fetch", { ...counting, vars: { greeting: "Moin" } }).output()).toMatchObject({
      greeting: "Moin",
    });
  });

  const loop = `
id: loop
tasks:
  - id: each
    foreach: [0, 1, 2, 3]
    tasks:
      - { id: one, tool: t }
      - id: both
        parallel: [{ id: two, tool: t }, { id: three, tool: t }, { id: four, tool: t }]
outputs: { ones: "{{ tasks.each.output.size() }}" }
`;

  test("[M85] in a loop earlier iterations are taken over, later ones run again; in parallel what stands before", () => {
    const source = world(loop, counting);
    const made: string[] = [];
    const forked = fork(source, "each[2]/both/three", {
      tools: { t: {} },
      calls: (call) => {
        made.push(call.path);
        return { n: 1 };
      },
    });
    expect(forked.output()).toEqual({ ones: 4 });
    expect(made).toEqual([
      "each[2]/both/three",
      "each[2]/both/four",
      "each[3]/one",
      "each[3]/both/two",
      "each[3]/both/three",
      "each[3]/both/four",
    ]);
  });

  test("[M85] of tasks that begin by what they need, only those behind the one forked at run again", () => {
    const source = world(
      `
id: net
tasks:
  - id: net
    dag:
      - { id: a, tool: t }
      - { id: c, tool: t, needs: [b] }
      - { id: b, tool: t, needs: [a] }
      - { id: d, tool: t, needs: [a] }
`,
      counting,
    );
    const made: string[] = [];
    const calls = (call: { path: string }): Json => {
      made.push(call.path);
      return 1;
    };
    expect(fork(source, "net/b", { tools: { t: {} }, calls }).output()).toEqual({});
    expect(made).toEqual(["net/b", "net/c"]);
  });

  test("[M85] of a run that was retried the attempts that count are taken over, and a fork can be forked and retried", () => {
    let broken = true;
    const error = { code: "internal", message: "broken" };
    const calls = (call: { path: string; key: string }): Json | Signal =>
      broken && (call.path === "s/b" || call.path === "s/!errors/h")
        ? { kind: "effect-failed", key: call.key, error, retryable: false }
        : { n: call.key };
    const source = world(
      `
id: again
tasks:
  - { id: s, timeout: 1h, sequence: [{ id: a, tool: t }, { id: b, tool: t }], errors: [{ id: h, tool: t, onError: continue }] }
  - { id: c, tool: t }
  - { id: d, tool: t }
`,
      { tools: { t: {} }, calls },
    );
    broken = false;
    source.retry();
    expect(source.output()).toEqual({});
    const first = fork(source, "d", { tools: { t: {} }, calls });
    expect(first.output()).toEqual({});
    expect(first.state().tasks["s/b"]).toMatchObject({ attempt: 2, status: { name: "succeeded" } });
    expect(first.state().tasks["s/!errors/h"]).toBeUndefined();
    const second = fork(first, "s/b", { tools: { t: {} }, calls: () => "hang" });
    expect(Object.values(second.state().timers)).toMatchObject([{ path: "s", name: "timeout" }]);
    expect(second.state().tasks["s/a"]?.copiedFrom).toBe("run_0");
    second.cancel().retry();
    expect(second.state().tasks["s/b"]?.attempt).toBe(2);
  });

  test("[M86] a fork that can't be made is refused: not begun, in a handler, or a flow that has not what was finished", () => {
    const source = world(pipeline, counting);
    expect(() => fork(source, "route/other/x")).toThrow("has not begun");
    expect(() => fork(source, "!finally/x")).toThrow("handler");
    const without = pipeline.replace("  - { id: think, agent: helper, prompt: Go }\n", "");
    expect(() => fork(source, "last", { text: without })).toThrow('does not have "think"');
    const between = pipeline.replace("  - { id: think", "  - { id: more, log: x }\n  - { id: think");
    expect(() => fork(source, "last", { text: between })).toThrow('does not have "think"');
    const longer = pipeline.replace(
      "  - { id: last, tool: t }",
      "  - { id: last, tool: t }\n  - { id: more, tool: t }",
    );
    const made = fork(source, "last", { text: longer, ...counting });
    expect(made.state().tasks["more"]?.status.name).toBe("succeeded");
    expect(made.state().startedBy).toEqual(ada);
  });
});
