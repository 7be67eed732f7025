import { mainSlot } from "../paths.ts";
import { blockOutput, enter, runBlock } from "../walk/block.ts";
import { done, type Head } from "./head.ts";

/** Tasks one after the other. Its output is that of the last one that was not skipped. */
export const sequence: Head<"sequence"> = {
  kind: "sequence",
  start: (_walk, task) => ({ label: `${task.tasks.length} tasks`, data: null }),
  advance(walk, task, path) {
    enter(walk, path, "tasks", task.tasks.length);
    const end = runBlock(walk, path, mainSlot, task.tasks);
    return end.name === "done" ? done(blockOutput(walk, path, mainSlot, task.tasks)) : end;
  },
};
