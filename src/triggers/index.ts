export type { Outcome, StartPort, StartedRun, TriggerDeps } from "./spec.ts";
export { createTriggerCare, type TriggerCare } from "./care.ts";
export { triggerTasks } from "./tasks.ts";
export {
  archiveWithTriggers,
  followsOf,
  pauseWithTriggers,
  publishWithTriggers,
  publishWithTriggersIn,
  resumeWithTriggers,
} from "./publish.ts";
export { listOutcomes, listTriggers, type TriggerView } from "./list.ts";
export type { OutcomeRow } from "./store.ts";
export { pauseTrigger, renewAddress, resumeTrigger } from "./pause.ts";
export {
  type HookAddress,
  hookAddress,
  hooksPath,
  rehearse,
  type Rehearsal,
  type Sample,
} from "./webhook/console.ts";
export { type HookCall, largestCall } from "./webhook/content.ts";
export { type HookAnswer, receiveCall } from "./webhook/receive.ts";
