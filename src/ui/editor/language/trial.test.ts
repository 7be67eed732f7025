import { expect, test } from "vitest";
import { parseFlow, type Knowledge, type ToolFacts } from "#flow/index.ts";
import { trialOf } from "./trial.ts";

const facts = (name: string, effect?: ToolFacts["effect"]): ToolFacts => ({
  name,
  description: "",
  risk: "low",
  approval: null,
  inputSchema: { type: "object" },
  outputSchema: { type: "object", properties: { ok: { type: "boolean" } } },
  schemaHash: "",
  repeatable: true,
  ...(effect === undefined ? {} : { effect }),
});
const registry = new Map([
  ["look", facts("look", "none")],
  ["mail.send", facts("mail.send", "outside")],
  ["mail.list", facts("mail.list", { noneWhere: { argument: "a", beginsWith: ["b"] } })],
  ["unused", facts("unused", "none")],
]);
const knowledge: Knowledge = {
  tools: { get: (name) => registry.get(name), names: () => [...registry.keys()] },
};

function trial(text: string) {
  const { flow } = parseFlow(text);
  if (flow === null) throw new Error("The test's flow is wrong.");
  return trialOf(flow, knowledge);
}

test("what a trial reaches: tools of tasks and of agents, at any depth, and events", () => {
  const found = trial(`
id: f
inputs: { name: string }
agents: { a: { instructions: x, tools: ["mail.*"] }, idle: { instructions: x, tools: [unused] } }
tasks:
  - id: all
    parallel:
      - { id: see, tool: look }
      - { id: work, agent: a, prompt: go, errors: [{ id: paid, wait: { event: paid } }] }
`);
  expect(found.calls).toEqual([
    { name: "look", called: "yes", example: '{\n  "ok": true\n}' },
    { name: "mail.list", called: "sometimes", example: '{\n  "ok": true\n}' },
    { name: "mail.send", called: "no", example: '{\n  "ok": true\n}' },
    { name: "event:paid", called: "no", example: "null" },
  ]);
  expect(found).toMatchObject({ asksModels: true, asksPeople: false, inputs: [{ name: "name" }] });
});

test.each([
  ["an approval", "{ id: gate, approval: Well? }", true],
  ["a form", "{ id: gate, form: What?, fields: { n: integer } }", true],
  ["a question after a failure", "{ id: gate, fail: x, onError: { escalate: { to: admin } } }", true],
  ["a log", "{ id: gate, log: x }", false],
])("whether people are asked by %s", (_what, task, expected) => {
  expect(trial(`id: f\ntasks: [${task}]\n`)).toMatchObject({ asksPeople: expected, asksModels: false });
});
