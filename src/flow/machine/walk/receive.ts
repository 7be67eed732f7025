import { isBlobRef, never, type Json, type JsonObject } from "#base/index.ts";
import type { Signal } from "../contract.ts";
import type { TaskPath, ToolCall } from "../events.ts";
import { limitsOfRun } from "../limits.ts";
import { rememberTool, scriptTool } from "../names.ts";
import { mainSlot, pathOfKey, stillWhilePaused, timerKey } from "../paths.ts";
import type { EffectState } from "../state.ts";
import { openChild, takeCrossing } from "./children.ts";
import { asTaskError, setTimer } from "./life.ts";
import { progressAt } from "./block.ts";
import { openTasks } from "./open.ts";
import { setTimeoutOf } from "./reopen.ts";
import { abandon, begin, setTimeLimit } from "./run.ts";
import { inputsOf, openAll, runFacts } from "./scope.ts";
import { NeedsBlob, type Walk } from "./walk.ts";

/** After this many milliseconds a second request to cancel ends the run without its handlers. */
export const patienceMs = 5_000;

/** Takes a signal in: emits what it means in this state, or nothing when it no longer matters. */
export function take(walk: Walk, signal: Signal): void {
  switch (signal.kind) {
    case "start":
      return takeStart(walk, signal);
    case "timer":
      return takeTimer(walk, signal.path, signal.name, signal.n);
    case "cancel":
      return takeCancel(walk, signal);
    case "pause":
      return takePause(walk, signal);
    case "resume":
      return takeResume(walk, signal);
    case "retry":
      return takeRetry(walk, signal);
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
      const asked = openChild(walk, signal.key);
      if (asked?.child.facts === null) {
        const { key, error } = signal;
        walk.emit({ type: "child-ended", path: asked.path, key, outcome: "failed", outputs: null, error });
        return;
      }
      const found = openEffect(walk, signal.key);
      if (!found) return;
      const { path, effect } = found;
      const { kind: _kind, postponed, ...failure } = signal;
      if (effect.kind === "model") {
        const call = postponed === true ? { ...failure, postponed } : failure;
        walk.emit({ type: "model-call-failed", path, step: effect.step, ...call });
      } else {
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
    case "child-started":
    case "child-ended":
    case "lock-granted":
    case "event":
      return takeCrossing(walk, signal);
    default:
      return never(signal);
  }
}

function isRepeatable(walk: Walk, effect: EffectState): boolean {
  if (effect.kind === "model" || effect.tool === scriptTool || effect.tool === rememberTool) return true;
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
    // What only looks like a reference is a text: nobody but Baton refers to stored values.
    const args = isBlobRef(call.args) ? JSON.stringify(call.args) : call.args;
    return callId === call.callId && args === call.args ? call : { ...call, callId, args };
  });
}

function takeStart(walk: Walk, signal: Extract<Signal, { kind: "start" }>): void {
  if (walk.draft.run.phase.name !== "created") return;
  const { body, copied = [], overrides = {} } = signal;
  const labels = { ...walk.flow.labels, ...body.labels };
  const start = { ...body, ...(Object.keys(labels).length > 0 ? { labels } : {}) };
  // A part of a run goes on with what that run's variables are.
  const given = body.part ? body.vars : overrides;
  const { vars, problem } = makeVariables(walk, start, { ...body.vars, ...overrides }, given);
  walk.emit({ ...start, vars });
  if (body.refused) {
    const { outcome, error } = body.refused;
    walk.emit({ type: "run-finished", outcome, outputs: null, error });
    return;
  }
  if (problem !== undefined) return failVariables(walk, problem);
  if (copied.length === 0) return;
  begin(walk);
  for (const event of copied) walk.emit(event);
  if (Object.keys(overrides).length > 0) walk.emit({ type: "variables-set", path: "", values: overrides });
  for (const { path } of openTasks(walk.draft)) setTimeoutOf(walk, path);
}

/** The flow's variables; those that are `given` stand as they are. */
function makeVariables(
  walk: Walk,
  { inputs, labels = {} }: Pick<Extract<Signal, { kind: "start" }>["body"], "inputs" | "labels">,
  before: JsonObject,
  given: JsonObject,
): { vars: JsonObject; problem: unknown } {
  const vars: Record<string, Json> = { ...before };
  let problem: unknown;
  for (const [name, template] of Object.entries(walk.flow.vars)) {
    if (Object.hasOwn(given, name)) continue;
    try {
      const run = { ...runFacts(walk), labels };
      vars[name] = walk.fill(template, "", {
        inputs: inputsOf(walk, inputs),
        vars: openAll(walk, vars),
        run,
      });
    } catch (error) {
      if (error instanceof NeedsBlob) throw error;
      problem ??= error;
    }
  }
  return { vars, problem };
}

function failVariables(walk: Walk, problem: unknown): void {
  const error = asTaskError(problem);
  const message = `The variables of the flow could not be made. ${error.message}`;
  walk.emit({ type: "run-finishing", outcome: "failed", error: { ...error, message } });
}

function takeTimer(walk: Walk, path: TaskPath, name: string, n: number): void {
  const { phase } = walk.draft.run;
  if (phase.name === "finished" || !walk.draft.timer(timerKey(path, name, n))) return;
  // What was left of it is measured anew when the run goes on.
  if (walk.draft.run.paused && stillWhilePaused.has(name)) return;
  walk.emit({ type: "timer-fired", path, name, n });
  if (path !== "" || phase.name !== "running") return;
  const seconds = (limitsOfRun(walk).time ?? 0) / 1000;
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
  // Nothing was begun yet: there is nothing that handlers could put in order.
  const begun = progressAt(walk, "", mainSlot) !== undefined;
  if (phase.name !== "running" || !begun) abandon(walk);
}

function takePause(walk: Walk, { by, reason, above }: Extract<Signal, { kind: "pause" }>): void {
  const { phase, paused } = walk.draft.run;
  if (paused || (phase.name !== "running" && phase.name !== "finishing")) return;
  walk.emit({ type: "run-paused", by, reason, ...(above ? { above } : {}) });
}

function takeResume(walk: Walk, { by, above }: Extract<Signal, { kind: "resume" }>): void {
  const { paused } = walk.draft.run;
  // What a person has paused goes on when a person says so.
  if (!paused || (above && !paused.above)) return;
  walk.emit({ type: "run-resumed", by });
  const limits = walk.draft.timers().filter(({ name }) => stillWhilePaused.has(name));
  for (const { path, name, dueAt } of limits) {
    setTimer(walk, path, name as "timeout" | "limit", walk.now + Math.max(0, dueAt - paused.since));
  }
}

function takeRetry(walk: Walk, { by, reason }: Extract<Signal, { kind: "retry" }>): void {
  const { phase, inputs, labels = {}, vars } = walk.draft.run;
  if (phase.name !== "finished" || phase.outcome === "succeeded") return;
  const hasBegun = walk.draft.run.root.progress[mainSlot] !== undefined;
  walk.emit({ type: "run-reopened", by, reason });
  if (hasBegun) return setTimeLimit(walk);
  // It ended before its first task: its variables could not be made.
  const made = makeVariables(walk, { inputs, labels }, vars as JsonObject, {});
  walk.emit({ type: "variables-set", path: "", values: made.vars });
  if (made.problem !== undefined) failVariables(walk, made.problem);
}

function takeDecision(walk: Walk, signal: Extract<Signal, { kind: "approval" }>): void {
  const { approvalId, decision, by, comment, votes } = signal;
  const answer = isBlobRef(signal.answer) ? null : signal.answer;
  for (const task of openTasks(walk.draft)) {
    const pending = task.approvals.find((one) => one.approvalId === approvalId && one.end === null);
    if (!pending) continue;
    if (!pending.ask.decisions.some((one) => one.decision === decision)) return;
    const path = task.path;
    const verdict = { decision, by, comment, answer, ...(votes === undefined ? {} : { votes }) };
    walk.emit({ type: "approval-decided", path, approvalId, ...verdict });
    return;
  }
}
