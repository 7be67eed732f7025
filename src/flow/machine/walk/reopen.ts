import { definitionAt } from "../definitions.ts";
import type { TaskPath } from "../events.ts";
import { containerAt } from "../fold/container.ts";
import { finallySlot, placeOf } from "../paths.ts";
import type { TaskState } from "../state.ts";
import { setTimer } from "./pending.ts";
import type { Walk } from "./walk.ts";

/** Takes up again what a block holds back, as far as it has room for so many at once. */
export function takeUp(walk: Walk, path: TaskPath, room: number): void {
  while (hasRoom(walk, path, room)) {
    const next = containerAt(walk.draft, path)?.held[0];
    const task = next === undefined ? undefined : walk.task(next);
    if (next === undefined || !task) return;
    // A lock was given back when the task ended: only a new attempt asks for it again.
    const again = !goesOn(task) || definitionAt(walk.flow, next)?.lock !== undefined;
    walk.emit({ type: "task-reopened", path: next, again });
    if (!again) setTimeoutOf(walk, next);
  }
}

/** Whether something is held back and may be taken up now. */
export function hasRoom(walk: Walk, path: TaskPath, room = Number.POSITIVE_INFINITY): boolean {
  const inside = containerAt(walk.draft, path);
  if (!inside || inside.held.length === 0) return false;
  return inside.open.filter((child) => !placeOf(child).slot.startsWith("!")).length < room;
}

/** The time that a task may take, from now on. */
export function setTimeoutOf(walk: Walk, path: TaskPath): void {
  const task = definitionAt(walk.flow, path);
  if (task?.timeout === undefined || walk.rules.headOf(task).ownTimeout) return;
  setTimer(walk, path, "timeout", walk.now + task.timeout);
}

/** Whether a task can go on where it stood: something inside of it did not get done. Any other begins anew. */
function goesOn({ kind, inside, children = [] }: TaskState): boolean {
  // A run that was started goes on as well; a detached one, and one that never began, is started anew.
  const waited = children.filter(({ request, facts }) => request.waits && facts !== null);
  return (
    (kind === "flow" ? waited.length > 0 && waited.at(-1) === children.at(-1) : waited.length > 0) ||
    inside.broken.length > 0 ||
    inside.held.length > 0 ||
    (inside.progress[finallySlot]?.firstFailed ?? null) !== null
  );
}
