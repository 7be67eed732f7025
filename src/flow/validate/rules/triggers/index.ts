import type { Rule } from "../../rule.ts";
import { followedFlows, triggerCycles, triggerFacts } from "./flows.ts";
import { triggerIds, triggerInputs } from "./inputs.ts";
import { jitter, neverFires, schedules } from "./schedules.ts";

/** What is checked of triggers. */
export const triggerRules: readonly Rule[] = [
  schedules,
  neverFires,
  jitter,
  triggerIds,
  triggerInputs,
  followedFlows,
  triggerCycles,
  triggerFacts,
];
