import type { ChildUse } from "./crossing.ts";
import type { Cost, Reservation, Usage } from "./events.ts";
import type { TaskState, Totals } from "./state.ts";

export const noTotals: Totals = {
  inputTokens: 0,
  outputTokens: 0,
  cost: 0,
  unknownCosts: 0,
  modelCalls: 0,
  toolCalls: 0,
};

/**
 * Totals after a model call. What a provider doesn't tell counts as what was put aside for it; without that an unknown
 * cost counts as a call without a price, never as 0.
 */
export function withModelCall(totals: Totals, usage: Usage, cost: Cost, reserved?: Reservation): Totals {
  const known = cost === "unknown" ? (reserved?.cost ?? null) : cost;
  return {
    ...totals,
    inputTokens: totals.inputTokens + (usage.inputTokens ?? reserved?.inputTokens ?? 0),
    outputTokens: totals.outputTokens + (usage.outputTokens ?? reserved?.outputTokens ?? 0),
    cost: totals.cost + (known ?? 0),
    unknownCosts: totals.unknownCosts + (known === null ? 1 : 0),
    modelCalls: totals.modelCalls + 1,
  };
}

export const noUse: ChildUse = { tokens: 0, cost: 0, unknownCosts: 0 };

/** Totals with what a started run has used beyond what was counted of it before. */
export function withChild(totals: Totals, used: ChildUse, before: ChildUse): Totals {
  return {
    ...totals,
    childTokens: (totals.childTokens ?? 0) + Math.max(0, used.tokens - before.tokens),
    cost: totals.cost + Math.max(0, used.cost - before.cost),
    unknownCosts: totals.unknownCosts + Math.max(0, used.unknownCosts - before.unknownCosts),
  };
}

/** What is put aside for the model calls and the runs that are under way in these tasks, and how many calls there are. */
export function reservedIn(tasks: Iterable<TaskState>): { calls: number; tokens: number; cost: number } {
  const sum = { calls: 0, tokens: 0, cost: 0 };
  for (const task of tasks) {
    if (task.status.name !== "running") continue;
    for (const { request, end, held, settled = noUse } of task.children ?? []) {
      if (end !== null || held || !request.waits) continue;
      sum.tokens += Math.max(0, (request.limits?.tokens ?? 0) - settled.tokens);
      sum.cost += Math.max(0, (request.limits?.cost ?? 0) - settled.cost);
    }
    for (const effect of task.effects) {
      if (effect.kind !== "model" || effect.end !== null) continue;
      sum.calls += 1;
      sum.tokens += (effect.reserved?.inputTokens ?? 0) + (effect.reserved?.outputTokens ?? 0);
      sum.cost += effect.reserved?.cost ?? 0;
    }
  }
  return sum;
}

export function withToolCall(totals: Totals): Totals {
  return { ...totals, toolCalls: totals.toolCalls + 1 };
}

export function tokensOf(totals: Totals): number {
  return totals.inputTokens + totals.outputTokens + (totals.childTokens ?? 0);
}
