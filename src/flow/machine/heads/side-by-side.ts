import type { Task } from "../../language/definition.ts";
import { definitionAt } from "../definitions.ts";
import type { TaskPath, Value } from "../events.ts";
import { containerAt } from "../fold/container.ts";
import { childPath, mainSlot, placeOf } from "../paths.ts";
import type { TaskState } from "../state.ts";
import type { Walk } from "../walk/walk.ts";

/** What `parallel` and `dag` share: children of the main block that run at the same time. */

/** Carries on the children that are under way. */
export function stepOpen(walk: Walk, path: TaskPath): void {
  const open = (containerAt(walk.draft, path)?.open ?? []).filter(
    (child) => placeOf(child).slot === mainSlot,
  );
  for (const child of open) {
    const definition = definitionAt(walk.flow, child);
    if (definition) walk.rules.step(walk, definition, child, false);
  }
}

/** A child as it stands in the present attempt of what holds it; undefined while it has not begun. */
export function childOf(walk: Walk, path: TaskPath, id: string): TaskState | undefined {
  const child = walk.task(childPath(path, mainSlot, id));
  return child !== undefined && child.within === walk.at(path).attempt ? child : undefined;
}

/** Whether one of these children has succeeded. */
export function someSucceeded(walk: Walk, path: TaskPath, tasks: readonly Task[]): boolean {
  return tasks.some((child) => childOf(walk, path, child.id)?.status.name === "succeeded");
}

/** Outputs of the children by id; null for those that yielded none. */
export function outputsById(walk: Walk, path: TaskPath, tasks: readonly Task[]): Value {
  const result: Record<string, Value> = {};
  for (const child of tasks) {
    const status = childOf(walk, path, child.id)?.status;
    result[child.id] = status?.name === "succeeded" ? status.output : null;
  }
  return result as Value;
}
