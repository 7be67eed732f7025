import type { Knowledge } from "#flow/index.ts";
import type { Scope } from "#governance/index.ts";
import {
  archiveFlow,
  pauseFlow,
  publish,
  publishIn,
  resumeFlow,
  type Publication,
  type Published,
} from "#library/index.ts";
import type { Database, Transaction } from "#platform/index.ts";
import { readFollows } from "./store.ts";
import { planTriggers, setFlowTriggers, syncTriggers } from "./sync.ts";

/** Publishes a text with its triggers, in one transaction: `library`'s `publish`, and what starts the flow by itself. */
export async function publishWithTriggers(
  db: Database,
  scope: Scope,
  publication: Publication,
  knowledge?: Knowledge,
): Promise<Published> {
  return publish(db, scope, publication, knowledge, (tx, revision) => syncTriggers(tx, scope, revision));
}

/** As {@link publishWithTriggers}, in a transaction that goes on. */
export async function publishWithTriggersIn(
  tx: Transaction,
  scope: Scope,
  publication: Publication,
  knowledge?: Knowledge,
): Promise<Published> {
  return publishIn(tx, scope, publication, knowledge, (same, revision) =>
    syncTriggers(same, scope, revision),
  );
}

/** Archives a flow with its triggers, or brings both back. */
export async function archiveWithTriggers(
  db: Database,
  scope: Scope,
  slug: string,
  archived: boolean,
): Promise<void> {
  await archiveFlow(db, scope, slug, archived, (tx, flow) => setFlowTriggers(tx, scope, flow));
}

/** Keeps a flow from starting runs, by its triggers as well. What would have fired meanwhile is not caught up. */
export async function pauseWithTriggers(
  db: Database,
  scope: Scope,
  slug: string,
  reason: string,
): Promise<void> {
  await pauseFlow(db, scope, slug, reason, (tx, { id }) => planTriggers(tx, scope, id));
}

/** Lets a flow start runs again, from now on. */
export async function resumeWithTriggers(db: Database, scope: Scope, slug: string): Promise<void> {
  await resumeFlow(db, scope, slug, (tx, { id }) => planTriggers(tx, scope, id));
}

/** What validation needs to know of the workspace's flows: which of them follow which. */
export async function followsOf(db: Database, scope: Scope): Promise<ReadonlyMap<string, readonly string[]>> {
  return readFollows(scope, db);
}
