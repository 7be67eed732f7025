import type { Flow, Limits } from "../language/definition.ts";
import type { RunState } from "./state.ts";
import { reservedIn, tokensOf } from "./totals.ts";
import { openTasks } from "./walk/open.ts";
import type { Walk } from "./walk/walk.ts";

/** Of two limits the lower one, each kind by itself. */
export function tighter(one: Limits, other: Limits): Limits {
  const result: { -readonly [K in keyof Limits]: Limits[K] } = { ...one };
  for (const [name, value] of Object.entries(other) as [keyof Limits, number][]) {
    result[name] = Math.min(result[name] ?? value, value);
  }
  return result;
}

/** The limits of a run: those of its flow, and what was left to the run that started it. */
export function limitsOfRun(walk: Walk): Limits {
  const given = walk.draft.run.limits;
  return given === undefined ? walk.flow.limits : tighter(walk.flow.limits, given);
}

/**
 * What is left of a run's limits at an instant, with everything taken off that is used or put aside: what a run that
 * it starts may use. Never below 0; without a limit of a kind there is none of that kind.
 */
export function limitsLeft(state: RunState, flow: Flow, now: number): Limits {
  const limits = state.limits === undefined ? flow.limits : tighter(flow.limits, state.limits);
  const held = reservedIn(
    openTasks({
      run: state,
      task: (path) => (Object.hasOwn(state.tasks, path) ? state.tasks[path] : undefined),
    }),
  );
  const left = (limit: number | undefined, used: number): number | undefined =>
    limit === undefined ? undefined : Math.max(0, limit - used);
  const result = {
    steps: left(limits.steps, state.usage.modelCalls + held.calls),
    tokens: left(limits.tokens, tokensOf(state.usage) + held.tokens),
    cost: left(limits.cost, state.usage.cost + held.cost),
    time: left(limits.time, now - state.startedAt),
    tasks: left(limits.tasks, state.order.length),
  };
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined));
}
