import { isObject, type Json, type JsonObject } from "#base/index.ts";
import type { ApprovalVote, TaskPath } from "../events.ts";
import type { ApprovalState } from "../state.ts";
import { freeze, questionBytes, request, type Question } from "../walk/asks.ts";
import { hasFired, setTimer } from "../walk/life.ts";
import type { Walk } from "../walk/walk.ts";

/** Asks once per attempt; sets the deadline's timer. Answers how the question stands, undefined when just asked. */
export function askOnce(
  walk: Walk,
  path: TaskPath,
  timeout: number | undefined,
  question: () => Question,
): ApprovalState | undefined {
  const asked = walk.at(path).approvals.at(-1);
  if (asked) return asked;
  const made = question();
  const deadline = timeout === undefined ? null : walk.now + timeout;
  const ask = freeze(walk, made, questionBytes(walk, path, made));
  request(walk, path, ask, { step: 1, callId: null, deadline });
  if (deadline !== null) setTimer(walk, path, "deadline", deadline);
  return undefined;
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
