import type { Flow, ForeachTask, Task } from "../language/definition.ts";
import { definitionsOf } from "./definitions.ts";
import type { TaskPath } from "./events.ts";

const known = new WeakMap<Flow, Map<TaskPath, Flow>>();

/** The flow of a run that carries out a part of the `foreach` at a static path: that task alone, without its own life. */
export function partFlow(flow: Flow, path: TaskPath): Flow {
  let parts = known.get(flow);
  if (!parts) known.set(flow, (parts = new Map<TaskPath, Flow>()));
  let part = parts.get(path);
  if (!part) parts.set(path, (part = makePart(flow, path)));
  return part;
}

function makePart(flow: Flow, path: TaskPath): Flow {
  const task = definitionsOf(flow).byPath.get(path)?.task;
  if (task?.kind !== "foreach") return { ...flow, tasks: [], errors: [], finally: [], outputs: {} };
  const alone: ForeachTask = {
    ...task,
    when: undefined,
    lock: undefined,
    retry: undefined,
    timeout: undefined,
    onError: "fail",
    errors: [],
    finally: [],
  };
  const { time: _time, ...limits } = flow.limits;
  return {
    ...flow,
    limits,
    concurrency: undefined,
    tasks: [alone],
    errors: [],
    finally: [],
    outputs: {},
  };
}

/** What the iterations of a `foreach` read from outside and set: ids of tasks, names of variables. */
export type Reach = {
  readonly tasks: readonly string[];
  readonly sets: readonly string[];
  /** Whether what is inside belongs to this very run: it is read from outside, ends the run, or counts a loop's rounds. */
  readonly bound: boolean;
};

const reaches = new WeakMap<ForeachTask, Reach>();

export function reachOf(flow: Flow, task: ForeachTask): Reach {
  let reach = reaches.get(task);
  if (!reach) reaches.set(task, (reach = findReach(flow, task)));
  return reach;
}

function findReach(flow: Flow, foreach: ForeachTask): Reach {
  const inside = new Set<string>();
  const sets = new Set<string>();
  let stops = false;
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(collect);
    else if (typeof value === "object" && value !== null) {
      if ("kind" in value && "id" in value && "onError" in value) {
        const task = value as Task;
        inside.add(task.id);
        if (task.kind === "stop") stops = true;
        if (task.kind === "set") for (const name of Object.keys(task.values)) sets.add(name);
      }
      Object.values(value).forEach(collect);
    }
  };
  collect(foreach.tasks);
  const own = JSON.stringify([foreach, flow.agents]);
  const without = (value: unknown): unknown =>
    value === foreach
      ? null
      : Array.isArray(value)
        ? value.map(without)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, without(item)]))
          : value;
  const rest = JSON.stringify(without(flow));
  const { byId } = definitionsOf(flow);
  return {
    tasks: [...byId.keys()].filter((id) => !inside.has(id) && id !== foreach.id && reads(own, id)),
    sets: [...sets],
    bound: stops || /\bround\b/.test(own) || [...inside].some((id) => reads(rest, id)),
  };
}

/** Whether a text reads the task: `tasks.id` or `tasks["id"]`. It may say so where it does not, never the other way. */
function reads(text: string, id: string): boolean {
  return new RegExp(`tasks\\s*(\\.\\??\\s*${id}\\b|\\[\\s*\\\\*["']${id}\\\\*["'])`).test(text);
}
