import type { Cost, Usage } from "./events.ts";
import type { Totals } from "./state.ts";

export const noTotals: Totals = {
  inputTokens: 0,
  outputTokens: 0,
  cost: 0,
  unknownCosts: 0,
  modelCalls: 0,
  toolCalls: 0,
};

/** Totals after a model call. An unknown cost counts as a call without a price, never as 0. */
export function withModelCall(totals: Totals, usage: Usage, cost: Cost): Totals {
  return {
    ...totals,
    inputTokens: totals.inputTokens + (usage.inputTokens ?? 0),
    outputTokens: totals.outputTokens + (usage.outputTokens ?? 0),
    cost: totals.cost + (cost === "unknown" ? 0 : cost),
    unknownCosts: totals.unknownCosts + (cost === "unknown" ? 1 : 0),
    modelCalls: totals.modelCalls + 1,
  };
}

export function withToolCall(totals: Totals): Totals {
  return { ...totals, toolCalls: totals.toolCalls + 1 };
}

export function tokensOf(totals: Totals): number {
  return totals.inputTokens + totals.outputTokens;
}
