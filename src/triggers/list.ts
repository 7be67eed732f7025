import { describeTrigger, nextTimes, type Trigger } from "#flow/index.ts";
import { authorize, triggerPolicy, type Scope } from "#governance/index.ts";
import type { Database } from "#platform/index.ts";
import { nowOf } from "./clock.ts";
import { missingTrigger } from "./pause.ts";
import { jitterOf, scheduleOf } from "./schedule/plan.ts";
import { isLive, type TriggerRecord } from "./spec.ts";
import * as store from "./store.ts";

/** A trigger as lists show it. Instants are epoch milliseconds. */
export type TriggerView = {
  id: string;
  name: string;
  kind: Trigger["kind"];
  title: string | null;
  /** What it waits for, in a few words. */
  waitsFor: string;
  /** `paused`: the whole flow is, and with it all that starts it. */
  flow: { slug: string; title: string; paused: boolean };
  revision: number;
  definition: Trigger;
  /** `off`: switched off in the flow's text. */
  state: "on" | "paused" | "off";
  paused: { at: number; by: string } | null;
  /** The next five times of a schedule that is on. */
  next: number[];
  /** The latest outcomes, newest first. */
  last: store.OutcomeRow[];
};

const shownTimes = 5;
const shownOutcomes = 5;
const largestPage = 100;

/** Triggers of the workspace, or of one flow. */
export async function listTriggers(
  db: Database,
  scope: Scope,
  filter: { readonly flow?: string | undefined },
): Promise<TriggerView[]> {
  authorize(scope, triggerPolicy.see);
  const [triggers, now] = await Promise.all([
    store.readTriggers(scope, db, { slug: filter.flow }),
    nowOf({ db }),
  ]);
  return Promise.all(
    triggers.map(async (trigger) => ({
      ...viewOf(trigger, now),
      last: await store.readOutcomes(scope, db, trigger.id, shownOutcomes),
    })),
  );
}

/** Outcomes of a trigger, newest first, and the cursor of those before them. */
export async function listOutcomes(
  db: Database,
  scope: Scope,
  wanted: { readonly id: string; readonly cursor?: string | undefined; readonly limit?: number | undefined },
): Promise<{ rows: store.OutcomeRow[]; next: string | null }> {
  authorize(scope, triggerPolicy.see);
  const trigger = await store.readTrigger(scope, db, wanted.id);
  if (trigger === null) throw missingTrigger();
  const limit = Math.min(Math.max(wanted.limit ?? 30, 1), largestPage);
  const rows = await store.readOutcomes(scope, db, trigger.id, limit + 1, wanted.cursor);
  return { rows: rows.slice(0, limit), next: rows.length > limit ? (rows[limit - 1]?.id ?? null) : null };
}

function viewOf(trigger: TriggerRecord, now: number): Omit<TriggerView, "last"> {
  const { definition } = trigger;
  return {
    id: trigger.id,
    name: trigger.name,
    kind: definition.kind,
    title: definition.title ?? null,
    waitsFor: describeTrigger(definition),
    flow: { slug: trigger.flow.slug, title: trigger.flow.title, paused: trigger.flow.paused },
    revision: trigger.revision,
    definition,
    state: definition.disabled ? "off" : trigger.paused === null ? "on" : "paused",
    paused: trigger.paused,
    next: isLive(trigger) ? timesOf(trigger, now) : [],
  };
}

function timesOf(trigger: TriggerRecord, now: number): number[] {
  const { definition, scheduledAt } = trigger;
  const schedule = definition.kind === "schedule" ? scheduleOf(definition) : null;
  if (definition.kind !== "schedule" || schedule === null) return [];
  const after = scheduledAt === null ? now : scheduledAt - 1;
  return nextTimes(schedule, after, shownTimes).map(
    (instant) => instant + jitterOf(trigger.id, instant, definition.jitter),
  );
}
