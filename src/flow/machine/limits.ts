import type { Flow, Limits } from "../language/definition.ts";
import type { RunState, TaskState } from "./state.ts";
import { reservedIn, stepsOf, tasksOf, tokensOf } from "./totals.ts";
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

/** As {@link limitsOfRun}, of a run that is looked at. */
export function limitsIn(state: RunState, flow: Flow): Limits {
  return state.limits === undefined ? flow.limits : tighter(flow.limits, state.limits);
}

/**
 * What is left of a run's limits at an instant, with everything taken off that is used or put aside: what a run that
 * it starts may use. Never below 0; without a limit of a kind there is none of that kind.
 */
export function limitsLeft(state: RunState, flow: Flow, now: number): Limits {
  const limits = limitsIn(state, flow);
  const task = (path: string): TaskState | undefined =>
    Object.hasOwn(state.tasks, path) ? state.tasks[path] : undefined;
  return left(limits, { run: state, task }, state.order.length, now);
}

/** As {@link limitsLeft}, in the middle of a decision. */
export function limitsLeftIn(walk: Walk): Limits {
  return left(limitsOfRun(walk), walk.draft, walk.draft.taskCount(), walk.now);
}

function left(
  limits: Limits,
  state: Pick<Walk["draft"], "task"> & {
    readonly run: Pick<RunState, "root" | "usage" | "startedAt" | "part">;
  },
  tasks: number,
  now: number,
): Limits {
  const held = reservedIn(openTasks(state));
  const { usage, startedAt } = state.run;
  const less = (limit: number | undefined, used: number): number | undefined =>
    limit === undefined ? undefined : Math.max(0, limit - used);
  const result = {
    steps: less(limits.steps, stepsOf(usage) + held.steps),
    tokens: less(limits.tokens, tokensOf(usage) + held.tokens),
    cost: less(limits.cost, usage.cost + held.cost),
    time: less(limits.time, now - startedAt),
    tasks: less(limits.tasks, tasksOf(state.run, tasks) + held.tasks),
  };
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined));
}
