import type { GoalReached, RunEventBody, Value } from "../events.ts";
import { asTaskError } from "./life.ts";
import { openAll, runFacts } from "./scope.ts";
import type { Walk } from "./walk.ts";

type Outcome = Extract<RunEventBody, { type: "run-finished" }>["outcome"];

/** Whether the run that ends like this reached its goal; nothing where the flow does not say what success is. */
export function goalOf(
  walk: Walk,
  outcome: Outcome,
  outputs: Readonly<Record<string, Value>> | null,
): { readonly goal?: GoalReached } {
  const { success } = walk.flow;
  if (success === undefined) return {};
  try {
    const run = { ...runFacts(walk), state: outcome };
    return { goal: { reached: walk.holds(success, "", { run, outputs: openAll(walk, outputs ?? {}) }) } };
  } catch (problem) {
    return { goal: { reached: null, reason: asTaskError(problem).message } };
  }
}
