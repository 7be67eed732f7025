import type { Task } from "../../language/definition.ts";
import type { TaskPath } from "../events.ts";
import { containerAt } from "../fold/container.ts";
import { childPath, mainSlot } from "../paths.ts";
import { enter, errorOf, progressAt } from "../walk/block.ts";
import type { Walk } from "../walk/walk.ts";
import { done, failed, type Head, open } from "./head.ts";
import { childOf, outputsById, someSucceeded, stepOpen } from "./side-by-side.ts";

/**
 * Tasks by what they need. A task begins when all that it needs are over; one of them that failed unhandled, or was
 * left out for such a reason itself, leaves it out as well. Its output maps ids to outputs.
 */
export const dag: Head<"dag"> = {
  kind: "dag",
  room: (task) => task.concurrency ?? task.tasks.length,
  start: (_walk, task) => ({ label: `${task.tasks.length} tasks`, data: null }),
  advance(walk, task, path) {
    enter(walk, path, "tasks", task.tasks.length);
    stepOpen(walk, path);
    const limit = task.concurrency ?? task.tasks.length;
    const ends = task.join === "any" ? endsOf(task.tasks) : [];
    let left = task.tasks.filter((child) => !childOf(walk, path, child.id));
    for (;;) {
      const progress = progressAt(walk, path, mainSlot);
      if (!progress) return done(null);
      if (task.join === "all" && progress.firstFailed !== null) {
        return { name: "failed", error: errorOf(walk, progress.firstFailed) };
      }
      if (someSucceeded(walk, path, ends)) return done(outputsById(walk, path, task.tasks));
      const next = left.find((child) => standing(walk, path, child, task.tasks) === "ready");
      if (next && progress.started - progress.ended < limit) {
        walk.rules.begin(walk, next, childPath(path, mainSlot, next.id));
        left = left.filter((child) => child !== next);
        continue;
      }
      if (progress.ended < progress.started) return open;
      if (task.join === "any" && progress.firstFailed !== null) {
        return { name: "failed", error: errorOf(walk, progress.firstFailed) };
      }
      const stuck = left.filter((child) => !skipIfInVain(walk, path, child, task.tasks));
      if (stuck.length < left.length) {
        left = stuck;
        continue;
      }
      if (stuck.length > 0) {
        const ids = stuck.map((child) => child.id).join(", ");
        return failed("misconfigured", `What these tasks need never comes: ${ids}.`);
      }
      return done(outputsById(walk, path, task.tasks));
    }
  },
};

/** The tasks that no other needs. */
function endsOf(tasks: readonly Task[]): readonly Task[] {
  const needed = new Set(tasks.flatMap((task) => task.needs));
  return tasks.filter((task) => !needed.has(task.id));
}

/** How a task that has not begun stands: what it needs is over, goes on, or came to nothing. */
function standing(
  walk: Walk,
  path: TaskPath,
  task: Task,
  all: readonly Task[],
): "ready" | "waits" | "in-vain" {
  let waits = false;
  for (const id of task.needs) {
    // A need that there is none of is a problem of the text; a run of such a flow does not wait for it.
    if (!all.some((other) => other.id === id)) continue;
    const need = childOf(walk, path, id);
    // What is to be taken up again is not over.
    if (need !== undefined && containerAt(walk.draft, path)?.held.includes(need.path)) waits = true;
    else if (need === undefined || need.finishedAt === null) waits = true;
    else if (need.status.name === "failed" && !need.status.handled) return "in-vain";
    else if (need.status.name === "skipped" && need.status.reason === "needs") return "in-vain";
  }
  return waits ? "waits" : "ready";
}

function skipIfInVain(walk: Walk, path: TaskPath, task: Task, all: readonly Task[]): boolean {
  if (standing(walk, path, task, all) !== "in-vain") return false;
  const child = childPath(path, mainSlot, task.id);
  walk.emit({ type: "task-skipped", path: child, id: task.id, kind: task.kind, reason: "needs" });
  return true;
}
