import { BatonError, messageOf } from "#base/index.ts";
import { isExpressionError } from "../../expression/errors.ts";
import type { Task } from "../../language/definition.ts";
import type { TaskError, TaskPath } from "../events.ts";
import { open, type Outcome } from "../heads/head.ts";
import { errorsSlot, finallySlot } from "../paths.ts";
import type { TaskState } from "../state.ts";
import { limitsOfRun } from "../limits.ts";
import { tasksOf } from "../totals.ts";
import { enter, progressAt, runBlock, stopChildren } from "./block.ts";
import { carryEscalation, type Chosen } from "./escalate.ts";
import { hasFired, setTimer, withdraw } from "./pending.ts";
import { hasRoom, takeUp } from "./reopen.ts";
import { stopRuns } from "./children.ts";
import { askForLock } from "./locks.ts";
import { retryAt } from "./retry.ts";
import { RunStopped, stopRun } from "./stop.ts";
import { cut, NeedsBlob, type Walk } from "./walk.ts";

/** Characters of the line beside a task's name. */
const longestLabel = 300;

export { hasFired, hasTimer, setTimer, withdraw } from "./pending.ts";

/** Starts a task of a block, or skips it. */
export function begin(walk: Walk, task: Task, path: TaskPath): void {
  const skip = (reason: "when" | "disabled"): void => {
    walk.emit({ type: "task-skipped", path, id: task.id, kind: task.kind, reason });
  };
  if (task.disabled) return skip("disabled");
  let problem: unknown;
  try {
    if (task.when !== undefined && !walk.holds(task.when, path)) return skip("when");
  } catch (error) {
    problem = error;
  }
  startAttempt(walk, task, path, problem);
}

/** Begins an attempt: evaluates the head, says so, and carries it on. */
function startAttempt(walk: Walk, task: Task, path: TaskPath, problem?: unknown): void {
  const attempt = (walk.task(path)?.attempt ?? 0) + 1;
  const started = (label: string, data: TaskState["data"]): void => {
    const short = cut(label, longestLabel);
    walk.emit({ type: "task-started", path, id: task.id, kind: task.kind, attempt, label: short, data });
  };
  try {
    if (problem !== undefined) throw problem;
    if (!walk.task(path)) requireRoom(walk);
    if (askForLock(walk, task, path)) {
      if (task.timeout !== undefined) setTimer(walk, path, "timeout", walk.now + task.timeout);
      return;
    }
    const { label, data } = walk.rules.headOf(task).start(walk, task, path);
    started(label, data);
  } catch (error) {
    const reason = asTaskError(error);
    started("", null);
    fail(walk, task, path, reason);
    step(walk, task, path, false);
    return;
  }
  const { ownTimeout = false } = walk.rules.headOf(task);
  if (task.timeout !== undefined && !(typeof ownTimeout === "function" ? ownTimeout(task) : ownTimeout)) {
    setTimer(walk, path, "timeout", walk.now + task.timeout);
  }
  step(walk, task, path, false);
}

function requireRoom(walk: Walk): void {
  const limit = limitsOfRun(walk).tasks;
  if (limit === undefined || tasksOf(walk.draft.run, walk.draft.taskCount()) < limit) return;
  const given = walk.draft.run.limits?.tasks === limit && walk.flow.limits.tasks !== limit;
  throw new BatonError(
    "limit-reached",
    given
      ? `The run that waits for this one left it ${limit === 1 ? "1 task" : `${limit} tasks`}, which it has used.`
      : `The run's limit of ${limit} tasks is reached.`,
    { hint: `Raise limits.tasks of ${given ? "that run's" : "the"} flow, or do less in one run.` },
  );
}

/** Carries a task on as far as it goes; `cancel` stops it. */
export function step(walk: Walk, task: Task, path: TaskPath, cancel: boolean): void {
  for (;;) {
    const state = walk.at(path);
    const before = walk.events.length;
    if (state.finishedAt !== null) return;
    switch (state.status.name) {
      case "running":
        if (cancel && !progressAt(walk, path, finallySlot)) cancelRunning(walk, task, path);
        else settle(walk, task, path, carryOn(walk, task, path, state));
        break;
      case "locking":
        if (cancel) walk.emit({ type: "task-cancelled", path });
        else if (state.lock?.grantedAt) return startAttempt(walk, task, path);
        else if (hasFired(state, "timeout")) failLocked(walk, task, path, state);
        break;
      case "retrying":
        if (cancel) walk.emit({ type: "task-cancelled", path });
        else if (hasFired(state, "retry")) return startAttempt(walk, task, path);
        break;
      case "failing":
        if (carryFailing(walk, task, path, state.status.error, cancel)) return;
        break;
      default:
        return;
    }
    const changed = walk.at(path).status.name !== state.status.name;
    if (!changed || walk.events.length === before) return;
  }
}

function carryOn(walk: Walk, task: Task, path: TaskPath, state: TaskState): Outcome {
  if (hasFired(state, "timeout") && !progressAt(walk, path, finallySlot)) {
    const seconds = Math.round((task.timeout ?? 0) / 100) / 10;
    return {
      name: "failed",
      error: {
        code: "timeout",
        message: `The task "${task.id}" was not done within ${seconds} s.`,
        hint: "Raise its timeout, or see what it was waiting for.",
      },
    };
  }
  const head = walk.rules.headOf(task);
  try {
    for (;;) {
      takeUp(walk, path, head.room?.(task) ?? Number.POSITIVE_INFINITY);
      const outcome = head.advance(walk, task, path);
      if (outcome.name !== "open" || !hasRoom(walk, path, head.room?.(task))) return outcome;
    }
  } catch (error) {
    return { name: "failed", error: asTaskError(error) };
  }
}

function settle(walk: Walk, task: Task, path: TaskPath, outcome: Outcome): void {
  if (outcome === open || outcome.name === "open") return;
  if (!stopChildren(walk, path, [finallySlot]) || !stopRuns(walk, path)) return;
  if (outcome.name === "failed") {
    fail(walk, task, path, outcome.error, outcome.retryAfterMs);
    return;
  }
  withdraw(walk, path, "The task went on without it.");
  if (task.finally.length > 0) {
    enter(walk, path, finallySlot, task.finally.length);
    const end = runBlock(walk, path, finallySlot, task.finally);
    if (end.name === "open") return;
    if (end.name === "failed") {
      walk.emit({ type: "task-failed", path, error: end.error, handled: task.onError === "continue" });
      return;
    }
  }
  const order = walk.rules.headOf(task).stops?.(walk, task, path);
  if (order) stopRun(walk, path, order);
  walk.emit({ type: "task-succeeded", path, output: outcome.output });
}

/** Retries, hands over to the handlers, or ends. */
function fail(walk: Walk, task: Task, path: TaskPath, error: TaskError, retryAfterMs?: number): void {
  const state = walk.at(path);
  const reason = error.code === "cancelled" ? { ...error, code: "unavailable" } : error;
  withdraw(walk, path, "The task failed.");
  const dueAt = retryAt(walk, task.retry, state, reason, retryAfterMs);
  if (dueAt !== undefined) {
    walk.emit({ type: "task-retrying", path, attempt: state.attempt + 1, error: reason, dueAt });
    setTimer(walk, path, "retry", dueAt);
  } else if (task.errors.length > 0 || task.finally.length > 0 || typeof task.onError === "object") {
    walk.emit({ type: "task-failing", path, error: reason });
  } else {
    walk.emit({ type: "task-failed", path, error: reason, handled: task.onError === "continue" });
  }
}

/** The lock did not come in time: the task has made no attempt, and makes none. */
function failLocked(walk: Walk, task: Task, path: TaskPath, state: TaskState): void {
  const error = {
    code: "timeout",
    message: `The task "${task.id}" waited too long for the lock "${state.lock?.name ?? ""}".`,
    hint: "See who holds the lock, or raise the task's timeout.",
  };
  if (task.errors.length > 0 || task.finally.length > 0) walk.emit({ type: "task-failing", path, error });
  else walk.emit({ type: "task-failed", path, error, handled: task.onError === "continue" });
}

/** Carries the handlers of a failing task on. True when it waits for them. */
function carryFailing(walk: Walk, task: Task, path: TaskPath, error: TaskError, cancel: boolean): boolean {
  const cancelled = error.code === "cancelled";
  const inFinally = progressAt(walk, path, finallySlot) !== undefined;
  if (!cancelled && !inFinally && task.errors.length > 0) {
    if (cancel) {
      if (!stopChildren(walk, path, [finallySlot])) return true;
    } else {
      enter(walk, path, errorsSlot, task.errors.length);
      if (runBlock(walk, path, errorsSlot, task.errors).name === "open") return true;
    }
  }
  let chosen: Chosen = { name: "fail" };
  if (cancel) withdraw(walk, path, "The task was cancelled.");
  else if (!cancelled && typeof task.onError === "object") {
    chosen = carryEscalation(walk, task, path, error, task.onError.escalate);
    if (chosen.name === "open") return true;
    if (chosen.name === "retry") {
      const { by, comment } = chosen;
      const attempt = walk.at(path).attempt + 1;
      const decided = { by, comment };
      walk.emit({ type: "task-retrying", path, attempt, error, dueAt: walk.now, decided });
      startAttempt(walk, task, path);
      return true;
    }
  }
  let finallyError: TaskError | undefined;
  if (task.finally.length > 0) {
    enter(walk, path, finallySlot, task.finally.length);
    const end = runBlock(walk, path, finallySlot, task.finally);
    if (end.name === "open") return true;
    if (end.name === "failed") finallyError = end.error;
  }
  if (cancelled || cancel) walk.emit({ type: "task-cancelled", path });
  else if (chosen.name === "answer" && finallyError === undefined) {
    walk.emit({ type: "task-succeeded", path, output: chosen.output });
  } else {
    const handled = task.onError === "continue" || chosen.name === "skip";
    const another =
      chosen.name === "answer" ? finallyError : chosen.name === "fail" ? chosen.error : undefined;
    walk.emit({ type: "task-failed", path, error: another ?? error, handled });
  }
  return false;
}

function cancelRunning(walk: Walk, task: Task, path: TaskPath): void {
  if (!stopChildren(walk, path, [finallySlot]) || !stopRuns(walk, path)) return;
  withdraw(walk, path, "The task was cancelled.");
  if (task.finally.length > 0) {
    const error = { code: "cancelled", message: `The task "${task.id}" was cancelled.` };
    walk.emit({ type: "task-failing", path, error });
  } else {
    walk.emit({ type: "task-cancelled", path });
  }
}

/** What was thrown, as an error of a task. Lets through what is not a failure of the task. */
export function asTaskError(error: unknown): TaskError {
  if (error instanceof NeedsBlob || error instanceof RunStopped) throw error;
  if (isExpressionError(error)) return { code: "expression", message: error.message };
  if (BatonError.isInstance(error)) {
    return error.hint === undefined
      ? { code: error.code, message: error.message }
      : { code: error.code, message: error.message, hint: error.hint };
  }
  return { code: "internal", message: messageOf(error) };
}
