import { advanceBranch } from "./branch.ts";
import type { Head } from "./head.ts";

/** `then` or `else`, chosen when the task starts. */
export const ifHead: Head<"if"> = {
  kind: "if",
  start(walk, task, path) {
    const branch = walk.holds(task.condition, path) ? "then" : "else";
    return { label: branch, data: { branch } };
  },
  advance: (walk, task, path) =>
    advanceBranch(
      walk,
      path,
      new Map([
        ["then", task.then],
        ["else", task.else],
      ]),
    ),
};
