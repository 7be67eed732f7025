import type { Json } from "#base/index.ts";
import { authorize, newId, runPolicy, writeAudit, type Scope } from "#governance/index.ts";
import { sendEventInTransaction } from "#journal/index.ts";
import { transaction, type Database } from "#platform/index.ts";
import { refuseReferences } from "../run/starting.ts";

/** Sends an event in the name of the scope's actor: to the runs, into the record of events and into the audit at once. */
export async function sendEvent(
  db: Database,
  scope: Scope,
  { name, key, payload }: { name: string; key: string; payload: Json },
): Promise<{ id: string; received: number }> {
  authorize(scope, runPolicy.sendEvent);
  refuseReferences("payload", payload);
  const id = newId("evt");
  const { kind, id: actor, name: actorName } = scope.actor;
  return transaction(db, async (tx) => {
    const received = await sendEventInTransaction(tx, {
      id,
      workspace: scope.workspaceId,
      name,
      about: key,
      payload,
      by: { kind, id: actor, name: actorName },
    });
    await writeAudit(tx, scope, {
      action: "event.sent",
      subject: { kind: "event", id },
      body: { name, key, received },
    });
    return { id, received };
  });
}
