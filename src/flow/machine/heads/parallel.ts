import { childPath, mainSlot } from "../paths.ts";
import { enter, errorOf, progressAt } from "../walk/block.ts";
import { done, type Head, open } from "./head.ts";
import { outputsById, someSucceeded, stepOpen } from "./side-by-side.ts";

/** Tasks side by side. Its output maps their ids to their outputs. */
export const parallel: Head<"parallel"> = {
  kind: "parallel",
  room: (task) => task.concurrency ?? task.tasks.length,
  start: (_walk, task) => ({ label: `${task.tasks.length} tasks`, data: null }),
  advance(walk, task, path) {
    enter(walk, path, "tasks", task.tasks.length);
    stepOpen(walk, path);
    const limit = task.concurrency ?? task.tasks.length;
    for (;;) {
      const progress = progressAt(walk, path, mainSlot);
      if (!progress) return done(null);
      if (task.join === "all" && progress.firstFailed !== null) {
        return { name: "failed", error: errorOf(walk, progress.firstFailed) };
      }
      if (task.join === "any" && someSucceeded(walk, path, task.tasks)) {
        return done(outputsById(walk, path, task.tasks));
      }
      const next = task.tasks[progress.started];
      if (next && progress.started - progress.ended < limit) {
        walk.rules.begin(walk, next, childPath(path, mainSlot, next.id));
        continue;
      }
      if (progress.ended < progress.count) return open;
      if (task.join === "any" && progress.firstFailed !== null) {
        return { name: "failed", error: errorOf(walk, progress.firstFailed) };
      }
      return done(outputsById(walk, path, task.tasks));
    }
  },
};
