import { isObject, type Json, type JsonObject } from "#base/index.ts";
import type { ApprovalVote, TaskPath } from "../events.ts";
import type { ApprovalState } from "../state.ts";
import { freeze, questionBytes, request, type Question } from "../walk/asks.ts";
import { hasFired, setTimer } from "../walk/life.ts";
import type { Walk } from "../walk/walk.ts";
import type { TaskOf } from "./head.ts";

/**
 * Asks once per attempt; sets the timers of the deadline and of those whom the question goes to further. Answers how
 * the question stands, undefined when just asked. With `onTimeout: escalate` the deadline is twice the timeout: when
 * the first half is over, the question goes to everyone in the chain.
 */
export function askOnce(
  walk: Walk,
  path: TaskPath,
  task: Pick<TaskOf<"approval"> | TaskOf<"form">, "timeout" | "escalate" | "onTimeout">,
  question: () => Question,
): ApprovalState | undefined {
  const asked = walk.at(path).approvals.at(-1);
  if (asked) return asked.end === null ? goFurther(walk, path, asked) : asked;
  const { timeout } = task;
  const again = task.onTimeout === "escalate";
  const wait = timeout === undefined ? Number.POSITIVE_INFINITY : again ? timeout * 2 : timeout;
  // Who tries a flow out is asked alone.
  const further = walk.draft.run.sandbox ? [] : task.escalate;
  const steps = further
    .map(({ after, to }) => ({ after: again ? Math.min(after, timeout ?? after) : after, to }))
    .filter(({ after }) => after < wait);
  const made = { ...question(), ...(steps.length === 0 ? {} : { escalate: steps }) };
  const deadline = Number.isFinite(wait) ? walk.now + wait : null;
  const ask = freeze(walk, made, (frozen) => questionBytes(walk, path, frozen));
  request(walk, path, ask, { step: 1, callId: null, deadline });
  if (deadline !== null) setTimer(walk, path, "deadline", deadline);
  for (const { after } of steps) setTimer(walk, path, "escalate", walk.now + after);
  return undefined;
}

/** Has the question go to those whose time has come. */
function goFurther(walk: Walk, path: TaskPath, asked: ApprovalState): ApprovalState {
  const due = walk.at(path).fired.filter((one) => one.startsWith("escalate:")).length;
  const { approvalId, escalated = [] } = asked;
  for (const { to } of (asked.ask.escalate ?? []).slice(escalated.length, due)) {
    walk.emit({ type: "approval-escalated", path, approvalId, to });
  }
  return asked;
}

/** Whether the deadline passed before anyone decided. */
export function isLate(walk: Walk, path: TaskPath, asked: ApprovalState): boolean {
  return asked.end === null && hasFired(walk.at(path), "deadline");
}

export function decidedOutput(
  decision: string,
  end: {
    by: { id: string; name: string } | null;
    comment: string;
    answer: JsonObject | null;
    votes?: readonly ApprovalVote[];
  },
): Json {
  const by = end.by ? { id: end.by.id, name: end.by.name } : null;
  const output = { decision, by, comment: end.comment, answer: end.answer };
  if (end.votes === undefined) return output;
  return { ...output, votes: end.votes.map((vote) => ({ ...vote, by: { ...vote.by } })) };
}

/** A text among the evaluated head values. */
export function textIn(data: unknown, name: string): string {
  return isObject(data) && typeof data[name] === "string" ? data[name] : "";
}

export function valueIn(data: unknown, name: string): Json {
  return isObject(data) ? ((data[name] as Json | undefined) ?? null) : null;
}
