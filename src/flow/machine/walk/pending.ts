import type { TaskPath } from "../events.ts";
import { timerKey } from "../paths.ts";
import type { TaskState } from "../state.ts";
import type { Walk } from "./walk.ts";

/** What a task waits for: its timers, and the questions that it put to people. */

export function setTimer(
  walk: Walk,
  path: TaskPath,
  name: "wait" | "timeout" | "retry" | "deadline" | "limit" | "escalate",
  dueAt: number,
): void {
  const n = (path === "" ? walk.draft.run.timersSet : (walk.task(path)?.timersSet ?? 0)) + 1;
  walk.emit({ type: "timer-set", path, name, n, dueAt });
}

/** Whether a timer of this name is running. */
export function hasTimer(walk: Walk, path: TaskPath, name: string): boolean {
  for (let n = walk.at(path).timersSet; n > 0; n -= 1) {
    if (walk.draft.timer(timerKey(path, name, n))) return true;
  }
  return false;
}

/** Whether a timer of this name fired in the present attempt. */
export function hasFired(task: TaskState, name: string): boolean {
  return task.fired.some((one) => one.startsWith(`${name}:`));
}

/** Takes back what people were asked and have not answered. */
export function withdraw(walk: Walk, path: TaskPath, reason: string): void {
  for (const approval of walk.at(path).approvals) {
    if (approval.end === null) {
      walk.emit({ type: "approval-withdrawn", path, approvalId: approval.approvalId, reason });
    }
  }
}
