import { never, type Json, type JsonObject } from "#base/index.ts";
import type { Signal } from "../contract.ts";
import type { TaskPath, ToolCall } from "../events.ts";
import { scriptTool } from "../heads/script.ts";
import { pathOfKey, timerKey } from "../paths.ts";
import type { EffectState } from "../state.ts";
import { asTaskError } from "./life.ts";
import { openTasks } from "./open.ts";
import { abandon } from "./run.ts";
import { NeedsBlob, type Walk } from "./walk.ts";

/** After this many milliseconds a second request to cancel ends the run without its handlers. */
export const patienceMs = 5_000;

/** Takes a signal in: emits what it means in this state, or nothing when it no longer matters. */
export function take(walk: Walk, signal: Signal): void {
  switch (signal.kind) {
    case "start":
      return takeStart(walk, signal.body);
    case "timer":
      return takeTimer(walk, signal.path, signal.name, signal.n);
    case "cancel":
      return takeCancel(walk, signal);
    case "approval":
      return takeDecision(walk, signal);
    case "model-finished": {
      const { kind: _kind, ...answer } = signal;
      const found = openEffect(walk, signal.key);
      if (found?.effect.kind !== "model") return;
      const { path, effect } = found;
      const toolCalls = distinct(signal.toolCalls);
      walk.emit({ type: "model-call-finished", path, step: effect.step, ...answer, toolCalls });
      return;
    }
    case "tool-finished": {
      const found = openEffect(walk, signal.key);
      if (found?.effect.kind !== "tool") return;
      const { step, callId, key } = found.effect;
      walk.emit({ type: "tool-call-finished", path: found.path, step, callId, key, result: signal.result });
      return;
    }
    case "effect-failed": {
      const found = openEffect(walk, signal.key);
      if (!found) return;
      const { path, effect } = found;
      const { kind: _kind, ...failure } = signal;
      if (effect.kind === "model")
        walk.emit({ type: "model-call-failed", path, step: effect.step, ...failure });
      else {
        walk.emit({ type: "tool-call-failed", path, step: effect.step, callId: effect.callId, ...failure });
      }
      return;
    }
    case "effect-lost": {
      const found = openEffect(walk, signal.key);
      if (!found || isRepeatable(walk, found.effect)) return;
      walk.emit({ type: "effect-lost", path: found.path, key: signal.key, reason: signal.reason });
      return;
    }
    default:
      return never(signal);
  }
}

function isRepeatable(walk: Walk, effect: EffectState): boolean {
  if (effect.kind === "model" || effect.tool === scriptTool) return true;
  return walk.context.tools.get(effect.tool)?.repeatable ?? false;
}

function openEffect(walk: Walk, key: string): { path: TaskPath; effect: EffectState } | undefined {
  const path = pathOfKey(key);
  const task = walk.task(path);
  if (task?.status.name !== "running") return undefined;
  const effect = task.effects.findLast((one) => one.key === key);
  return effect && effect.end === null ? { path, effect } : undefined;
}

/** Calls with an id each: models sometimes leave it out or give the same one twice. */
function distinct(calls: readonly ToolCall[]): readonly ToolCall[] {
  const seen = new Set<string>();
  return calls.map((call, index) => {
    const given = call.callId === "" ? `call-${index + 1}` : call.callId;
    const callId = seen.has(given) ? `${given}-${index + 1}` : given;
    seen.add(callId);
    return callId === call.callId ? call : { ...call, callId };
  });
}

function takeStart(walk: Walk, body: Extract<Signal, { kind: "start" }>["body"]): void {
  if (walk.draft.run.phase.name !== "created") return;
  const vars: Record<string, Json> = { ...body.vars };
  let problem: unknown;
  for (const [name, template] of Object.entries(walk.flow.vars)) {
    try {
      vars[name] = walk.fill(template, "", { inputs: body.inputs, vars });
    } catch (error) {
      if (error instanceof NeedsBlob) throw error;
      problem ??= error;
    }
  }
  walk.emit({ ...body, vars: vars as JsonObject });
  if (problem === undefined) return;
  const error = asTaskError(problem);
  const message = `The variables of the flow could not be made. ${error.message}`;
  walk.emit({ type: "run-finishing", outcome: "failed", error: { ...error, message } });
}

function takeTimer(walk: Walk, path: TaskPath, name: string, n: number): void {
  const { phase } = walk.draft.run;
  if (phase.name === "finished" || !walk.draft.timer(timerKey(path, name, n))) return;
  walk.emit({ type: "timer-fired", path, name, n });
  if (path !== "" || phase.name !== "running") return;
  const seconds = (walk.flow.limits.time ?? 0) / 1000;
  walk.emit({
    type: "run-finishing",
    outcome: "failed",
    error: {
      code: "limit-reached",
      message: `The run took longer than its limit of ${seconds} s.`,
      hint: "Raise limits.time of the flow.",
    },
  });
}

function takeCancel(walk: Walk, signal: Extract<Signal, { kind: "cancel" }>): void {
  const { phase } = walk.draft.run;
  const { by, reason } = signal;
  if (phase.name === "created" || phase.name === "finished") return;
  if (phase.name === "cancelling" && walk.now - phase.since < patienceMs) return;
  walk.emit({ type: "run-cancel-requested", by, reason });
  if (phase.name !== "running") abandon(walk);
}

function takeDecision(walk: Walk, signal: Extract<Signal, { kind: "approval" }>): void {
  const { approvalId, decision, by, comment, answer } = signal;
  for (const task of openTasks(walk.draft)) {
    const pending = task.approvals.find((one) => one.approvalId === approvalId && one.end === null);
    if (!pending) continue;
    if (!pending.ask.decisions.some((one) => one.decision === decision)) return;
    const path = task.path;
    walk.emit({ type: "approval-decided", path, approvalId, decision, by, comment, answer });
    return;
  }
}
