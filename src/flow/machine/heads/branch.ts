import type { Task } from "../../language/definition.ts";
import type { TaskPath } from "../events.ts";
import { mainSlot } from "../paths.ts";
import { blockOutput, enter, runBlock } from "../walk/block.ts";
import type { Walk } from "../walk/walk.ts";
import { done, type Outcome } from "./head.ts";
import { textIn } from "./question.ts";

/** Carries on the branch that was chosen at the start; its name is in the task's data. */
export function advanceBranch(
  walk: Walk,
  path: TaskPath,
  tasksOf: (branch: string) => readonly Task[],
): Outcome {
  const branch = textIn(walk.open(walk.at(path).data), "branch");
  const tasks = tasksOf(branch);
  if (tasks.length === 0) return done(null);
  enter(walk, path, branch, tasks.length);
  const end = runBlock(walk, path, mainSlot, tasks);
  return end.name === "done" ? done(blockOutput(walk, path, mainSlot, tasks)) : end;
}
