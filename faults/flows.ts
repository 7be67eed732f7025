import type { Receiver } from "./receiver.ts";

/** A tool that does a thing once for each key, and one that does it at each call. */
export function tools(receiver: Receiver): string {
  const input = "input: { text: { type: string, optional: true } }";
  return `tools:
  take: { description: Takes a thing in, http: POST ${receiver.url}/take, idempotent: true, ${input} }
  pay: { description: Pays, http: POST ${receiver.url}/pay, ${input} }
  shaky: { description: Takes a thing in when it is there, http: POST ${receiver.url}/shaky, idempotent: true, ${input} }
  crash: { description: Takes the worker down, http: POST ${receiver.url}/crash, idempotent: true, ${input} }
`;
}

/** All kinds of steps: tools that may be repeated and that may not, reading ahead of the journal, an agent, a loop, a timer, a person. */
export function mixedFlow(receiver: Receiver, id = "mixed"): string {
  return `id: ${id}
inputs: { n: { type: integer, default: 0 } }
${tools(receiver)}
agents:
  helper: { instructions: "Answer in a sentence." }
tasks:
  - { id: first, tool: take, with: { text: first } }
  - { id: read, tool: memory.get, with: { key: "run:first" } }
  - { id: again, tool: memory.get, with: { key: "run:{{ tasks.read.output.found }}" } }
  - { id: pay, tool: pay, with: { text: pay } }
  - id: each
    foreach: [1, 2]
    concurrency: 2
    tasks: [{ id: one, tool: take, with: { text: each } }]
  - { id: think, agent: helper, prompt: "Say hello to number {{ inputs.n }}" }
  - { id: rest, wait: 100ms }
  - { id: gate, approval: "Go on?" }
  - { id: last, tool: take, with: { text: "{{ tasks.think.output }}" } }
outputs: { n: "{{ inputs.n }}" }
`;
}

/** A few steps without anybody who has to be asked. */
export function shortFlow(receiver: Receiver, id = "short"): string {
  return `id: ${id}
inputs: { n: { type: integer, default: 0 } }
${tools(receiver)}
tasks:
  - { id: a, tool: take, with: { text: a } }
  - { id: b, tool: take, with: { text: b } }
  - { id: c, tool: take, with: { text: c } }
outputs: { n: "{{ inputs.n }}" }
`;
}
