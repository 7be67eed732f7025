import { BatonError, type RunId } from "#base/index.ts";
import { createFold, machine, stepsOf, tasksOf, tokensOf, type RunEventBody } from "#flow/machine/index.ts";
import type { Claim, RunSummary } from "#journal/index.ts";
import type { EngineOptions } from "./ports.ts";

/** Errors that another worker, or another try, would meet as well. */
const lasting: ReadonlySet<string> = new Set(["not-found", "bad-input", "misconfigured"]);

/** Whether a run's flow can't be read, now and later. */
export function isUnreadable(error: unknown): error is BatonError {
  return BatonError.isInstance(error) && lasting.has(error.code);
}

/**
 * Ends a run whose flow can't be read any more: nothing of it can be carried out, its handlers neither. Its journal says
 * why, as for any other run that failed.
 */
export async function endUnreadable(
  options: EngineOptions,
  run: RunId,
  claim: Claim,
  error: BatonError,
): Promise<void> {
  const { journal } = options;
  const fold = createFold(claim.snapshot ?? machine.initial());
  fold.add(claim.events);
  const state = fold.state();
  const { seq, usage } = state;
  const told = {
    code: error.code,
    message: `The flow that this run is pinned to can't be carried out. ${error.message}`,
    hint: error.hint ?? "Start a new run of the flow's latest revision.",
  };
  const end: RunEventBody = { type: "run-finished", outcome: "failed", outputs: null, error: told };
  const summary: RunSummary = {
    state: "failed",
    headline: told.message,
    outputs: null,
    error: told,
    cost: usage.cost,
    unknownCosts: usage.unknownCosts,
    tokens: tokensOf(usage),
    steps: stepsOf(usage),
    tasks: tasksOf(state, state.order.length),
  };
  const { workspace, epoch } = claim;
  const audit = {
    actor: { kind: "system", id: "engine", name: "Baton" },
    action: "run.failed",
    subject: { kind: "run", id: run },
    path: null,
    body: { error: told },
  };
  const { items, wake } = await journal.inbox(run);
  const answer = await journal.append({
    run,
    workspace,
    epoch,
    seq: seq + 1,
    events: [end],
    audit: [audit],
    consume: items.map((item) => item.id),
    summary,
  });
  if (answer.result === "fenced") return;
  fold.add([{ seq: seq + 1, at: answer.at, body: end }]);
  await journal.park({ run, epoch, wake, snapshot: fold.state(), summary });
}
