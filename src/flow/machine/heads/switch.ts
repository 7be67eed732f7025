import { asText } from "../walk/walk.ts";
import { advanceBranch } from "./branch.ts";
import type { Head } from "./head.ts";

/** The case whose value equals the head's, as text; else `default`. */
export const switchHead: Head<"switch"> = {
  kind: "switch",
  start(walk, task, path) {
    const value = walk.fill(task.on, path);
    const text = asText(value);
    const found = task.cases.some((one) => one.value === text);
    return { label: found ? text : "default", data: { branch: found ? `case ${text}` : "default", value } };
  },
  advance: (walk, task, path) =>
    advanceBranch(
      walk,
      path,
      new Map([
        ...task.cases.map((one) => [`case ${one.value}`, one.tasks] as const),
        ["default", task.default] as const,
      ]),
    ),
};
