import type { Task } from "../../language/definition.ts";
import type { TaskError, TaskPath, Value } from "../events.ts";
import { containerAt, slotOfBlock } from "../fold/container.ts";
import { childPath, placeOf } from "../paths.ts";
import type { BlockProgress, TaskState } from "../state.ts";
import { definitionAt } from "../definitions.ts";
import type { Walk } from "./walk.ts";

export type BlockEnd =
  | { readonly name: "open" }
  | { readonly name: "done" }
  | { readonly name: "failed"; readonly error: TaskError };

export function isOver(task: TaskState | undefined): boolean {
  return task !== undefined && task.finishedAt !== null;
}

export function progressAt(walk: Walk, path: TaskPath, slot: string): BlockProgress | undefined {
  return containerAt(walk.draft, path)?.progress[slot];
}

/** Enters a block unless it was entered. The name is the slot, or the branch for a main block. */
export function enter(walk: Walk, path: TaskPath, block: string, count: number): void {
  if (progressAt(walk, path, slotOfBlock(block))) return;
  walk.emit({ type: "block-entered", path, block, count });
}

/** Carries a block on, one task after the other. */
export function runBlock(walk: Walk, path: TaskPath, slot: string, tasks: readonly Task[]): BlockEnd {
  for (;;) {
    const progress = progressAt(walk, path, slot);
    if (!progress) return { name: "done" };
    if (progress.started > progress.ended) {
      const current = tasks[progress.started - 1];
      if (!current) return { name: "done" };
      const child = childPath(path, slot, current.id);
      if (containerAt(walk.draft, path)?.held.includes(child)) return { name: "open" };
      walk.rules.step(walk, current, child, false);
      if (!isOver(walk.task(child))) return { name: "open" };
      continue;
    }
    if (progress.firstFailed !== null) return { name: "failed", error: errorOf(walk, progress.firstFailed) };
    const next = tasks[progress.started];
    if (!next) return { name: "done" };
    walk.rules.begin(walk, next, childPath(path, slot, next.id));
  }
}

/** The error of a failed task, naming where it happened first. */
export function errorOf(walk: Walk, path: TaskPath): TaskError {
  const status = walk.task(path)?.status;
  const error: TaskError =
    status?.name === "failed"
      ? status.error
      : { code: "task-failed", message: `The task "${placeOf(path).id}" did not succeed.` };
  return error.task === undefined ? { ...error, task: path } : error;
}

/** The output of a block: that of its last task that was not skipped. */
export function blockOutput(walk: Walk, path: TaskPath, slot: string, tasks: readonly Task[]): Value {
  for (const task of tasks.toReversed()) {
    const status = walk.task(childPath(path, slot, task.id))?.status;
    if (status?.name === "succeeded") return status.output;
  }
  return null;
}

/**
 * Stops the children that are not over, but lets those of a running `!finally` go on. True when none is left that
 * was to be stopped.
 */
export function stopChildren(walk: Walk, path: TaskPath, keep: readonly string[]): boolean {
  let stopped = true;
  for (const child of containerAt(walk.draft, path)?.open ?? []) {
    if (keep.includes(placeOf(child).slot)) continue;
    const task = definitionAt(walk.flow, child);
    if (task) walk.rules.step(walk, task, child, true);
    if (!isOver(walk.task(child))) stopped = false;
  }
  return stopped;
}
