import { parseFlow } from "#flow/index.ts";
import { foldEvents, machine, type RunEvent, type RunEventBody, type RunState } from "#flow/machine/index.ts";

/** A run written by hand, for the tests of the view model. Instants count from 0. */
export const sampleText = `
id: support-desk
agents:
  triage: { instructions: Sort. }
  specialist: { instructions: Settle., tools: [orders.lookup, pay.refund], limits: { steps: 12, cost: 0.5 } }
limits: { cost: 5, tokens: 1000, time: 1h }
tasks:
  - { id: sort, agent: triage, prompt: Sort this }
  - id: route
    switch: "{{ tasks.sort.output }}"
    cases:
      refund:
        - { id: refund, agent: specialist, prompt: Refund it }
        - { id: tell, log: Told }
      bug: [{ id: report, log: A bug }]
  - { id: close, approval: Close the ticket? }
`;

export const sampleFlow = (() => {
  const { flow } = parseFlow(sampleText);
  if (flow === null) throw new Error("the sample does not parse");
  return flow;
})();

type Timed = { readonly at: number; readonly body: RunEventBody };

export const at = (seconds: number, body: RunEventBody): Timed => ({ at: seconds * 1000, body });

export function numbered(events: readonly Timed[]): RunEvent[] {
  return events.map((event, index) => ({ seq: index + 1, ...event }));
}

export function stateOf(events: readonly Timed[]): RunState {
  return foldEvents(machine.initial(), numbered(events));
}

export const started = at(0, {
  type: "run-started",
  flowId: "flow_1",
  revisionId: "rev_1",
  inputs: {},
  vars: {},
  by: { kind: "user", id: "user_1", name: "Ada" },
  simulated: true,
});

export const taskStarted = (seconds: number, path: string, kind: string, label = ""): Timed =>
  at(seconds, {
    type: "task-started",
    path,
    id: path.split("/").at(-1) ?? path,
    kind,
    attempt: 1,
    label,
    data: null,
  });

export const modelBegun = (seconds: number, path: string, step: number, agent: string): Timed =>
  at(seconds, {
    type: "model-call-begun",
    path,
    attempt: 1,
    step,
    key: `${path}:${step}:model`,
    agent,
    alias: "default",
  });

export const modelFinished = (
  seconds: number,
  path: string,
  step: number,
  answer: {
    text?: string;
    cost?: number | "unknown";
    calls?: readonly { callId: string; tool: string; args: {} }[];
  },
): Timed =>
  at(seconds, {
    type: "model-call-finished",
    path,
    step,
    key: `${path}:${step}:model`,
    text: answer.text ?? "",
    reasoning: "",
    toolCalls: answer.calls ?? [],
    finishReason: "stop",
    provider: "simulated",
    model: "simulated",
    simulated: true,
    usage: { inputTokens: 300, outputTokens: 100 },
    cost: answer.cost ?? 0.01,
  });

export const refundAsked = (seconds: number, path: string): Timed =>
  at(seconds, {
    type: "approval-requested",
    path,
    approvalId: "appr_1",
    step: 0,
    callId: "c1",
    deadline: 90_000,
    ask: {
      kind: "tool",
      title: "Refund 40 EUR",
      by: { roles: ["approver"], users: [], quorum: 1, excludeStarter: false },
      details: {},
      decisions: [{ decision: "approve", label: "Refund", tone: "primary" }],
      fields: null,
      comment: "never",
      risk: "high",
      call: { tool: "pay.refund", args: { amount: 40 }, schemaHash: "x", agent: "specialist" },
      canonical: "{}",
      hash: "h",
    },
  });

/** Up to the point where a person has to decide about a refund. */
export const waitingForRefund: readonly Timed[] = [
  started,
  taskStarted(0, "sort", "agent", "triage"),
  modelBegun(0, "sort", 0, "triage"),
  modelFinished(2, "sort", 0, { text: "refund", cost: 0.02 }),
  at(2, { type: "task-succeeded", path: "sort", output: "refund" }),
  taskStarted(2, "route", "switch", "refund"),
  at(2, { type: "block-entered", path: "route", block: "case refund", count: 2 }),
  taskStarted(3, "route/refund", "agent", "specialist"),
  at(3, { type: "agent-message-added", path: "route/refund", message: { role: "user", text: "Refund it" } }),
  modelBegun(3, "route/refund", 0, "specialist"),
  modelFinished(5, "route/refund", 0, {
    text: "I ask.",
    calls: [{ callId: "c1", tool: "pay.refund", args: { amount: 40 } }],
  }),
  refundAsked(6, "route/refund"),
];
