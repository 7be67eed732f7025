import type { RunState, TaskState } from "#flow/machine/index.ts";
import { staticPathOf } from "./paths.ts";
import type { NodeState, StateName } from "../../graph/states.ts";
import { isOver, pendingApproval, taskRowState } from "./tree.ts";

const urgency: readonly StateName[] = [
  "waiting",
  "running",
  "paused",
  "retrying",
  "timer",
  "failed",
  "denied",
  "cancelled",
  "done",
  "skipped",
  "unreached",
  "pending",
];

/** States of the flow's tasks by static path: of several instances the one that matters most. */
export function nodeStates(state: RunState): Readonly<Record<string, NodeState>> {
  const grouped = new Map<string, TaskState[]>();
  for (const path of state.order) {
    const task = state.tasks[path];
    if (task === undefined) continue;
    const key = staticPathOf(path);
    const list = grouped.get(key);
    if (list === undefined) grouped.set(key, [task]);
    else list.push(task);
  }
  const result: Record<string, NodeState> = {};
  for (const [path, tasks] of grouped) {
    const states = tasks.map((task) => taskRowState(task, state.paused !== null));
    const strongest = urgency.find((candidate) => states.includes(candidate)) ?? "pending";
    const waits = tasks.flatMap((task) => pendingApproval(task)?.requestedAt ?? []);
    result[path] = {
      state: strongest,
      count: tasks.length,
      done: states.filter(isOver).length,
      isSpread: tasks.some((task) => task.children?.some(({ request }) => request.part !== null) === true),
      waitingSince: waits.length === 0 ? null : Math.min(...waits),
    };
  }
  return result;
}
