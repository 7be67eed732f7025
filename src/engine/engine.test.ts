import { createHash } from "node:crypto";
import { makeId, type Json, type RunId, type WorkerId, type WorkspaceId } from "#base/index.ts";
import { parseFlow } from "#flow/index.ts";
import type { ToolFacts } from "#flow/machine/index.ts";
import { expect, test } from "vitest";
import { createEngine, memoryJournal } from "./index.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const random = (count: number): Uint8Array => new Uint8Array(count).fill(7);

test("a run with set, log, tool and agent goes from start to end", async () => {
  const parsed = parseFlow(`
id: thin
inputs: { name: string }
vars: { greeting: "Hello {{ inputs.name }}" }
agents:
  writer: { instructions: Write., tools: [echo] }
tasks:
  - id: prepare
    set: { subject: "{{ vars.greeting.upper() }}" }
  - id: note
    log: "About {{ vars.subject }}"
  - id: call
    tool: echo
    with: { text: "{{ vars.subject }}" }
  - id: write
    agent: writer
    prompt: "Write about {{ tasks.call.output.text }}"
outputs: { text: "{{ tasks.write.output }}", echoed: "{{ tasks.call.output.text }}" }
`);
  const { flow } = parsed;
  if (!flow) throw new Error(JSON.stringify(parsed.problems));
  const facts: ToolFacts = {
    name: "echo",
    description: "Answers what it is given",
    risk: "low",
    approval: null,
    inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    outputSchema: null,
    schemaHash: "x",
    repeatable: true,
  };
  const journal = memoryJournal();
  let calls = 0;
  const engine = createEngine({
    journal,
    sha256,
    random,
    worker: makeId("wrk", 0, random) as WorkerId,
    revisions: async () => ({ flow }),
    tools: {
      catalog: () => ({ get: (name) => (name === "echo" ? facts : undefined), names: () => ["echo"] }),
      call: async ({ args }) => args,
    },
    models: {
      async call(request, emit) {
        calls += 1;
        emit({ type: "text-delta", id: "1", delta: "hm" });
        const answered = request.messages.some((message) => message.role === "tool");
        return {
          text: answered ? "done" : "",
          reasoning: "",
          toolCalls: answered ? [] : [{ callId: "c1", tool: "echo", args: { text: "again" } as Json }],
          finishReason: "stop",
          provider: "fake",
          model: "fake",
          simulated: true,
          usage: { inputTokens: 3, outputTokens: 2 },
          cost: "unknown",
        };
      },
    },
    approvals: { open: async () => undefined, withdraw: async () => undefined },
    onSignal: journal.onSignal,
  });
  const id = makeId("run", 1, random) as RunId;
  await journal.create({
    id,
    workspace: makeId("ws", 1, random) as WorkspaceId,
    flow: "thin",
    revision: "rev_1",
    start: {
      type: "run-started",
      flowId: "thin",
      revisionId: "rev_1",
      inputs: { name: "Ada" },
      vars: {},
      by: { kind: "user", id: "u", name: "Ada" },
      simulated: false,
    },
  });
  await engine.drive(id);
  const stored = journal.stored(id);
  expect(stored?.summary).toMatchObject({
    state: "succeeded",
    outputs: { text: "done", echoed: "HELLO ADA" },
    tokens: 10,
    unknownCosts: 2,
  });
  expect(calls).toBe(2);
  expect(stored?.owner).toBeNull();
  expect(stored?.events.map((event) => event.body.type)).toMatchInlineSnapshot(`
    [
      "run-started",
      "block-entered",
      "task-started",
      "variables-set",
      "task-succeeded",
      "task-started",
      "log-written",
      "task-succeeded",
      "task-started",
      "tool-call-begun",
      "tool-call-finished",
      "task-succeeded",
      "task-started",
      "agent-message-added",
      "model-call-begun",
      "model-call-finished",
      "tool-call-begun",
      "tool-call-finished",
      "model-call-begun",
      "model-call-finished",
      "task-succeeded",
      "run-finished",
    ]
  `);
});
