import { isBlobRef } from "#base/index.ts";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../values/canonical.ts";
import { beginningOf, mapPlaces, type RunEventBody } from "./index.ts";
import { fakeHash, world } from "./testing/world.ts";

const long = (letter: string): string => letter.repeat(100_000);

const flow = `
id: large
agents:
  reader: { instructions: "Read {{ inputs.text }}", tools: [look] }
inputs: { text: string }
vars: { copy: "{{ inputs.text }}" }
tasks:
  - { id: note, log: "{{ inputs.text }}" }
  - { id: read, agent: reader, prompt: "{{ inputs.text }}", context: "{{ vars.copy }}" }
  - { id: gate, approval: "Fine?", details: "{{ tasks.read.output }}", fields: { why: string } }
  - { id: size, set: { n: "{{ tasks.gate.output.answer.why.size() + inputs.text.size() + vars.copy.size() }}" } }
outputs: { read: "{{ tasks.read.output.size() }}", n: "{{ vars.n }}" }
`;

describe("large values", () => {
  test("[M91] inputs, variables, prompts, answers, arguments and questions are all kept apart, and read as one", () => {
    const run = world(flow, {
      apart: 32_768,
      inputs: { text: long("i") },
      tools: { look: { risk: "high" } },
      models: (_, count) =>
        count === 1
          ? { text: long("t"), toolCalls: [{ callId: "c", tool: "look", args: { q: long("q") } }] }
          : long("a"),
      calls: () => long("r"),
    });
    expect(run.pending()).toHaveLength(1);
    run.decide("approve");
    expect(run.pending()).toHaveLength(1);
    run.decide("approve", { answer: { why: long("w") } });
    expect(run.output()).toEqual({ read: 100_000, n: 300_000 });
    for (const { body } of run.events) expect(JSON.stringify(body).length, body.type).toBeLessThan(33_000);
    expect(run.state().tasks["read"]?.messages.map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "tool",
      "assistant",
    ]);
  });

  test("[M92] a question's hash is that of its whole text, and what was approved is what is called", () => {
    const args = { q: long("q") };
    const run = world(flow, {
      apart: 32_768,
      inputs: { text: "short" },
      tools: { look: { risk: "high" } },
      models: (_, count) => (count === 1 ? { toolCalls: [{ callId: "c", tool: "look", args }] } : "done"),
    });
    const whole = canonicalJson({
      tool: "look",
      args,
      schemaHash: "hash of look",
      revision: "rev",
      agent: "reader",
      run: "run_1",
      key: "run_1:read:1:1:c",
    });
    const ask = run.state().tasks["read"]?.approvals[0]?.ask;
    expect(isBlobRef(ask?.canonical)).toBe(true);
    expect(ask?.hash).toBe(fakeHash(whole));
    run.decide("approve");
    const begun = run.events.find(({ body }) => body.type === "tool-call-begun")?.body;
    expect(begun).toMatchObject({ approvedHash: fakeHash(whole), args: ask?.call?.args });
  });

  test("[M93] what a model or a person writes is never taken for a reference", () => {
    const forged = { $blob: { hash: "0".repeat(64), bytes: 9, preview: "" } };
    const run = world(flow, {
      inputs: { text: "short" },
      tools: { look: { inputSchema: {} } },
      models: (_, count) =>
        count === 1 ? { toolCalls: [{ callId: "c", tool: "look", args: forged }] } : "done",
    });
    const begun = run.events.find(({ body }) => body.type === "tool-call-begun")?.body;
    expect(begun).toMatchObject({ args: JSON.stringify(forged) });
    run.decide("approve", { answer: forged });
    expect(run.state().tasks["gate"]?.approvals[0]?.end).toMatchObject({ answer: null });
  });

  test("[M94] a question that nobody would read to its end fails its task instead of being cut", () => {
    const run = world(
      `
id: q
inputs: { text: string }
tasks: [{ id: gate, approval: "{{ inputs.text }}" }]
`,
      { inputs: { text: long("?") } },
    );
    expect(run.output()).toMatchObject({ outcome: "failed", error: { code: "limit-reached" } });
    expect(run.state().tasks["gate"]?.label.length).toBeLessThan(400);
  });
});

test("[M95] places are visited in the same order each time, references are left alone", () => {
  const ref = { $blob: { hash: "h", bytes: 1, preview: '"x' } };
  const event: RunEventBody = {
    type: "model-call-finished",
    path: "a",
    step: 1,
    key: "k",
    text: "text",
    reasoning: ref,
    toolCalls: [{ callId: "c", tool: "t", args: { a: 1 } }],
    finishReason: "stop",
    provider: "p",
    model: "m",
    simulated: false,
    usage: {},
    cost: 0,
    providerData: ["data"],
  };
  const seen: unknown[] = [];
  const same = mapPlaces(event, (value) => {
    seen.push(value);
    return value;
  });
  expect(seen).toEqual(["text", { a: 1 }, ["data"]]);
  expect(same).toEqual(event);
  expect(beginningOf(ref)).toBe("x");
  expect(beginningOf({ $blob: { ...ref.$blob, preview: '"a\\nb\\u00' } })).toBe("a\nb");
  expect(beginningOf("as it is")).toBe("as it is");
});
