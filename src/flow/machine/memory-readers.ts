import { isObject } from "#base/index.ts";
import type { Flow, Task } from "../language/definition.ts";
import { memoryGrantOf, memoryRefusal } from "../language/memory.ts";
import { covers } from "./agent/grants.ts";
import { definitionsOf } from "./definitions.ts";
import type { TaskPath } from "./events.ts";
import { errorsSlot, staticPath } from "./paths.ts";
import type { RunState } from "./state.ts";

/** A task that reads, or may read, an entry of memory at its next step. */
export type MemoryReader = {
  /** Path in the run, of a task that has begun; else its place in the flow. */
  readonly path: TaskPath;
  readonly title: string;
  /** The agent that may ask for it; null where an expression of the task reads it. */
  readonly agent: string | null;
  /** `now`: the agent is at work, its next step sees it. `later`: the task has not begun. */
  readonly when: "now" | "later";
};

const open: ReadonlySet<string> = new Set(["locking", "running", "retrying", "failing"]);
const nested: ReadonlySet<string> = new Set([
  "tasks",
  "then",
  "else",
  "cases",
  "default",
  "errors",
  "finally",
]);
const readingTools = ["memory.get", "memory.search"];

/**
 * [G12] Which tasks of a run still read an entry: those at work first, then the others as they stand in the flow. What only
 * a failure would begin is left out, and so is what can't be known before: keys that an expression makes up.
 */
export function memoryReaders(flow: Flow, state: RunState, key: string): MemoryReader[] {
  if (state.phase.name === "finished") return [];
  const begun = Map.groupBy(Object.values(state.tasks), ({ path }) => staticPath(path));
  const isOpen = (path: TaskPath): boolean =>
    begun.get(path)?.some(({ status }) => open.has(status.name)) === true;
  const found: MemoryReader[] = [];
  for (const [path, { task, parent }] of definitionsOf(flow).byPath) {
    if (path.split("/").includes(errorsSlot)) continue;
    const asks = task.kind === "agent" && mayAsk(flow, task.agent, key) ? task.agent : null;
    if (asks === null && !mentions(flow, task, key)) continue;
    const title = task.title ?? task.id;
    const atWork = begun.get(path)?.filter(({ status }) => open.has(status.name)) ?? [];
    if (atWork.length > 0) {
      if (asks !== null)
        found.push(...atWork.map((one) => ({ path: one.path, title, agent: asks, when: "now" as const })));
      continue;
    }
    const isAhead = begun.has(path)
      ? comesAgain(flow, path, isOpen)
      : parent === "" || !begun.has(parent) || isOpen(parent);
    if (isAhead) found.push({ path, title, agent: asks, when: "later" });
  }
  return [...found.filter(({ when }) => when === "now"), ...found.filter(({ when }) => when === "later")];
}

/** Whether an agent is granted the key, and a tool to read it with. */
function mayAsk(flow: Flow, agent: string, key: string): boolean {
  if (memoryRefusal(memoryGrantOf(flow, agent), "read", key) !== undefined) return false;
  const { tools = [] } = Object.hasOwn(flow.agents, agent) ? (flow.agents[agent] ?? {}) : {};
  return tools.some(({ tool: pattern }) => readingTools.some((tool) => covers(pattern, tool)));
}

/** Whether the task's own texts, or the instructions of its agent, read the key by its name. */
function mentions(flow: Flow, task: Task, key: string): boolean {
  const own = Object.entries(task).some(([name, value]) => !nested.has(name) && textReads(value, key));
  if (own || task.kind !== "agent" || !Object.hasOwn(flow.agents, task.agent)) return own;
  return textReads(flow.agents[task.agent]?.instructions, key);
}

function textReads(value: unknown, key: string): boolean {
  if (typeof value === "string") {
    for (const [, , named] of value.matchAll(/\bmemory\(\s*(["'])(.*?)\1\s*\)/g))
      if (named === key) return true;
    return false;
  }
  if (Array.isArray(value)) return value.some((one) => textReads(one, key));
  return isObject(value) && Object.values(value).some((one) => textReads(one, key));
}

/** Whether a task that is over is done once more: it stands in a loop that goes on. */
function comesAgain(flow: Flow, path: TaskPath, isOpen: (path: TaskPath) => boolean): boolean {
  const { byPath } = definitionsOf(flow);
  for (let at = byPath.get(path)?.parent ?? ""; at !== ""; at = byPath.get(at)?.parent ?? "") {
    const kind = byPath.get(at)?.task.kind;
    if ((kind === "foreach" || kind === "loop") && isOpen(at)) return true;
  }
  return false;
}
