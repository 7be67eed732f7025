import type { FlowId, Json, TriggerId } from "#base/index.ts";
import { canonicalJson, type Flow, type Trigger } from "#flow/index.ts";
import { newId, writeAudit, type Scope } from "#governance/index.ts";
import { randomToken, seal, sha256, unseal, type Transaction } from "#platform/index.ts";
import { addFiring } from "./schedule/job.ts";
import { firingAfter } from "./schedule/plan.ts";
import { isLive, type TriggerRecord } from "./spec.ts";
import * as store from "./store.ts";

/** A revision that was published a moment ago, in the same transaction. */
export type PublishedRevision = { readonly flowId: FlowId; readonly number: number; readonly flow: Flow };

/**
 * Brings a flow's triggers to what its new revision says, in the transaction that publishes it. What stays the same
 * keeps its next time, its address, its pause and its history; what changes keeps all but the time.
 */
export async function syncTriggers(
  tx: Transaction,
  scope: Scope,
  revision: PublishedRevision,
): Promise<void> {
  const known = await store.readTriggersOf(scope, tx, revision.flowId);
  const { triggers } = revision.flow;
  if (known.length === 0 && triggers.length === 0) return;
  const now = await instantOf(tx);
  for (const definition of triggers) {
    const record = known.find(({ name }) => name === definition.id);
    if (record === undefined) await add(tx, scope, revision, definition, now);
    else await change(tx, scope, revision, record, definition, now);
  }
  const gone = known.filter(({ name, active }) => active && !triggers.some(({ id }) => id === name));
  await store.setActive(
    scope,
    tx,
    gone.map(({ id }) => id),
    false,
  );
  for (const record of gone) await audit(tx, scope, record, "trigger.removed", { revision: revision.number });
}

/** Takes the triggers of a flow that is archived out of force; brings those of its latest revision back. */
export async function setFlowTriggers(
  tx: Transaction,
  scope: Scope,
  flow: { readonly id: FlowId; readonly archived: boolean; readonly latest: Flow; readonly revision: number },
): Promise<void> {
  if (!flow.archived) {
    await syncTriggers(tx, scope, { flowId: flow.id, number: flow.revision, flow: flow.latest });
    return;
  }
  const known = await store.readTriggersOf(scope, tx, flow.id);
  await store.setActive(
    scope,
    tx,
    known.map(({ id }) => id),
    false,
  );
}

/** Plans the next firings of a flow's schedules from now on, as its triggers and its pause say. */
export async function planTriggers(tx: Transaction, scope: Scope, flow: FlowId): Promise<void> {
  const known = await store.readTriggersOf(scope, tx, flow);
  const now = await instantOf(tx);
  for (const record of known) {
    if (record.active && record.definition.kind === "schedule") await planFrom(tx, scope, record, now);
  }
}

async function add(
  tx: Transaction,
  scope: Scope,
  revision: PublishedRevision,
  definition: Trigger,
  now: number,
): Promise<void> {
  const id: TriggerId = newId("trg");
  await store.insertTrigger(scope, tx, id, revision.flowId, {
    definition,
    revision: revision.number,
    active: true,
    ...addressFor(definition, null),
  });
  const record = await store.readTrigger(scope, tx, id);
  if (record === null) return;
  await planFrom(tx, scope, record, now);
  await audit(tx, scope, record, "trigger.added", { definition: definition as unknown as Json });
}

async function change(
  tx: Transaction,
  scope: Scope,
  revision: PublishedRevision,
  record: TriggerRecord,
  definition: Trigger,
  now: number,
): Promise<void> {
  const same = record.active && textOf(record.definition) === textOf(definition);
  await store.changeTrigger(scope, tx, record.id, {
    definition,
    revision: revision.number,
    active: true,
    ...addressFor(definition, record),
  });
  if (same) return;
  const changed = await store.readTrigger(scope, tx, record.id);
  if (changed === null) return;
  await planFrom(tx, scope, changed, now);
  await audit(tx, scope, record, record.active ? "trigger.changed" : "trigger.added", {
    before: record.definition as unknown as Json,
    after: definition as unknown as Json,
  });
}

/** Plans the next firing of a schedule from `now` on, or none where it may not fire. */
export async function planFrom(
  tx: Transaction,
  scope: Scope,
  record: TriggerRecord,
  now: number,
): Promise<void> {
  const { definition } = record;
  const next =
    definition.kind === "schedule" && isLive(record) ? firingAfter(record.id, definition, now) : null;
  await store.setPlan(scope, tx, record.id, next);
  if (next !== null) await addFiring(tx, record.id, next);
}

/** The address of a webhook stays what it is once it was given out, and so does the key that signs. */
function addressFor(
  definition: Trigger,
  record: TriggerRecord | null,
): Pick<store.KeptTrigger, "token" | "tokenHash" | "signingKey"> {
  if (definition.kind !== "webhook") return { token: null, tokenHash: null, signingKey: null };
  const wantsKey = definition.signature === "hmac" && definition.secret === undefined;
  const signingKey = wantsKey ? (record?.signingKey ?? seal(randomToken())) : null;
  return record?.token == null
    ? { ...newAddress(), signingKey }
    : { ...keptAddress(record.token), signingKey };
}

/** A token of 256 random bits. */
export function newAddress(): { readonly token: string; readonly tokenHash: string } {
  const token = randomToken();
  return { token: seal(token), tokenHash: sha256(token) };
}

function keptAddress(sealed: string): { readonly token: string; readonly tokenHash: string } {
  return { token: sealed, tokenHash: sha256(unseal(sealed)) };
}

async function audit(
  tx: Transaction,
  scope: Scope,
  record: TriggerRecord,
  action: string,
  body: Record<string, Json>,
): Promise<void> {
  await writeAudit(tx, scope, {
    action,
    subject: { kind: "trigger", id: record.id },
    body: { flow: record.flow.slug, trigger: record.name, ...body },
  });
}

function textOf(definition: Trigger): string {
  return canonicalJson(definition as unknown as Json);
}

/** Now, by the database's clock. */
export async function instantOf(tx: Transaction): Promise<number> {
  const { rows } = await tx.query<{ at: number }>(
    "select (extract(epoch from clock_timestamp()) * 1000)::float8 as at",
  );
  return Math.floor(rows[0]?.at ?? 0);
}
