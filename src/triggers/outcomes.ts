import { BatonError, messageOf } from "#base/index.ts";
import { writeAudit, type Scope } from "#governance/index.ts";
import { metrics, notify, transaction, type Database, type Transaction } from "#platform/index.ts";
import type { NewOutcome, TriggerRecord } from "./spec.ts";
import * as store from "./store.ts";

/**
 * Records what came of a trigger, in the transaction of the thing itself. Of outcomes that share a row, the first is
 * audited.
 */
export async function recordIn(
  tx: Transaction,
  scope: Scope,
  trigger: TriggerRecord,
  outcome: NewOutcome,
): Promise<void> {
  metrics.triggerOutcomes.inc({ kind: trigger.definition.kind, outcome: outcome.outcome });
  const count = await store.insertOutcome(scope, tx, trigger.id, outcome);
  if (count === 1) {
    await writeAudit(tx, scope, {
      action: outcome.outcome === "started" ? "trigger.fired" : `trigger.${outcome.outcome}`,
      subject: { kind: "trigger", id: trigger.id },
      ...(outcome.run === undefined ? {} : { runId: outcome.run }),
      body: {
        flow: trigger.flow.slug,
        trigger: trigger.name,
        message: outcome.message ?? "",
        ...(outcome.scheduledAt === undefined
          ? {}
          : { scheduledAt: new Date(outcome.scheduledAt).toISOString() }),
      },
    });
  }
  await notify(tx, "workspace", `${scope.workspaceId} trigger ${trigger.id}`);
}

/** As {@link recordIn}, in a transaction of its own. */
export async function record(
  db: Database,
  scope: Scope,
  trigger: TriggerRecord,
  outcome: NewOutcome,
): Promise<void> {
  await transaction(db, (tx) => recordIn(tx, scope, trigger, outcome));
}

/** What is wrong with a start, in a sentence; rethrows what no change of the flow or the call would put right. */
export function reasonOf(error: unknown): string {
  if (!BatonError.isInstance(error) || error.code === "internal" || error.code === "unavailable") throw error;
  return messageOf(error);
}
