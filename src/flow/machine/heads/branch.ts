import type { Task } from "../../language/definition.ts";
import type { TaskPath } from "../events.ts";
import { childPath, mainSlot } from "../paths.ts";
import { blockOutput, enter, progressAt, runBlock } from "../walk/block.ts";
import type { Walk } from "../walk/walk.ts";
import { done, type Outcome } from "./head.ts";
import { textIn } from "./question.ts";

/** Carries on the branch that was chosen at the start; its name is in the task's data. */
export function advanceBranch(
  walk: Walk,
  path: TaskPath,
  branches: ReadonlyMap<string, readonly Task[]>,
): Outcome {
  const branch = textIn(walk.open(walk.at(path).data), "branch");
  const tasks = branches.get(branch) ?? [];
  if (!progressAt(walk, path, mainSlot)) skipOthers(walk, path, branch, branches);
  enter(walk, path, branch, tasks.length);
  const end = runBlock(walk, path, mainSlot, tasks);
  return end.name === "done" ? done(blockOutput(walk, path, mainSlot, tasks)) : end;
}

function skipOthers(
  walk: Walk,
  parent: TaskPath,
  chosen: string,
  branches: ReadonlyMap<string, readonly Task[]>,
): void {
  for (const [branch, tasks] of branches) {
    if (branch === chosen) continue;
    for (const { id, kind } of tasks) {
      const path = childPath(parent, mainSlot, id);
      walk.emit({ type: "task-skipped", path, id, kind, reason: "branch" });
    }
  }
}
