import type { RunEventBody, RunStop, TaskError, Value } from "../events.ts";
import { containerAt } from "../fold/container.ts";
import { errorsSlot, finallySlot, mainSlot } from "../paths.ts";
import { limitsOfRun } from "../limits.ts";
import { type BlockEnd, enter, progressAt, runBlock, stopChildren } from "./block.ts";
import { goalOf } from "./goal.ts";
import { asTaskError } from "./life.ts";
import { takeUp } from "./reopen.ts";
import { setTimer } from "./pending.ts";
import { RunStopped } from "./stop.ts";
import { reachOf } from "../part.ts";
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
      const end = runMain(walk);
      if (end === "stopped") carryRun(walk);
      else if (end.name === "failed") finish(walk, "failed", end.error);
      else if (end.name === "done") finish(walk, "succeeded", null);
      return;
    }
    case "cancelling":
      if (stopChildren(walk, "", [])) finish(walk, "cancelled", null);
      return;
    case "finishing":
      carryFinishing(walk, phase.outcome, phase.error);
  }
}

/** Carries the run's own tasks on; "stopped" when one of them ended the run. */
function runMain(walk: Walk): BlockEnd | "stopped" {
  try {
    return runBlock(walk, "", mainSlot, walk.flow.tasks);
  } catch (error) {
    if (error instanceof RunStopped) return "stopped";
    throw error;
  }
}

export function begin(walk: Walk): void {
  setTimeLimit(walk);
  enter(walk, "", "tasks", walk.flow.tasks.length);
}

/** The time that the run may take, from now on. */
export function setTimeLimit(walk: Walk): void {
  const { time } = limitsOfRun(walk);
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
  const { phase } = walk.draft.run;
  const stop = phase.name === "finishing" && phase.outcome === outcome ? phase.stop : undefined;
  const told = stop ? { message: stop.message } : {};
  const made = outcome === "succeeded" ? outputsOf(walk, stop) : { outputs: null, error };
  const result = "error" in made ? made : { outputs: made.outputs, error: null };
  const finished = result.error !== null && outcome === "succeeded" ? "failed" : outcome;
  walk.emit({
    type: "run-finished",
    outcome: finished,
    ...result,
    ...told,
    ...(stop?.asAsked ? {} : goalOf(walk, finished, result.outputs)),
  });
}

/** The outputs of a run that succeeded. Where it was stopped early, those that can't be made are null. */
function outputsOf(
  walk: Walk,
  stop: RunStop | undefined,
): { outputs: Record<string, Value> } | { outputs: null; error: TaskError } {
  if (stop?.outputs) return { outputs: { ...stop.outputs } };
  const outputs: Record<string, Value> = walk.draft.run.part ? partOutputs(walk) : {};
  for (const [name, template] of Object.entries(walk.flow.outputs)) {
    try {
      outputs[name] = walk.fill(template, "");
    } catch (problem) {
      const reason = asTaskError(problem);
      if (!stop) {
        const message = `The outputs could not be made. ${reason.message}`;
        return { outputs: null, error: { ...reason, message } };
      }
      outputs[name] = null;
    }
  }
  return { outputs };
}

/** What a part hands to the run that it belongs to. */
function partOutputs(walk: Walk): Record<string, Value> {
  const [task] = walk.flow.tasks;
  const state = task && walk.task(task.id);
  if (task?.kind !== "foreach" || state?.status.name !== "succeeded") return { items: [], broke: false };
  const items = walk.openWithin(state.status.output);
  const given = walk.open(walk.draft.run.part?.items ?? []);
  const { vars } = walk.draft.run;
  const set = reachOf(walk.context.flow, task).sets.filter((name) => Object.hasOwn(vars, name));
  return {
    items,
    broke: Array.isArray(items) && Array.isArray(given) && items.length < given.length,
    vars: Object.fromEntries(set.map((name) => [name, vars[name] ?? null])) as Value,
  };
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
