/** Measures reading and checking a flow. Runs in Node and, bundled, in a page. */
import { parseFlow, validateFlow } from "#flow/index.ts";

export type Rounds = {
  readonly parseMs: readonly number[];
  readonly validateMs: readonly number[];
  /** Parsing and validating one text, each round. */
  readonly totalMs: readonly number[];
  /** Of the whole text with every kind of cache empty: the very first time. */
  readonly firstMs: number;
};

/** A flow of `count` tasks of several kinds with three expressions each; `typed` is what somebody is writing into one. */
export function flowText(count: number, typed: string): string {
  const tasks = Array.from({ length: count }, (_, i) => {
    const before = i === 0 ? "inputs.name" : `tasks.t${i - 1}.output`;
    const prompt = `Do {{ ${before} }} and {{ vars.rate + ${i} }}${i === count >> 1 ? typed : ""}`;
    if (i % 5 === 4) return `  - { id: t${i}, log: "${prompt}", when: inputs.amount > ${i} }\n`;
    return `  - id: t${i}\n    title: Task ${i}\n    agent: helper\n    prompt: ${prompt}\n    when: inputs.amount > ${i}\n    retry: { maxAttempts: 3, delay: 10s }\n`;
  });
  return `id: large\ninputs: { name: string, amount: { type: number, default: 1 } }\nvars: { rate: 2 }\nagents: { helper: { instructions: Work. } }\ntasks:\n${tasks.join("")}`;
}

/** Each round reads and checks another text, as while somebody types. */
export function measure(count: number, warmUp: number, rounds: number): Rounds {
  const parseMs: number[] = [];
  const validateMs: number[] = [];
  const totalMs: number[] = [];
  let firstMs = 0;
  for (let round = 0; round < warmUp + rounds; round += 1) {
    const text = flowText(count, " {{ vars.rate".concat(` * ${round} }}`));
    const start = performance.now();
    const parsed = parseFlow(text);
    const read = performance.now();
    const problems = validateFlow(parsed);
    const end = performance.now();
    if (problems.length > 0) throw new Error(`The flow has a problem: ${problems[0]?.message ?? ""}`);
    if (round === 0) firstMs = end - start;
    if (round < warmUp) continue;
    parseMs.push(read - start);
    validateMs.push(end - read);
    totalMs.push(end - start);
  }
  return { parseMs, validateMs, totalMs, firstMs };
}
