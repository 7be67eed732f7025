import type { Task } from "../../language/definition.ts";
import type { TaskPath } from "../events.ts";
import { effectKey, placeOf } from "../paths.ts";
import type { TaskState } from "../state.ts";
import type { Walk } from "./walk.ts";

/** Whether a task holds the lock that it was given. */
function holds(task: TaskState | undefined): boolean {
  return task?.lock !== undefined && task.lock.grantedAt !== null && task.lock.releasedAt === null;
}

/**
 * Puts a task into the line for its lock, unless it needs none, holds it already, or stands within one that holds it.
 * True: it has to wait.
 */
export function askForLock(walk: Walk, task: Task, path: TaskPath): boolean {
  if (task.lock === undefined || holds(walk.task(path))) return false;
  const name = walk.text(task.lock, path);
  // What is only tried out changes nothing that others could be in the way of, and holds nobody up.
  if (walk.draft.run.sandbox !== undefined) return false;
  if (name === "" || heldAbove(walk, path, name)) return false;
  const attempt = (walk.task(path)?.attempt ?? 0) + 1;
  const key = effectKey(walk.context.runId, path, attempt, 0, "lock");
  walk.emit({ type: "lock-requested", path, id: task.id, kind: task.kind, key, name });
  return true;
}

function heldAbove(walk: Walk, path: TaskPath, name: string): boolean {
  for (let above = placeOf(path).parent; above !== ""; above = placeOf(above).parent) {
    const task = walk.task(above);
    if (task?.lock?.name === name && holds(task)) return true;
  }
  return false;
}
