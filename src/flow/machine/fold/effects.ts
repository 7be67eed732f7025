import type { Draft } from "../draft.ts";
import type { StoredMessage, TaskError, TaskPath } from "../events.ts";
import type { ApprovalState, EffectState, TaskState } from "../state.ts";
import { withModelCall, withToolCall } from "../totals.ts";
import type { EventOf } from "./tasks.ts";

type ModelEffect = Extract<EffectState, { kind: "model" }>;
type ToolEffect = Extract<EffectState, { kind: "tool" }>;

/** The words by which a model is told that a call came to nothing. */
export function failureText(error: TaskError): string {
  return error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
}

export function messageAdded(draft: Draft, event: EventOf<"agent-message-added">): void {
  const task = draft.task(event.path);
  if (task) draft.putTask({ ...task, messages: [...task.messages, event.message] });
}

export function modelCallBegun(draft: Draft, event: EventOf<"model-call-begun">, at: number): void {
  const task = draft.task(event.path);
  if (!task) return;
  const { type: _type, path: _path, ...call } = event;
  draft.putTask(withEffect(task, { kind: "model", ...call, begunAt: at, end: null }));
}

export function modelCallFinished(draft: Draft, event: EventOf<"model-call-finished">, at: number): void {
  const { type: _type, path, step: _step, key, providerData, ...answer } = event;
  const found = openModelEffect(draft, path, key);
  if (!found) return;
  const { task, effect } = found;
  const message: StoredMessage = {
    role: "assistant",
    text: event.text,
    ...(event.reasoning === "" ? {} : { reasoning: event.reasoning }),
    toolCalls: event.toolCalls,
    ...(providerData === undefined ? {} : { providerData }),
  };
  draft.putTask({
    ...withEffect(task, { ...effect, end: { name: "finished", at, ...answer } }),
    messages: [...task.messages, message],
    usage: withModelCall(task.usage, event.usage, event.cost, effect.reserved),
  });
  draft.run.usage = withModelCall(draft.run.usage, event.usage, event.cost, effect.reserved);
}

export function modelCallFailed(draft: Draft, event: EventOf<"model-call-failed">, at: number): void {
  const found = openModelEffect(draft, event.path, event.key);
  if (!found) return;
  const end = {
    ...failedEnd(event, at),
    ...(event.postponed === true ? { postponed: event.postponed } : {}),
  };
  draft.putTask(withEffect(found.task, { ...found.effect, end }));
}

export function toolCallBegun(draft: Draft, event: EventOf<"tool-call-begun">, at: number): void {
  const task = draft.task(event.path);
  if (!task) return;
  const { type: _type, path: _path, ...call } = event;
  draft.putTask({
    ...withEffect(task, { kind: "tool", ...call, begunAt: at, end: null }),
    usage: withToolCall(task.usage),
  });
  draft.run.usage = withToolCall(draft.run.usage);
}

export function toolCallFinished(draft: Draft, event: EventOf<"tool-call-finished">, at: number): void {
  const found = toolEffect(draft, event.path, event.key);
  if (!found) return;
  const { task, effect } = found;
  const ended = withEffect(task, { ...effect, end: { name: "finished", at, result: event.result } });
  draft.putTask(withResult(ended, effect, event.result, false));
}

export function toolCallFailed(draft: Draft, event: EventOf<"tool-call-failed">, at: number): void {
  const found = toolEffect(draft, event.path, event.key);
  if (!found) return;
  const ended = withEffect(found.task, { ...found.effect, end: failedEnd(event, at) });
  draft.putTask(withResult(ended, found.effect, failureText(event.error), true));
}

export function toolCallDenied(draft: Draft, event: EventOf<"tool-call-denied">, at: number): void {
  const task = draft.task(event.path);
  if (!task) return;
  const { step, callId, tool, args, reason } = event;
  const effect: ToolEffect = {
    kind: "tool",
    key: `denied:${step}:${callId}`,
    step,
    attempt: task.attempt,
    callId,
    tool,
    args,
    risk: "low",
    agent: task.kind === "agent" ? "" : null,
    approvedHash: null,
    begunAt: at,
    end: { name: "denied", at, reason },
  };
  draft.putTask(withResult(withEffect(task, effect), effect, reason, true));
}

export function effectLost(draft: Draft, event: EventOf<"effect-lost">, at: number): void {
  const found = toolEffect(draft, event.path, event.key);
  if (!found) return;
  const { task, effect } = found;
  const end = { name: "lost", at, reason: event.reason, asked: task.approvals.length } as const;
  draft.putTask(withEffect(task, { ...effect, end }));
}

export function approvalRequested(draft: Draft, event: EventOf<"approval-requested">, at: number): void {
  const task = draft.task(event.path);
  if (!task) return;
  const { approvalId, step, callId, ask, deadline } = event;
  const approval: ApprovalState = { approvalId, step, callId, ask, requestedAt: at, deadline, end: null };
  draft.putTask({ ...task, approvals: [...task.approvals, approval] });
}

export function approvalEscalated(draft: Draft, event: EventOf<"approval-escalated">): void {
  const task = draft.task(event.path);
  if (!task) return;
  draft.putTask({
    ...task,
    approvals: task.approvals.map((approval) =>
      approval.approvalId === event.approvalId && approval.end === null
        ? { ...approval, escalated: [...(approval.escalated ?? []), event.to] }
        : approval,
    ),
  });
}

export function approvalDecided(draft: Draft, event: EventOf<"approval-decided">, at: number): void {
  const { decision, by, comment, answer, votes } = event;
  const end = { name: "decided", at, decision, by, comment, answer } as const;
  endApproval(draft, event, votes === undefined ? end : { ...end, votes });
}

export function approvalWithdrawn(draft: Draft, event: EventOf<"approval-withdrawn">, at: number): void {
  endApproval(draft, event, { name: "withdrawn", at, reason: event.reason });
}

function endApproval(
  draft: Draft,
  event: { path: TaskPath; approvalId: string },
  end: NonNullable<ApprovalState["end"]>,
): void {
  const task = draft.task(event.path);
  if (!task) return;
  draft.putTask({
    ...task,
    approvals: task.approvals.map((approval) =>
      approval.approvalId === event.approvalId && approval.end === null ? { ...approval, end } : approval,
    ),
  });
}

/** Puts an effect in the place of the one with its key, or behind the others. */
function withEffect(task: TaskState, effect: EffectState): TaskState {
  const index = task.effects.findLastIndex((other) => other.key === effect.key);
  const effects = index < 0 ? [...task.effects, effect] : task.effects.with(index, effect);
  return { ...task, effects };
}

/** An agent's conversation is told what came of a call; a tool task's result is in its effect alone. */
function withResult(
  task: TaskState,
  effect: ToolEffect,
  result: Extract<StoredMessage, { role: "tool" }>["result"],
  isError: boolean,
): TaskState {
  if (task.kind !== "agent") return task;
  const message: StoredMessage = { role: "tool", callId: effect.callId, tool: effect.tool, result, isError };
  return { ...task, messages: [...task.messages, message] };
}

function failedEnd(
  event: { error: TaskError; retryable: boolean; retryAfterMs?: number },
  at: number,
): { name: "failed"; at: number; error: TaskError; retryable: boolean; retryAfterMs?: number } {
  const { error, retryable, retryAfterMs } = event;
  return { name: "failed", at, error, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function openModelEffect(
  draft: Draft,
  path: TaskPath,
  key: string,
): { task: TaskState; effect: ModelEffect } | undefined {
  const task = draft.task(path);
  const effect = task?.effects.findLast((other) => other.key === key);
  return task && effect?.kind === "model" && effect.end === null ? { task, effect } : undefined;
}

/** A tool effect that is open, or lost and now known. */
function toolEffect(
  draft: Draft,
  path: TaskPath,
  key: string,
): { task: TaskState; effect: ToolEffect } | undefined {
  const task = draft.task(path);
  const effect = task?.effects.findLast((other) => other.key === key);
  if (!task || effect?.kind !== "tool") return undefined;
  return effect.end === null || effect.end.name === "lost" ? { task, effect } : undefined;
}
