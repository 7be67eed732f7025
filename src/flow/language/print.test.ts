import fc from "fast-check";
import { expect, test } from "vitest";
import { trees, write } from "../machine/testing/generate.ts";
import { heads } from "./heads/index.ts";
import { parseFlow } from "./parse.ts";
import { printFlow } from "./print.ts";
import { commonKeys, flowShape, taskKeys } from "./schema.ts";

const blueprints = Object.values(
  import.meta.glob("../../../blueprints/**/*.yaml", { query: "?raw", import: "default", eager: true }),
) as string[];

/** Every key of the language, with a value that is not the usual one. */
const everything = `
id: every-thing
title: Everything
description: "It's: all # here"
labels: { team: support }
goal: To hold
success: "run.state == 'succeeded'"
inputs:
  name: string
  note: { type: string, multiline: true, max: 20, title: Note }
  amount: { type: number, min: 0, default: 1 }
  day: date
  at: datetime
  file: { type: file, accept: [text/plain], maxSize: 10MB, optional: true, description: A file }
  choice: { enum: [a, b] }
  many: { enum: [a, b], multiple: true }
  any: any
  list: { type: array, items: { type: object, fields: { n: integer } } }
  type: { type: object }
samples: { one: { name: Ada } }
vars: { rate: 2, deep: { list: [1, "{{ inputs.name }}"] } }
agents:
  a: { title: A, role: planner, description: Plans, capabilities: [x], model: smart, instructions: "Work.\\nWell.\\n", tools: [t, { h: "args.n > 1" }], memory: { read: ["flow:*"] }, limits: { steps: 2, time: 90s, cost: 0.5 } }
tools:
  h: { title: H, description: Asks, http: "POST https://x.test/{{ args.n }}", query: { q: 1 }, headers: { a: b }, body: { n: 1 }, result: response.json, risk: high, idempotent: true, approval: { when: args.n > 1, by: { roles: [approver], quorum: 2 } }, input: { n: number }, returns: { ok: boolean }, timeout: 5s }
  s: { description: Counts, script: javascript, code: return 1, approval: never }
  w: { description: Whole, script: javascript, code: return 1, approval: always, input: { $schema: "https://json-schema.org/draft/2020-12/schema", type: object, properties: { n: { type: number } }, required: [n] } }
limits: { cost: 5, time: 2d, tasks: 50 }
memory: { read: ["workspace:*"], write: ["flow:case.*"] }
seed: { "workspace:policy": { days: 30 } }
concurrency: { key: "{{ inputs.name }}", limit: 2, onFull: fail }
tasks:
  - { id: a1, agent: a, prompt: "{{ inputs.name }}", files: ["{{ inputs.file }}"], context: { x: 1 }, returns: { ok: boolean }, limits: { steps: 1 }, title: T, description: D, when: "{{ 1 < 2 }}", disabled: true, retry: { maxAttempts: 2, delay: 1500ms, backoff: linear, maxDelay: 1h30m, jitter: true }, timeout: 1w, lock: "{{ inputs.name }}", labels: { x: y }, onError: { escalate: { to: { roles: [admin] }, choices: [retry, skip], timeout: 1d, onTimeout: skip } }, errors: [{ id: e1, log: x, level: warn }], finally: [{ id: f1, log: x }] }
  - { id: t1, tool: t, with: { n: "1" }, onError: continue }
  - { id: s1, script: javascript, code: "return args.n", with: { n: 1 }, files: ["x"], returns: { ok: boolean } }
  - { id: q1, sequence: [{ id: q2, fail: "no: way" }] }
  - { id: p1, parallel: [{ id: p2, set: { x: null } }], concurrency: 2, join: any }
  - { id: d1, dag: [{ id: d2, log: x }, { id: d3, log: x, needs: d2 }], concurrency: 1, join: settled }
  - { id: o1, foreach: "{{ inputs.list }}", tasks: [{ id: o2, log: x }], concurrency: 3, batch: 2, failFast: false, breakWhen: index > 2 }
  - { id: l1, loop: { until: index > 2, every: 5m, max: 9 }, tasks: [{ id: l2, log: x }] }
  - { id: i1, if: "!(1 > 2)", then: [{ id: i2, log: x }], else: [{ id: i3, log: x }] }
  - { id: w1, switch: "{{ inputs.choice }}", cases: { a: [{ id: w2, log: x }], "1": [{ id: w3, log: x }] }, default: [{ id: w4, log: x }] }
  - { id: g1, approval: Go?, by: { users: [ada], excludeStarter: true }, escalate: [{ after: 1h, to: { roles: [admin] } }], details: { x: 1 }, decisions: { approve: Yes, reject: No }, fields: { why: string }, comment: always, onTimeout: reject, onReject: continue, timeout: 1d }
  - { id: m1, form: What?, by: { roles: [operator] }, fields: { why: string }, onTimeout: continue, timeout: 1d }
  - { id: z1, wait: 5m }
  - { id: z2, wait: { until: "2030-01-31T08:00:00Z" } }
  - { id: z3, wait: { event: order.paid, key: "{{ inputs.name }}" }, onTimeout: continue, timeout: 1d }
  - { id: c1, flow: other, revision: 3, with: { x: 1 }, detach: true }
  - { id: r1, remember: { "flow:case.{{ inputs.name }}": [1] }, as: note, tags: [x], expires: 1d }
  - { id: x1, stop: Enough, state: failed, outputs: { n: 1 } }
errors: [{ id: er, log: x }]
finally: [{ id: fi, log: x }]
outputs: { n: "{{ vars.rate }}" }
triggers:
  - { id: nightly, schedule: "0 2 * * *", timezone: Europe/Paris, catchUp: last, jitter: 5m, with: { name: x }, disabled: true }
  - { id: hook, webhook: { secret: KEY, replayWindow: 10m, idempotencyKey: body.id, rateLimit: { limit: 3, per: 1m } }, when: body.ok, with: { name: x } }
  - { id: after, flow: intake, states: [failed, succeeded], when: run.cost > 1, title: After }
`;

function keeps(text: string): string {
  const { flow, problems } = parseFlow(text);
  expect(problems.filter((one) => one.severity === "error")).toEqual([]);
  if (!flow) throw new Error("There is no flow.");
  const printed = printFlow(flow);
  const again = parseFlow(printed);
  expect(again.problems, printed).toEqual([]);
  expect(again.flow, printed).toEqual(flow);
  expect(printFlow(again.flow ?? flow)).toBe(printed);
  return printed;
}

test("[L37] what is printed reads as the same flow: every key of the language", () => {
  const printed = keeps(everything);
  const keys = [
    ...Object.keys(flowShape),
    ...commonKeys,
    ...[...heads.values()].flatMap((head) => taskKeys(head)),
  ];
  expect(keys.filter((key) => !new RegExp(`(^|\\s)${key}:`).test(printed))).toEqual([]);
});

test("[L37] what is printed reads as the same flow: blueprints and generated flows", () => {
  for (const text of blueprints) keeps(text);
  fc.assert(
    fc.property(trees(), (nodes) => {
      keeps(write(nodes));
    }),
    { numRuns: 100 },
  );
});

test("[L37] any text within a flow comes back as it was", () => {
  const values = fc.object({
    maxDepth: 2,
    key: fc.stringMatching(/^[a-z]\w{0,6}$/),
    values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)],
  });
  fc.assert(
    fc.property(values, fc.string(), (given, said) => {
      const text = `id: x\ntasks: [{ id: a, set: ${JSON.stringify({ v: given })} }, { id: b, log: ${JSON.stringify(said)} }]\n`;
      const { problems } = parseFlow(text);
      if (problems.length === 0) keeps(text);
    }),
    { numRuns: 200 },
  );
});
