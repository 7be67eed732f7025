import { isObject, type Json } from "#base/index.ts";
import { effectKey } from "../paths.ts";
import { askForCall, needsApproval, type PendingCall } from "../walk/asks.ts";
import type { TaskPath } from "../events.ts";
import { emitCall } from "../sandbox/answer.ts";
import type { Walk } from "../walk/walk.ts";
import { callOutcome, checkArguments, errorList } from "./call.ts";
import { failed, type Head, open, type Outcome } from "./head.ts";

const callId = "call";

/** One tool, called directly. Its approval rule holds here as well. */
export const tool: Head<"tool"> = {
  kind: "tool",
  start: (walk, task, path) => ({ label: task.tool, data: { args: walk.fill(task.with, path) } }),
  advance(walk, task, path) {
    const state = walk.at(path);
    const effect = state.effects.at(-1);
    if (effect) {
      const outcome = callOutcome(walk, path, effect, null);
      return outcome;
    }
    const facts = walk.context.tools.get(task.tool);
    if (!facts) {
      return failed(
        "misconfigured",
        `There is no tool named "${task.tool}".`,
        "See the tools of the workspace.",
      );
    }
    const data = walk.open(state.data);
    const given = isObject(data) ? (data["args"] as Json) : {};
    const checked = checkArguments(facts.inputSchema, given);
    if (!checked.ok) {
      return failed(
        "bad-input",
        `The arguments of ${task.tool} are not what it takes. ${errorList(checked)}`,
      );
    }
    const key = effectKey(walk.context.runId, path, state.attempt, 1, callId);
    const call: PendingCall = { step: 1, callId, key, facts, args: checked.value, agent: null };
    return callOrAsk(walk, path, call);
  },
};

function callOrAsk(walk: Walk, path: TaskPath, call: PendingCall): Outcome {
  const { facts } = call;
  const state = walk.at(path);
  const approval = state.approvals.findLast((one) => one.ask.kind === "tool");
  if (!approval) {
    if (needsApproval(walk, path, facts, call.args)) askForCall(walk, path, call);
    else beginCall(walk, path, call, null);
    return open;
  }
  if (approval.end?.name !== "decided") return open;
  const { decision, by, comment } = approval.end;
  if (decision === "approve") {
    if (approval.ask.call?.schemaHash !== facts.schemaHash) {
      return failed("conflict", `${facts.name} changed since it was approved. Nothing was done.`);
    }
    beginCall(walk, path, { ...call, args: approval.ask.call.args }, approval.ask.hash);
    return open;
  }
  const reason = `${by?.name ?? "Nobody"} rejected it${comment === "" ? "." : `: ${comment}`}`;
  const { step, callId: id, args } = call;
  walk.emit({ type: "tool-call-denied", path, step, callId: id, tool: facts.name, args, reason, by });
  return failed("rejected", `${approval.ask.title}: ${reason}`);
}

/** Journals that a call begins. From here on it may happen. */
export function beginCall(walk: Walk, path: TaskPath, call: PendingCall, approvedHash: string | null): void {
  const { facts, args, agent, step, key } = call;
  emitCall(walk, {
    path,
    attempt: walk.at(path).attempt,
    step,
    callId: call.callId,
    key,
    tool: facts.name,
    args,
    risk: facts.risk,
    agent,
    approvedHash,
  });
}
