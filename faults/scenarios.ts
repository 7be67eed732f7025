import type { Scenario } from "./scenario.ts";
import { cuts, deafness, restarts, silence } from "./scenarios/database.ts";
import { deploy } from "./scenarios/deploy.ts";
import { kill } from "./scenarios/kill.ts";
import { modelOutage, outage } from "./scenarios/outage.ts";
import { parked } from "./scenarios/parked.ts";
import { poison } from "./scenarios/poison.ts";
import { decided } from "./scenarios/races.ts";
import { restore, restoreAtWork } from "./scenarios/restore.ts";
import { spread } from "./scenarios/spread.ts";
import { webhook } from "./scenarios/webhook.ts";
import { zombie } from "./scenarios/zombie.ts";

/** Of those that wait, and of those that work, in the order in which they begin: the longest first. */
export const scenarios: readonly Scenario[] = [
  parked,
  modelOutage,
  outage,
  deafness,
  silence,
  decided,
  webhook,
  restore,
  restoreAtWork,
  zombie,
  kill,
  restarts,
  cuts,
  spread,
  deploy,
  poison,
];
