import type { Scenario } from "./scenario.ts";
import { cuts, deafness, restarts } from "./scenarios/database.ts";
import { deploy } from "./scenarios/deploy.ts";
import { kill } from "./scenarios/kill.ts";
import { outage } from "./scenarios/outage.ts";
import { parked } from "./scenarios/parked.ts";
import { poison } from "./scenarios/poison.ts";
import { decided } from "./scenarios/races.ts";
import { restore } from "./scenarios/restore.ts";
import { spread } from "./scenarios/spread.ts";
import { webhook } from "./scenarios/webhook.ts";
import { zombie } from "./scenarios/zombie.ts";

/** In the order in which they are played. */
export const scenarios: readonly Scenario[] = [
  spread,
  zombie,
  deafness,
  decided,
  webhook,
  poison,
  deploy,
  restore,
  outage,
  parked,
  cuts,
  restarts,
  kill,
];
