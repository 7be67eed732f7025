import { isObject, makeId, type Json, type JsonObject } from "#base/index.ts";
import type { ChildRequest, ChildState, CrossingSignal } from "../crossing.ts";
import type { TaskPath, Value } from "../events.ts";
import { effectKey, pathOfKey } from "../paths.ts";
import type { Walk } from "./walk.ts";

/** Has a run started. `call` tells the requests of one attempt apart. */
export function requestRun(walk: Walk, path: TaskPath, call: string, request: ChildRequest): void {
  const key = effectKey(walk.context.runId, path, walk.at(path).attempt, 1, call);
  const run = makeId("run", walk.now, walk.context.random);
  walk.emit({ type: "child-requested", path, key, run, request });
}

/** Whether the task waits for this run's end. */
export function isOpen(child: ChildState): boolean {
  return child.end === null && !child.held && (child.request.waits || child.facts === null);
}

/** Cancels the runs that a task waits for. True when all of them are over. */
export function stopRuns(walk: Walk, path: TaskPath): boolean {
  let stopped = true;
  for (const child of walk.at(path).children ?? []) {
    if (!isOpen(child)) continue;
    stopped = false;
    // One that is about to start is cancelled when it has: else it might start after all.
    if (child.facts !== null && !child.cancelling) {
      walk.emit({ type: "child-cancel-requested", path, key: child.key });
    }
  }
  return stopped;
}

/** The run with this key that a running task has started and that is not over. */
export function openChild(walk: Walk, key: string): { path: TaskPath; child: ChildState } | undefined {
  const path = pathOfKey(key);
  const task = walk.task(path);
  if (task?.status.name !== "running") return undefined;
  const child = task.children?.find((one) => one.key === key);
  return child && child.end === null && !child.held ? { path, child } : undefined;
}

/** What other runs and senders of events tell. What no longer matters is passed over. */
export function takeCrossing(walk: Walk, signal: CrossingSignal): void {
  switch (signal.kind) {
    case "child-started": {
      const found = openChild(walk, signal.key);
      if (!found || found.child.facts !== null) return;
      const { kind: _kind, ...facts } = signal;
      walk.emit({ type: "child-started", path: found.path, ...facts });
      return;
    }
    case "child-ended": {
      const found = openChild(walk, signal.key);
      if (!found) return;
      const { key, outcome, outputs, error } = signal;
      const { tokens = 0, cost = 0, unknownCosts = 0, steps = 0, tasks = 0 } = signal;
      const used = { tokens, cost, unknownCosts, steps, tasks };
      walk.emit({
        type: "child-ended",
        path: found.path,
        key,
        outcome,
        outputs: outputs as Json,
        error,
        used,
      });
      // Variables that a part has set hold from then on.
      const values = found.child.request.part ? walk.open((outputs?.["vars"] ?? null) as Value) : null;
      if (isObject(values) && Object.keys(values).length > 0) {
        walk.emit({ type: "variables-set", path: found.path, values: values as JsonObject });
      }
      return;
    }
    case "lock-granted": {
      const path = pathOfKey(signal.key);
      const task = walk.task(path);
      if (task?.status.name !== "locking" || task.lock?.key !== signal.key) return;
      if (task.lock.grantedAt === null) walk.emit({ type: "lock-granted", path, key: signal.key });
      return;
    }
    case "event": {
      const path = pathOfKey(signal.key);
      const task = walk.task(path);
      if (task?.status.name !== "running" || task.awaited?.key !== signal.key || task.awaited.received)
        return;
      const { key, payload, by } = signal;
      walk.emit({ type: "event-received", path, key, payload, by });
      return;
    }
    default:
      signal satisfies never;
  }
}
