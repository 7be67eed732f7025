import type { Agent, Flow, MemoryGrant } from "./definition.ts";
import { didYouMean } from "./names.ts";

/** Whose a memory is. */
export const memoryScopes = ["run", "flow", "workspace"] as const;
export type MemoryScope = (typeof memoryScopes)[number];

/** A key of shared memory, taken apart: `flow:case.total` is `total` of a case in the flow's memory. */
export type MemoryKey = { readonly scope: MemoryScope; readonly name: string };

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;
/** Longest name of an entry, in characters. */
export const longestMemoryName = 160;

/** What a run's own tasks may always do, and an agent of whom nothing else is said. */
export const runMemory: MemoryGrant = { read: ["run:*"], write: ["run:*"] };

/** Takes a key apart; undefined where it is none. */
export function readMemoryKey(key: string): MemoryKey | undefined {
  const colon = key.indexOf(":");
  const scope = memoryScopes.find((one) => one === key.slice(0, Math.max(0, colon)));
  const name = key.slice(colon + 1);
  return scope !== undefined && isMemoryName(name) ? { scope, name } : undefined;
}

/** Whether entries may be called so. */
export function isMemoryName(name: string): boolean {
  return name.length <= longestMemoryName && namePattern.test(name);
}

/** What is wrong with a key, as a sentence; undefined where nothing is. A `*` at the end is one in patterns only. */
export function memoryKeyProblem(key: string, pattern = false): string | undefined {
  const plain = pattern ? key.replace(/\*$/, "") : key;
  const colon = plain.indexOf(":");
  const scope = plain.slice(0, Math.max(0, colon));
  const known = memoryScopes.find((one) => one === scope);
  if (known === undefined) {
    const hint = colon < 0 ? "" : didYouMean(scope, memoryScopes);
    return `"${key}" has no scope that there is: keys of memory start with run:, flow: or workspace:.${hint}`;
  }
  const name = plain.slice(colon + 1);
  if ((pattern && plain !== key && name === "") || isMemoryName(name)) return undefined;
  return `"${key}" is not a key of memory: behind the scope come letters, digits, ".", "_", "-" and "/", ${longestMemoryName} at most.`;
}

/** Whether a grant's pattern covers a key: the key itself, or all that begin with what stands before its `*`. */
export function coversMemory(pattern: string, key: string): boolean {
  return pattern.endsWith("*") ? key.startsWith(pattern.slice(0, -1)) : pattern === key;
}

/** What an agent may do with memory; without a name what the flow's own tasks may: all that its agents may, and its own. */
export function memoryGrantOf(flow: Flow, agent: string | null): MemoryGrant {
  if (agent !== null) {
    const who: Agent | undefined = Object.hasOwn(flow.agents, agent) ? flow.agents[agent] : undefined;
    return who === undefined ? { read: [], write: [] } : (who.memory ?? runMemory);
  }
  const all = [runMemory, flow.memory, ...Object.values(flow.agents).map((one) => one.memory)].filter(
    (one) => one !== undefined,
  );
  return { read: all.flatMap((one) => one.read), write: all.flatMap((one) => one.write) };
}

/** Why a key may not be read or written under a grant; undefined where it may. */
export function memoryRefusal(grant: MemoryGrant, may: "read" | "write", key: string): string | undefined {
  const problem = memoryKeyProblem(key);
  if (problem !== undefined) return problem;
  const patterns = grant[may];
  if (patterns.some((pattern) => coversMemory(pattern, key))) return undefined;
  const allowed = patterns.length === 0 ? "nothing" : [...new Set(patterns)].join(", ");
  return `The memory "${key}" may not be ${may === "read" ? "read" : "written"} here. What may be: ${allowed}.`;
}
