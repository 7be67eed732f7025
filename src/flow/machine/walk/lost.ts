import { isObject, type Json } from "#base/index.ts";
import type { TaskPath } from "../events.ts";
import { emitCall } from "../sandbox/answer.ts";
import type { ApprovalState, EffectState } from "../state.ts";
import { approvers, freeze, questionBytes, request, type Question } from "./asks.ts";
import type { Walk } from "./walk.ts";

type ToolEffect = Extract<EffectState, { kind: "tool" }>;

/** The question about an effect of which nobody knows whether it happened, if it was asked since the loss. */
function questionAbout(walk: Walk, path: TaskPath, effect: ToolEffect): ApprovalState | undefined {
  const before = effect.end?.name === "lost" ? effect.end.asked : 0;
  return walk
    .at(path)
    .approvals.slice(before)
    .find(
      (approval) =>
        approval.ask.kind === "outcome-unknown" &&
        approval.step === effect.step &&
        approval.callId === effect.callId,
    );
}

/** Asks what became of a lost call, or does what was answered. */
export function askAboutLost(walk: Walk, path: TaskPath, effect: ToolEffect): void {
  const { step, callId, key } = effect;
  const asked = questionAbout(walk, path, effect);
  if (!asked) {
    const question = lostQuestion(walk, effect);
    const ask = freeze(walk, question, (frozen) => questionBytes(walk, path, frozen));
    request(walk, path, ask, { step, callId, deadline: null });
    return;
  }
  if (asked.end?.name !== "decided") return;
  const { decision, by } = asked.end;
  if (decision === "happened") {
    const answer = walk.open(asked.end.answer);
    const result =
      isObject(answer) && "result" in answer ? ((answer["result"] as Json | undefined) ?? null) : null;
    walk.emit({ type: "tool-call-finished", path, step, callId, key, result });
  } else if (decision === "again" && asked.ask.call?.schemaHash === schemaHashOf(walk, effect)) {
    const { tool, agent, approvedHash } = effect;
    emitCall(walk, {
      path,
      attempt: effect.attempt,
      step,
      callId,
      key,
      tool,
      args: effect.args as Json,
      risk: effect.risk as "low" | "medium" | "high",
      agent,
      approvedHash,
    });
  } else {
    const then =
      decision === "again"
        ? `${effect.tool} changed since ${by?.name ?? "a person"} chose to run it again, so nothing more was done`
        : `${by?.name ?? "a person"} chose to fail the task`;
    const error = {
      code: "outcome-unknown",
      message: `The worker was lost while ${effect.tool} was under way; ${then}.`,
    };
    walk.emit({ type: "tool-call-failed", path, step, callId, key, error, retryable: false });
  }
}

function schemaHashOf(walk: Walk, effect: ToolEffect): string {
  return walk.context.tools.get(effect.tool)?.schemaHash ?? "";
}

function lostQuestion(walk: Walk, effect: ToolEffect): Question {
  const schemaHash = schemaHashOf(walk, effect);
  return {
    kind: "outcome-unknown",
    title: `Did ${effect.tool} happen?`,
    by: approvers,
    details: {
      explanation:
        "The worker that made this call was lost before the answer came. The call may have happened or not, and doing it twice is not the same as doing it once.",
      key: effect.key,
    },
    decisions: [
      { decision: "happened", label: "It happened", tone: "primary" },
      { decision: "again", label: "Run it again", tone: "danger" },
      { decision: "fail", label: "Fail the task", tone: "plain" },
    ],
    fields: {
      type: "object",
      properties: { result: { title: "Result", description: "What the call answered, if it happened" } },
    },
    comment: "never",
    risk: effect.risk as "low" | "medium" | "high",
    call: { tool: effect.tool, args: walk.open(effect.args as Json), schemaHash, agent: effect.agent },
  };
}
