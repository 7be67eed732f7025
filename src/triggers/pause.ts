import { BatonError } from "#base/index.ts";
import { authorize, triggerPolicy, writeAudit, type Scope } from "#governance/index.ts";
import { notify, transaction, type Database } from "#platform/index.ts";
import type { TriggerRecord } from "./spec.ts";
import * as store from "./store.ts";
import { instantOf, newAddress, planFrom } from "./sync.ts";

/** Stops a trigger from starting runs. What would have fired meanwhile is not caught up. */
export async function pauseTrigger(db: Database, scope: Scope, id: string, reason: string): Promise<void> {
  await change(db, scope, id, "trigger.paused", { reason }, async (tx, trigger) => {
    if (trigger.paused !== null) return false;
    await store.setPaused(scope, tx, id, { at: await instantOf(tx), by: scope.actor.name });
    await store.setPlan(scope, tx, id, null);
    return true;
  });
}

/** Lets a trigger start runs again, from now on. */
export async function resumeTrigger(db: Database, scope: Scope, id: string): Promise<void> {
  await change(db, scope, id, "trigger.resumed", {}, async (tx, trigger) => {
    if (trigger.paused === null) return false;
    await store.setPaused(scope, tx, id, null);
    await planFrom(tx, scope, { ...trigger, paused: null }, await instantOf(tx));
    return true;
  });
}

/** Gives a webhook another address. The old one is none from that moment on. */
export async function renewAddress(db: Database, scope: Scope, id: string): Promise<void> {
  await change(db, scope, id, "trigger.address-renewed", {}, async (tx, trigger) => {
    if (trigger.definition.kind !== "webhook") {
      throw new BatonError("conflict", `"${trigger.name}" is no webhook: it has no address.`);
    }
    await store.setToken(scope, tx, id, newAddress());
    return true;
  });
}

async function change(
  db: Database,
  scope: Scope,
  id: string,
  action: string,
  facts: Record<string, string>,
  act: (tx: Parameters<Parameters<typeof transaction>[1]>[0], trigger: TriggerRecord) => Promise<boolean>,
): Promise<void> {
  authorize(scope, triggerPolicy.pause);
  await transaction(db, async (tx) => {
    const trigger = await store.lockTrigger(scope, tx, id);
    if (trigger === null || !trigger.active) throw missingTrigger();
    if (!(await act(tx, trigger))) return;
    await writeAudit(tx, scope, {
      action,
      subject: { kind: "trigger", id },
      body: { flow: trigger.flow.slug, trigger: trigger.name, ...facts },
    });
    await notify(tx, "workspace", `${scope.workspaceId} trigger ${id}`);
  });
}

export function missingTrigger(): BatonError {
  return new BatonError("not-found", "There is no such trigger.", {
    hint: "A later revision of its flow may have left it out.",
  });
}
