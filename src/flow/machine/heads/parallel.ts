import type { TaskPath, Value } from "../events.ts";
import { definitionAt } from "../definitions.ts";
import { containerAt } from "../fold/container.ts";
import { childPath, mainSlot, placeOf } from "../paths.ts";
import { enter, errorOf, progressAt } from "../walk/block.ts";
import type { Walk } from "../walk/walk.ts";
import { done, type Head, open, type TaskOf } from "./head.ts";

/** Tasks side by side. Its output maps their ids to their outputs. */
export const parallel: Head<"parallel"> = {
  kind: "parallel",
  room: (task) => task.concurrency ?? task.tasks.length,
  start: (_walk, task) => ({ label: `${task.tasks.length} tasks`, data: null }),
  advance(walk, task, path) {
    enter(walk, path, "tasks", task.tasks.length);
    for (const child of openIn(walk, path)) {
      const definition = definitionAt(walk.flow, child);
      if (definition) walk.rules.step(walk, definition, child, false);
    }
    const limit = task.concurrency ?? task.tasks.length;
    for (;;) {
      const progress = progressAt(walk, path, mainSlot);
      if (!progress) return done(null);
      if (task.join === "all" && progress.firstFailed !== null) {
        return { name: "failed", error: errorOf(walk, progress.firstFailed) };
      }
      if (task.join === "any" && someSucceeded(walk, task, path)) return done(outputs(walk, task, path));
      const next = task.tasks[progress.started];
      if (next && progress.started - progress.ended < limit) {
        walk.rules.begin(walk, next, childPath(path, mainSlot, next.id));
        continue;
      }
      if (progress.ended < progress.count) return open;
      if (task.join === "any" && progress.firstFailed !== null) {
        return { name: "failed", error: errorOf(walk, progress.firstFailed) };
      }
      return done(outputs(walk, task, path));
    }
  },
};

function openIn(walk: Walk, path: TaskPath): readonly TaskPath[] {
  const children = containerAt(walk.draft, path)?.open ?? [];
  return children.filter((child) => placeOf(child).slot === mainSlot);
}

function someSucceeded(walk: Walk, task: TaskOf<"parallel">, path: TaskPath): boolean {
  return task.tasks.some(
    (child) => walk.task(childPath(path, mainSlot, child.id))?.status.name === "succeeded",
  );
}

function outputs(walk: Walk, task: TaskOf<"parallel">, path: TaskPath): Value {
  const result: Record<string, Value> = {};
  for (const child of task.tasks) {
    const status = walk.task(childPath(path, mainSlot, child.id))?.status;
    result[child.id] = status?.name === "succeeded" ? status.output : null;
  }
  return result as Value;
}
