import type { ParsedFlow } from "../language/parse.ts";
import type { Problem } from "../problem.ts";
import type { Knowledge } from "./knowledge.ts";
import type { Rule } from "./rule.ts";
import { agents } from "./rules/agents.ts";
import { childFlows, childInputs, endlessWaits } from "./rules/child-flows.ts";
import { deciders, escalations, quorums } from "./rules/deciders.ts";
import { empty } from "./rules/empty.ts";
import { expressions } from "./rules/expressions.ts";
import { grants } from "./rules/grants.ts";
import { ids } from "./rules/ids.ts";
import { inputsAndVars } from "./rules/inputs-and-vars.ts";
import { limits, tasksOfAgents, unpricedModels } from "./rules/limits.ts";
import { emptyLoops, loopBounds } from "./rules/loops.ts";
import { idleMemory, memoryGrants, memoryKeys, memoryPlaces, seeds } from "./rules/memory.ts";
import { models } from "./rules/models.ts";
import { names } from "./rules/names.ts";
import { cycles, needsOutsideOfDag, unknownNeeds } from "./rules/needs.ts";
import { order } from "./rules/order.ts";
import { outputsOfTasks } from "./rules/outputs-of-tasks.ts";
import { runFields } from "./rules/run-fields.ts";
import { samples } from "./rules/samples.ts";
import { secrets } from "./rules/secrets.ts";
import { stops } from "./rules/stops.ts";
import { successOutputs } from "./rules/success.ts";
import { taskReferences } from "./rules/task-references.ts";
import { toolArguments } from "./rules/tool-arguments.ts";
import { tools } from "./rules/tools.ts";
import { triggerRules } from "./rules/triggers/index.ts";
import { unreachable } from "./rules/unreachable.ts";
import { unusedAgents } from "./rules/unused-agents.ts";
import { unusedTools } from "./rules/unused-tools.ts";
import { survey } from "./survey.ts";

/** The rules of SPEC.md, part V, in their order. */
export const rules: readonly Rule[] = [
  expressions,
  names,
  inputsAndVars,
  taskReferences,
  order,
  ids,
  agents,
  tools,
  grants,
  unusedTools,
  unusedAgents,
  secrets,
  limits,
  unreachable,
  outputsOfTasks,
  toolArguments,
  samples,
  deciders,
  models,
  empty,
  runFields,
  needsOutsideOfDag,
  unknownNeeds,
  cycles,
  loopBounds,
  emptyLoops,
  stops,
  successOutputs,
  childFlows,
  childInputs,
  endlessWaits,
  quorums,
  escalations,
  ...triggerRules,
  tasksOfAgents,
  unpricedModels,
  memoryKeys,
  memoryGrants,
  memoryPlaces,
  seeds,
  idleMemory,
];

/**
 * All problems of a text, those of reading it included, in the order of the text. A flow with a problem of severity
 * "error" can't be run.
 */
export function validateFlow(parsed: ParsedFlow, knowledge: Knowledge = {}): Problem[] {
  const found = [...parsed.problems];
  if (parsed.flow) {
    const surveyed = survey(parsed, parsed.flow);
    for (const rule of rules) found.push(...rule.check(surveyed, knowledge));
  }
  return found.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
