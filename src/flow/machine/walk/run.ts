import type { RunEventBody, TaskError, Value } from "../events.ts";
import { containerAt } from "../fold/container.ts";
import { errorsSlot, finallySlot, mainSlot } from "../paths.ts";
import { enter, progressAt, runBlock, stopChildren } from "./block.ts";
import { asTaskError } from "./life.ts";
import { takeUp } from "./reopen.ts";
import { setTimer } from "./pending.ts";
import type { Walk } from "./walk.ts";

type RunOutcome = Extract<RunEventBody, { type: "run-finished" }>["outcome"];

/** Carries the run on as far as it goes by itself. */
export function carryRun(walk: Walk): void {
  const { phase, paused } = walk.draft.run;
  if (paused) return;
  switch (phase.name) {
    case "created":
    case "finished":
      return;
    case "running": {
      if (!progressAt(walk, "", mainSlot)) begin(walk);
      takeUp(walk, "", Number.POSITIVE_INFINITY);
      const end = runBlock(walk, "", mainSlot, walk.flow.tasks);
      if (end.name === "open") return;
      if (end.name === "failed") finish(walk, "failed", end.error);
      else finish(walk, "succeeded", null);
      return;
    }
    case "cancelling":
      if (stopChildren(walk, "", [])) finish(walk, "cancelled", null);
      return;
    case "finishing":
      carryFinishing(walk, phase.outcome, phase.error);
  }
}

export function begin(walk: Walk): void {
  setTimeLimit(walk);
  enter(walk, "", "tasks", walk.flow.tasks.length);
}

/** The time that the run may take, from now on. */
export function setTimeLimit(walk: Walk): void {
  const { time } = walk.flow.limits;
  if (time !== undefined) setTimer(walk, "", "limit", walk.now + time);
}

/** Hands over to the run's own handlers, or ends it. */
function finish(walk: Walk, outcome: RunOutcome, error: TaskError | null): void {
  const handlers = walk.flow.finally.length > 0 || (outcome === "failed" && walk.flow.errors.length > 0);
  if (!handlers) return end(walk, outcome, error);
  walk.emit({ type: "run-finishing", outcome, error });
  carryFinishing(walk, outcome, error);
}

function carryFinishing(walk: Walk, outcome: RunOutcome, error: TaskError | null): void {
  if (!stopChildren(walk, "", [errorsSlot, finallySlot])) return;
  const { errors, finally: last } = walk.flow;
  if (outcome === "failed" && errors.length > 0) {
    enter(walk, "", errorsSlot, errors.length);
    if (runBlock(walk, "", errorsSlot, errors).name === "open") return;
  }
  if (last.length > 0) {
    enter(walk, "", finallySlot, last.length);
    const ended = runBlock(walk, "", finallySlot, last);
    if (ended.name === "open") return;
    if (ended.name === "failed" && outcome === "succeeded") return end(walk, "failed", ended.error);
  }
  end(walk, outcome, error);
}

function end(walk: Walk, outcome: RunOutcome, error: TaskError | null): void {
  if (outcome !== "succeeded") {
    walk.emit({ type: "run-finished", outcome, outputs: null, error });
    return;
  }
  try {
    const outputs: Record<string, Value> = {};
    for (const [name, template] of Object.entries(walk.flow.outputs)) outputs[name] = walk.fill(template, "");
    walk.emit({ type: "run-finished", outcome, outputs, error: null });
  } catch (problem) {
    const reason = asTaskError(problem);
    const message = `The outputs could not be made. ${reason.message}`;
    walk.emit({ type: "run-finished", outcome: "failed", outputs: null, error: { ...reason, message } });
  }
}

/** Ends a run at once: nothing that is open is waited for, no handler runs. */
export function abandon(walk: Walk): void {
  const visit = (path: string): void => {
    for (const child of containerAt(walk.draft, path)?.open ?? []) {
      visit(child);
      for (const approval of walk.at(child).approvals) {
        if (approval.end !== null) continue;
        const reason = "The run was stopped.";
        walk.emit({ type: "approval-withdrawn", path: child, approvalId: approval.approvalId, reason });
      }
      walk.emit({ type: "task-cancelled", path: child });
    }
  };
  visit("");
  end(walk, "cancelled", null);
}
