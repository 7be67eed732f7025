import { Draft } from "../draft.ts";
import type { RunEvent, RunEventBody } from "../events.ts";
import type { RunState } from "../state.ts";
import { machineVersion } from "../version.ts";
import { noTotals } from "../totals.ts";
import { reopened } from "./container.ts";
import { applyCrossing } from "./crossing.ts";
import * as effects from "./effects.ts";
import * as tasks from "./tasks.ts";

/** Folds one event into a draft. Total: what fits nowhere changes nothing but `seq` and `lastAt`. */
export function apply(draft: Draft, body: RunEventBody, at: number): void {
  draft.run.seq += 1;
  draft.run.lastAt = at;
  applyBody(draft, body, at);
}

function applyBody(draft: Draft, body: RunEventBody, at: number): void {
  const { run } = draft;
  switch (body.type) {
    case "run-started":
      Object.assign(run, {
        version: machineVersion,
        phase: { name: "running" },
        flowId: body.flowId,
        revisionId: body.revisionId,
        inputs: body.inputs,
        vars: body.vars,
        ...(body.labels ? { labels: body.labels } : {}),
        startedBy: body.by,
        simulated: body.simulated,
        ...(body.limits === undefined ? {} : { limits: body.limits }),
        forkedFrom: body.forkedFrom ?? null,
        startedAt: at,
        ...(body.parent ? { parent: body.parent } : {}),
        ...(body.part ? { part: body.part } : {}),
        ...(body.crosses ? { crosses: true } : {}),
        ...(body.sandbox ? { sandbox: body.sandbox } : {}),
      } satisfies Partial<RunState>);
      return;
    case "run-cancel-requested":
      run.phase = { name: "cancelling", by: body.by, reason: body.reason, since: at };
      run.paused = null;
      return;
    case "run-paused":
      run.paused = { by: body.by, reason: body.reason, since: at, ...(body.above ? { above: true } : {}) };
      run.pauses = (run.pauses ?? 0) + 1;
      return;
    case "run-resumed":
      run.paused = null;
      return;
    case "run-reopened":
      run.phase = { name: "running" };
      run.root = reopened(run.root);
      return;
    case "event-copied":
      return eventCopied(draft, body.body, body.from.run, at);
    case "run-finishing":
      run.phase = {
        name: "finishing",
        outcome: body.outcome,
        error: body.error,
        ...(body.stop ? { stop: body.stop } : {}),
      };
      return;
    case "run-finished": {
      const { outcome, outputs, error, message, goal } = body;
      run.phase = {
        name: "finished",
        outcome,
        outputs,
        error,
        ...(message === undefined ? {} : { message }),
        ...(goal ? { goal } : {}),
        at,
      };
      run.paused = null;
      draft.dropTimersOf("", run.timersSet);
      return;
    }
    case "variables-set":
      run.vars = { ...run.vars, ...body.values };
      return;
    case "task-started":
      return tasks.taskStarted(draft, body, at);
    case "task-skipped":
      return tasks.taskSkipped(draft, body, at);
    case "task-reopened":
      return tasks.taskReopened(draft, body, at);
    case "task-retrying":
      return tasks.taskRetrying(draft, body, at);
    case "task-succeeded":
      return tasks.taskSucceeded(draft, body, at);
    case "task-failing":
      return tasks.taskFailing(draft, body);
    case "task-failed":
      return tasks.taskFailed(draft, body, at);
    case "task-cancelled":
      return tasks.taskCancelled(draft, body, at);
    case "block-entered":
      return tasks.blockEntered(draft, body);
    case "log-written":
      return tasks.logWritten(draft, body, at);
    case "timer-set":
      return tasks.timerSet(draft, body);
    case "timer-fired":
      return tasks.timerFired(draft, body);
    case "agent-message-added":
      return effects.messageAdded(draft, body);
    case "model-call-begun":
      return effects.modelCallBegun(draft, body, at);
    case "model-call-finished":
      return effects.modelCallFinished(draft, body, at);
    case "model-call-failed":
      return effects.modelCallFailed(draft, body, at);
    case "tool-call-begun":
      return effects.toolCallBegun(draft, body, at);
    case "tool-call-finished":
      return effects.toolCallFinished(draft, body, at);
    case "tool-call-failed":
      return effects.toolCallFailed(draft, body, at);
    case "tool-call-denied":
      return effects.toolCallDenied(draft, body, at);
    case "approval-requested":
      return effects.approvalRequested(draft, body, at);
    case "approval-escalated":
      return effects.approvalEscalated(draft, body);
    case "approval-decided":
      return effects.approvalDecided(draft, body, at);
    case "approval-withdrawn":
      return effects.approvalWithdrawn(draft, body, at);
    case "effect-lost":
      return effects.effectLost(draft, body, at);
    case "memory-read":
      // What was made of it is in the events that follow.
      return;
    case "child-requested":
    case "child-started":
    case "child-ended":
    case "child-cancel-requested":
    case "child-retried":
    case "lock-requested":
    case "lock-granted":
    case "event-awaited":
    case "event-received":
      return applyCrossing(draft, body, at);
    default:
      body satisfies never;
  }
}

/** What another run did holds here as well; what it cost was paid there. */
function eventCopied(draft: Draft, body: RunEventBody, from: string, at: number): void {
  const path = "path" in body ? body.path : "";
  const before = draft.task(path)?.usage ?? noTotals;
  const { usage } = draft.run;
  applyBody(draft, body, at);
  draft.run.usage = usage;
  const task = draft.task(path);
  if (!task) return;
  const begun = body.type === "task-started" || body.type === "task-skipped";
  draft.putTask({ ...task, usage: before, copiedFrom: begun ? from : task.copiedFrom });
}

/** The fold over one event. Copies what grows; for many events use {@link foldEvents} or {@link createFold}. */
export function evolve(state: RunState, event: RunEvent): RunState {
  return foldEvents(state, [event]);
}

/** Folds events into a state; answers a new state and leaves the old one as it was. Linear in the events. */
export function foldEvents(state: RunState, events: readonly RunEvent[]): RunState {
  if (events.length === 0) return state;
  const draft = new Draft(state, true);
  for (const event of events) apply(draft, event.body, event.at);
  return draft.state();
}

/** A fold that goes on: what `state()` answers is valid until the next `add`. For whoever follows a run for long. */
export type Fold = { add(events: readonly RunEvent[]): void; state(): RunState };

export function createFold(state: RunState): Fold {
  const draft = new Draft(state, true);
  let current: RunState | undefined;
  return {
    add(events) {
      current = undefined;
      for (const event of events) apply(draft, event.body, event.at);
    },
    state() {
      current ??= draft.state();
      return current;
    },
  };
}
