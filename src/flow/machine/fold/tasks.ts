import type { ChildState } from "../crossing.ts";
import type { Draft } from "../draft.ts";
import type { RunEventBody, TaskError } from "../events.ts";
import { errorsSlot, finallySlot, placeOf, stillWhilePaused, timerKey } from "../paths.ts";
import type { TaskState } from "../state.ts";
import { noTotals } from "../totals.ts";
import { childOver, childSeen, childTakenUp, enterBlock, reopened } from "./container.ts";
import { emptyContainer } from "./initial.ts";

export type EventOf<T extends RunEventBody["type"]> = Extract<RunEventBody, { type: T }>;

/** A task as it is when it is first seen, with what outlives its attempts. */
export function fresh(
  draft: Draft,
  previous: TaskState | undefined,
  event: { path: string; id: string; kind: string },
  at: number,
): TaskState {
  const { parent } = placeOf(event.path);
  const within = parent === "" ? 0 : (draft.task(parent)?.attempt ?? 0);
  return {
    path: event.path,
    id: event.id,
    kind: event.kind,
    label: "",
    parent: parent === "" ? null : parent,
    attempt: previous?.attempt ?? 0,
    within,
    startedAt: at,
    finishedAt: null,
    status: { name: "running" },
    data: null,
    blocks: {},
    failedAttempts: [],
    forgiven: 0,
    copiedFrom: null,
    messages: [],
    effects: [],
    approvals: [],
    logs: previous?.logs ?? [],
    usage: previous?.usage ?? noTotals,
    inside: emptyContainer,
    fired: [],
    timersSet: previous?.timersSet ?? 0,
  };
}

export function taskStarted(draft: Draft, event: EventOf<"task-started">, at: number): void {
  const previous = draft.task(event.path);
  const again = previous?.status.name === "retrying" || previous?.status.name === "locking";
  if (previous) draft.dropTimersOf(event.path, previous.timersSet);
  draft.putTask({
    ...fresh(draft, previous, event, at),
    label: event.label,
    attempt: event.attempt,
    data: event.data,
    failedAttempts: again ? previous.failedAttempts : [],
    forgiven: again ? previous.forgiven : 0,
    // What is locked stays so over all attempts.
    ...(again && previous.lock ? { lock: previous.lock } : {}),
  });
  if (!again) childSeen(draft, event.path, true);
}

export function taskSkipped(draft: Draft, event: EventOf<"task-skipped">, at: number): void {
  draft.putTask({
    ...fresh(draft, draft.task(event.path), event, at),
    finishedAt: at,
    status: { name: "skipped", reason: event.reason },
  });
  // A branch that was not chosen is no part of the block that is carried out.
  if (event.reason !== "branch") childSeen(draft, event.path, false);
}

export function taskRetrying(draft: Draft, event: EventOf<"task-retrying">, at: number): void {
  const task = draft.task(event.path);
  if (!task) return;
  draft.dropTimersOf(event.path, task.timersSet);
  draft.putTask({
    ...task,
    status: { name: "retrying", dueAt: event.dueAt, error: event.error },
    failedAttempts: [
      ...task.failedAttempts,
      {
        attempt: task.attempt,
        error: event.error,
        at,
        ...(event.decided === undefined ? {} : { decided: event.decided }),
      },
    ],
    inside: emptyContainer,
    fired: [],
  });
}

/** What failed or was stopped is under way again: anew, or where it stood. */
export function taskReopened(draft: Draft, event: EventOf<"task-reopened">, at: number): void {
  const task = draft.task(event.path);
  if (!task) return;
  childTakenUp(draft, event.path);
  const failed = task.failedAttempts.at(-1)?.error ?? stopped;
  const { [errorsSlot]: _errors, [finallySlot]: _finally, ...blocks } = task.blocks;
  draft.putTask({
    ...task,
    finishedAt: null,
    status: event.again ? { name: "retrying", dueAt: at, error: failed } : { name: "running" },
    forgiven: task.failedAttempts.length,
    // An attempt that is due begins when its block is carried on.
    fired: event.again ? [`retry:${task.timersSet}`] : [],
    blocks,
    // What people decided about the failure was about that failure.
    approvals: task.approvals.filter(({ ask }) => ask.kind !== "escalation"),
    inside: event.again ? emptyContainer : reopened(task.inside),
    ...(task.children ? { children: task.children.map(heldBack) } : {}),
  });
}

/** A run that did not succeed is to be taken up again when there is room. */
function heldBack(child: ChildState): ChildState {
  return child.end?.outcome === "succeeded" || !child.request.waits ? child : { ...child, held: true };
}

const stopped: TaskError = { code: "cancelled", message: "It was stopped." };

export function taskFailing(draft: Draft, event: EventOf<"task-failing">): void {
  const task = draft.task(event.path);
  if (!task) return;
  draft.dropTimersOf(event.path, task.timersSet);
  // What fired belongs to the head; a question about the failure has a deadline of its own.
  draft.putTask({ ...task, status: { name: "failing", error: event.error }, fired: [] });
}

export function taskSucceeded(draft: Draft, event: EventOf<"task-succeeded">, at: number): void {
  if (end(draft, event.path, { name: "succeeded", output: event.output }, at)) {
    childOver(draft, event.path, "ended");
  }
}

export function taskFailed(draft: Draft, event: EventOf<"task-failed">, at: number): void {
  const task = draft.task(event.path);
  if (!task) return;
  draft.putTask({
    ...task,
    failedAttempts: [...task.failedAttempts, { attempt: task.attempt, error: event.error, at }],
  });
  if (end(draft, event.path, { name: "failed", error: event.error, handled: event.handled }, at)) {
    childOver(draft, event.path, event.handled ? "ended" : "failed");
  }
}

export function taskCancelled(draft: Draft, event: EventOf<"task-cancelled">, at: number): void {
  if (end(draft, event.path, { name: "cancelled" }, at)) childOver(draft, event.path, "cancelled");
}

function end(draft: Draft, path: string, status: TaskState["status"], at: number): boolean {
  const task = draft.task(path);
  if (!task || task.finishedAt !== null) return false;
  draft.dropTimersOf(path, task.timersSet);
  const lock = task.lock && { lock: { ...task.lock, releasedAt: at } };
  draft.putTask({ ...task, status, finishedAt: at, ...lock });
  return true;
}

export function blockEntered(draft: Draft, event: EventOf<"block-entered">): void {
  enterBlock(draft, event.path, event.block, event.count);
}

export function logWritten(draft: Draft, event: EventOf<"log-written">, at: number): void {
  const task = draft.task(event.path);
  if (!task) return;
  draft.putTask({ ...task, logs: [...task.logs, { level: event.level, message: event.message, at }] });
}

export function timerSet(draft: Draft, event: EventOf<"timer-set">): void {
  draft.putTimer({ path: event.path, name: event.name, n: event.n, dueAt: event.dueAt });
  // A limit is kept once: what was set later stands in the place of what was set before.
  if (stillWhilePaused.has(event.name)) {
    for (let n = event.n - 1; n > 0; n -= 1) draft.dropTimer(timerKey(event.path, event.name, n));
  }
  if (event.path === "") draft.run.timersSet = Math.max(draft.run.timersSet, event.n);
  const task = draft.task(event.path);
  if (task) draft.putTask({ ...task, timersSet: Math.max(task.timersSet, event.n) });
}

export function timerFired(draft: Draft, event: EventOf<"timer-fired">): void {
  draft.dropTimer(timerKey(event.path, event.name, event.n));
  const task = draft.task(event.path);
  if (task) draft.putTask({ ...task, fired: [...task.fired, `${event.name}:${event.n}`] });
}
