import fc from "fast-check";

/** Flows made at random: small trees of tasks, written as YAML in flow style with ids made on the way. */
export type Node =
  | { kind: "leaf"; what: string; more: readonly string[] }
  | { kind: "block"; head: string; children: readonly Node[]; more: readonly string[] };

const leaves = [
  "set: { x: 1 }",
  'log: "hello {{ run.id }}"',
  "fail: broken",
  "tool: t",
  "wait: 10s",
  "approval: Well?",
  "approval: Well?, escalate: [{ after: 4s, to: admin }, { after: 9s, to: owner }]",
  "form: What?, fields: { note: { type: string, optional: true } }",
  "script: javascript, code: return 1",
  "agent: a, prompt: go",
  "flow: intake",
  "flow: intake, detach: true",
  "wait: { event: paid, key: '{{ run.id }}' }",
  "stop: enough",
  "stop: enough, state: failed",
  "stop: enough, state: cancelled",
  'stop: enough, outputs: { early: "{{ run.labels.team }}" }',
];
const extras = [
  "onError: continue",
  "onError: { escalate: { timeout: 1h, choices: [skip, retry, answer, fail] } }",
  "timeout: 20s",
  "retry: { maxAttempts: 2, delay: 5s }",
  "lock: one",
  'lock: "{{ run.id }}"',
  "when: 1 < 2",
  "when: 2 < 1",
  "finally: [{ id: ID, log: last }]",
  "errors: [{ id: ID, tool: t }]",
];
/** How a head that holds tasks is written around them. */
const blocks: Readonly<Record<string, (tasks: string) => string>> = {
  sequence: (tasks) => `sequence: ${tasks}`,
  parallel: (tasks) => `parallel: ${tasks}`,
  any: (tasks) => `parallel: ${tasks}, join: any`,
  settled: (tasks) => `parallel: ${tasks}, join: settled`,
  dag: (tasks) => `dag: ${tasks}, concurrency: 2`,
  "dag any": (tasks) => `dag: ${tasks}, join: any`,
  "dag settled": (tasks) => `dag: ${tasks}, join: settled`,
  foreach: (tasks) => `foreach: [1, 2, 3], concurrency: 2, tasks: ${tasks}`,
  loop: (tasks) => `loop: { until: index >= 1, every: 7s, max: 4 }, tasks: ${tasks}`,
  rounds: (tasks) => `loop: 2, tasks: ${tasks}`,
  endless: (tasks) => `loop: { until: round > 5, max: 2 }, tasks: ${tasks}`,
  if: (tasks) => `if: 1 < 2, then: ${tasks}`,
  switch: (tasks) => `switch: a, cases: { a: ${tasks} }`,
};

/** Trees of at most a few tasks a level. `without` leaves out leaves and heads that begin with one of these. */
export function trees(without: readonly string[] = []): fc.Arbitrary<Node[]> {
  const allowed = (text: string): boolean => !without.some((one) => text.startsWith(one));
  const more = fc.uniqueArray(fc.constantFrom(...extras.filter(allowed)), {
    maxLength: 3,
    selector: (text) => text.split(":")[0],
  });
  const { node } = fc.letrec<{ node: Node }>((tie) => ({
    node: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.record({
        kind: fc.constant("leaf" as const),
        what: fc.constantFrom(...leaves.filter(allowed)),
        more,
      }),
      fc.record({
        kind: fc.constant("block" as const),
        head: fc.constantFrom(...Object.keys(blocks).filter(allowed)),
        children: fc.array(tie("node"), { minLength: 1, maxLength: 3 }),
        more,
      }),
    ),
  }));
  return fc.array(node, { minLength: 1, maxLength: 4 });
}

/** A tree as a flow's text. */
export function write(nodes: readonly Node[]): string {
  let count = 0;
  const id = (): string => `t${(count += 1)}`;
  const one = (at: Node, needs: readonly string[]): { id: string; text: string } => {
    const own = id();
    const rest = at.more.map((text) => `, ${text.replace("ID", id())}`).join("");
    const needed = needs.length === 0 ? "" : `, needs: [${needs.join(", ")}]`;
    if (at.kind === "leaf") return { id: own, text: `{ id: ${own}, ${at.what}${rest}${needed} }` };
    const ids: string[] = [];
    const children = at.children.map((child, index) => {
      // The second needs the first; a third needs both where it has many keys of its own, else nothing.
      const before = index === 1 ? ids.slice(0, 1) : child.more.length > 1 ? ids.slice(0, index) : [];
      const written = one(child, at.head.startsWith("dag") ? before : []);
      ids.push(written.id);
      return written.text;
    });
    const head = blocks[at.head]?.(`[${children.join(", ")}]`) ?? "";
    return { id: own, text: `{ id: ${own}, ${head}${rest}${needed} }` };
  };
  const tasks = nodes.map((node) => one(node, []).text).join(", ");
  return `id: p
labels: { team: test }
success: run.state == 'succeeded' && run.duration < duration('1h')
agents: { a: { instructions: x, tools: ["*"] } }
tasks: [${tasks}]
finally: [{ id: last, log: over }]
outputs: { labels: "{{ run.labels }}" }
`;
}
