import type { ChildUse } from "./crossing.ts";
import type { Cost, Reservation, Usage } from "./events.ts";
import type { RunState, TaskState, Totals } from "./state.ts";

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

export const noUse: Required<ChildUse> = { tokens: 0, cost: 0, unknownCosts: 0, steps: 0, tasks: 0 };

/** Totals with what a started run has used beyond what was counted of it before. */
export function withChild(totals: Totals, used: ChildUse, before: ChildUse): Totals {
  const more = (kind: keyof ChildUse): number => Math.max(0, (used[kind] ?? 0) - (before[kind] ?? 0));
  return {
    ...totals,
    childTokens: (totals.childTokens ?? 0) + more("tokens"),
    childSteps: (totals.childSteps ?? 0) + more("steps"),
    childTasks: (totals.childTasks ?? 0) + more("tasks"),
    cost: totals.cost + more("cost"),
    unknownCosts: totals.unknownCosts + more("unknownCosts"),
  };
}

/** What is put aside for the model calls and the runs that are under way in tasks: of each kind of limit. */
export type Reserved = {
  readonly steps: number;
  readonly tasks: number;
  readonly tokens: number;
  readonly cost: number;
};

export function reservedIn(tasks: Iterable<TaskState>): Reserved {
  const sum = { steps: 0, tasks: 0, tokens: 0, cost: 0 };
  for (const task of tasks) {
    if (task.status.name !== "running") continue;
    for (const { request, end, held, settled = noUse } of task.children ?? []) {
      if (end !== null || held || !request.waits) continue;
      for (const kind of ["steps", "tasks", "tokens", "cost"] as const) {
        sum[kind] += Math.max(0, (request.limits?.[kind] ?? 0) - (settled[kind] ?? 0));
      }
    }
    for (const effect of task.effects) {
      if (effect.kind !== "model" || effect.end !== null) continue;
      sum.steps += 1;
      sum.tokens += (effect.reserved?.inputTokens ?? 0) + (effect.reserved?.outputTokens ?? 0);
      sum.cost += effect.reserved?.cost ?? 0;
    }
  }
  return sum;
}

export function withToolCall(totals: Totals): Totals {
  return { ...totals, toolCalls: totals.toolCalls + 1 };
}

/** Model calls, those of runs that were waited for with them. */
export function stepsOf(totals: Totals): number {
  return totals.modelCalls + (totals.childSteps ?? 0);
}

/**
 * Tasks that a run has begun, of which `own` by itself, those of runs that it waited for with them. The loop that a part
 * carries out was begun by the run that the part is of.
 */
export function tasksOf(run: Pick<RunState, "part" | "usage">, own: number): number {
  return own - (run.part ? 1 : 0) + (run.usage.childTasks ?? 0);
}

export function tokensOf(totals: Totals): number {
  return totals.inputTokens + totals.outputTokens + (totals.childTokens ?? 0);
}
