import { messageOf } from "#base/index.ts";
import { triggerName } from "#flow/index.ts";
import { triggerScope } from "#governance/index.ts";
import { log, metrics, transaction, type Transaction } from "#platform/index.ts";
import { nowOf } from "../clock.ts";
import { commonScope, mapInputs } from "../inputs.ts";
import { scopeOfTrigger } from "../locate.ts";
import { reasonOf, recordIn } from "../outcomes.ts";
import { isLive, missedAfter, type StartedRun, type TriggerDeps, type TriggerRecord } from "../spec.ts";
import * as store from "../store.ts";
import { startOrFail } from "../starting.ts";
import { addFiring } from "./job.ts";
import { firingsAt, jitterOf, type Firings } from "./plan.ts";

type Prepared = {
  readonly instant: number;
  readonly start: ((tx: Transaction) => Promise<StartedRun>) | { readonly failed: string };
};

/** A change that comes between reading and firing is read again; it can't go on for ever. */
const attempts = 10;

/**
 * Fires a schedule: starts what is due, plans the next firing. However many workers do this at once, and however often,
 * each instant starts one run: the trigger's row is held, and each run is started under its instant.
 */
export async function fireSchedule(deps: TriggerDeps, id: string): Promise<void> {
  const { db } = deps;
  const scope = await scopeOfTrigger(db.pool, id);
  if (scope === null) return;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const trigger = await store.readTrigger(scope, db, id);
    if (trigger === null || !isLive(trigger)) return;
    const { definition, scheduledAt, nextAt } = trigger;
    if (definition.kind !== "schedule" || scheduledAt === null || nextAt === null) return;
    const now = await nowOf(deps);
    if (nextAt > now) {
      await addFiring(db.pool, id, { scheduledAt, nextAt });
      return;
    }
    const firings = firingsAt(id, definition, scheduledAt, now);
    const prepared: Prepared[] = [];
    for (const instant of firings.fire) prepared.push(await prepare(deps, trigger, instant, now));
    const done = await transaction(db, async (tx) => {
      const held = await store.lockTrigger(scope, tx, id);
      if (held === null || held.scheduledAt !== scheduledAt || held.version !== trigger.version) return false;
      await carryOut(tx, scope, trigger, firings, prepared, now);
      await store.setPlan(scope, tx, id, firings.next);
      if (firings.next !== null) await addFiring(tx, id, firings.next);
      return true;
    });
    if (done) return;
  }
  log.warn({ trigger: id }, "a schedule changed again and again while it fired; its job is tried again");
  throw new Error(`The schedule ${id} changed while it fired.`);
}

async function prepare(
  { starts }: TriggerDeps,
  trigger: TriggerRecord,
  instant: number,
  now: number,
): Promise<Prepared> {
  try {
    const inputs = mapInputs(trigger, commonScope(trigger, instant, now));
    const actor = { id: trigger.id, name: triggerName("schedule", trigger.name) };
    const start = await starts.prepare(triggerScope(trigger.workspaceId, actor), {
      slug: trigger.flow.slug,
      revision: trigger.revision,
      inputs,
      once: { scope: trigger.id, keys: [`at:${new Date(instant).toISOString()}`] },
    });
    return { instant, start };
  } catch (error) {
    return { instant, start: { failed: reasonOf(error) } };
  }
}

async function carryOut(
  tx: Transaction,
  scope: Parameters<typeof recordIn>[1],
  trigger: TriggerRecord,
  { skipped, fire }: Firings,
  prepared: readonly Prepared[],
  now: number,
): Promise<void> {
  if (skipped !== null) {
    const { count, more, from, to } = skipped;
    const many = `${more ? "More than " : ""}${count} ${count === 1 && !more ? "firing was" : "firings were"}`;
    const span =
      count === 1 && !more
        ? `of ${new Date(to).toISOString()}`
        : `from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
    const why = fire.length > 0 ? "later ones were started in their place" : "missed ones start nothing here";
    await recordIn(tx, scope, trigger, {
      outcome: "skipped",
      scheduledAt: to,
      message: `${many} missed (${span}); ${why}.`,
    });
  }
  for (const { instant, start } of prepared) {
    const result = typeof start === "function" ? await startOrFail(tx, start) : start;
    if ("failed" in result) {
      await recordIn(tx, scope, trigger, {
        outcome: "failed",
        scheduledAt: instant,
        message: messageOf(result.failed),
      });
    } else if (!result.repeated) {
      const lag = now - dueAt(trigger, instant);
      metrics.scheduleLag.observe(Math.max(0, lag) / 1000);
      await recordIn(tx, scope, trigger, {
        outcome: "started",
        scheduledAt: instant,
        run: result.id,
        ...(lag >= missedAfter ? { message: "Caught up: nothing could start it when it was due." } : {}),
      });
    }
  }
}

function dueAt({ id, definition }: TriggerRecord, instant: number): number {
  return instant + (definition.kind === "schedule" ? jitterOf(id, instant, definition.jitter) : 0);
}
