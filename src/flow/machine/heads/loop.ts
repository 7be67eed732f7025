import { mostRounds } from "../../language/heads/loop.ts";
import type { LoopTask } from "../../language/definition.ts";
import type { TaskPath } from "../events.ts";
import { containerAt } from "../fold/container.ts";
import { childPath, iterationSlot } from "../paths.ts";
import { blockOutput, enter, errorOf, progressAt, runBlock } from "../walk/block.ts";
import { hasFired, hasTimer, setTimer } from "../walk/life.ts";
import type { Walk } from "../walk/walk.ts";
import { done, failed, type Head, open } from "./head.ts";
import { valueIn } from "./question.ts";
import { milliseconds } from "./wait.ts";

/** Rounds of a loop with `until` that says no `max` and has no `timeout`. */
export const usualRounds = 100;

/** Its tasks again and again. Its output is that of the last round. */
export const loop: Head<"loop"> = {
  kind: "loop",
  start(walk, task, path) {
    const every = task.every === undefined ? 0 : milliseconds(walk.fill(task.every, path), task.id);
    return { label: labelOf(task), data: { every } };
  },
  advance(walk, task, path) {
    const every = Number(valueIn(walk.open(walk.at(path).data), "every"));
    for (;;) {
      const inside = containerAt(walk.draft, path);
      if (!inside) return open;
      const { entered, ended } = inside.iterations;
      if (ended < entered) {
        runBlock(walk, path, iterationSlot(entered - 1), task.tasks);
        if ((containerAt(walk.draft, path)?.iterations.ended ?? 0) < entered) return open;
        continue;
      }
      if (inside.firstFailed !== null) return { name: "failed", error: errorOf(walk, inside.firstFailed) };
      if (entered > 0) {
        if (isDone(walk, task, path, entered - 1)) {
          return done(blockOutput(walk, path, iterationSlot(entered - 1), task.tasks));
        }
        if (entered >= loopBound(task)) return ranOut(walk, task, path, entered);
        if (every > 0 && !isTime(walk, task, path, entered, every)) return open;
      }
      const slot = iterationSlot(entered);
      enter(walk, path, slot, task.tasks.length);
      if (progressAt(walk, path, slot)) runBlock(walk, path, slot, task.tasks);
    }
  },
};

/** Most rounds of a loop: as written, else by what else bounds it. */
export function loopBound(task: Pick<LoopTask, "max" | "timeout">): number {
  return task.max ?? (task.timeout === undefined ? usualRounds : mostRounds);
}

function labelOf(task: LoopTask): string {
  return task.until === undefined ? `${loopBound(task)} rounds` : `until ${task.until}`.slice(0, 120);
}

/** `until` is looked at from inside the round that has just ended: names of tasks mean those of that round. */
function isDone(walk: Walk, task: LoopTask, path: TaskPath, round: number): boolean {
  const [first] = task.tasks;
  if (task.until === undefined || !first) return false;
  return walk.holds(task.until, childPath(path, iterationSlot(round), first.id));
}

function ranOut(
  walk: Walk,
  task: LoopTask,
  path: TaskPath,
  rounds: number,
): ReturnType<Head<"loop">["advance"]> {
  if (task.until === undefined) {
    return done(blockOutput(walk, path, iterationSlot(rounds - 1), task.tasks));
  }
  return failed(
    "limit-reached",
    `After ${rounds} rounds of "${task.id}" its condition does not hold: ${task.until}`,
    "Raise max of the loop, or look at what the condition waits for.",
  );
}

/** Whether the next round is due. Each pause has a timer of its own, also one that is due at once. */
function isTime(walk: Walk, task: LoopTask, path: TaskPath, rounds: number, every: number): boolean {
  if (hasFired(walk.at(path), "wait")) return true;
  if (hasTimer(walk, path, "wait")) return false;
  const [first] = task.tasks;
  const begun = first && walk.task(childPath(path, iterationSlot(rounds - 1), first.id))?.startedAt;
  setTimer(walk, path, "wait", Math.max(walk.now, (begun ?? walk.now) + every));
  return false;
}
