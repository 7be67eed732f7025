import type { Json } from "#base/index.ts";
import type { Flow } from "#flow/index.ts";
import { headline, isWaiting, stepsOf, tasksOf, tokensOf, type RunState } from "#flow/machine/index.ts";
import type { RunSummary } from "#journal/index.ts";

/** What lists show of a run. */
export function summaryOf(state: RunState, flow: Flow): RunSummary {
  const { phase, usage } = state;
  return {
    state: stateName(state),
    headline: headline(state, flow),
    outputs: (phase.name === "finished" ? phase.outputs : null) as Json,
    error: (phase.name === "finished" || phase.name === "finishing" ? phase.error : null) as Json,
    cost: usage.cost,
    unknownCosts: usage.unknownCosts,
    tokens: tokensOf(usage),
    steps: stepsOf(usage),
    tasks: tasksOf(state, state.order.length),
    ...(phase.name === "finished" && phase.goal ? { goal: phase.goal } : {}),
  };
}

function stateName(state: RunState): RunSummary["state"] {
  const { phase, paused } = state;
  if (paused) return "paused";
  switch (phase.name) {
    case "created":
      return "queued";
    case "cancelling":
      return "cancelling";
    case "finished":
      return phase.outcome;
    default:
      return isWaiting(state) ? "waiting" : "running";
  }
}
