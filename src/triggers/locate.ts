import type { RunId, TriggerId, WorkspaceId } from "#base/index.ts";
import { systemScope, type Scope } from "#governance/index.ts";
import type { Queryable } from "#platform/index.ts";

/** The workspace's own hand in what triggers do by themselves. */
function scopeIn(workspace: WorkspaceId): Scope {
  return systemScope(workspace, "triggers");
}

/** In whose name a trigger is read that a job tells of; null when it is gone. */
export async function scopeOfTrigger(db: Queryable, id: string): Promise<Scope | null> {
  const { rows } = await db.query<{ workspace_id: WorkspaceId }>(
    `select workspace_id from "trigger" where id = $1`,
    [id],
  );
  return rows[0] === undefined ? null : scopeIn(rows[0].workspace_id);
}

/** The trigger behind a webhook's address; null when there is none in force. */
export async function triggerOfToken(
  db: Queryable,
  tokenHash: string,
): Promise<{ readonly id: TriggerId; readonly scope: Scope } | null> {
  const { rows } = await db.query<{ id: TriggerId; workspace_id: WorkspaceId }>(
    `select id, workspace_id from "trigger" where token_hash = $1 and active and kind = 'webhook'`,
    [tokenHash],
  );
  return rows[0] === undefined ? null : { id: rows[0].id, scope: scopeIn(rows[0].workspace_id) };
}

/** In whose name a run that ended is looked at; null when nobody follows it any more. */
export async function scopeOfCompletion(db: Queryable, run: RunId): Promise<Scope | null> {
  const { rows } = await db.query<{ workspace_id: WorkspaceId }>(
    "select workspace_id from run_completion where run_id = $1",
    [run],
  );
  return rows[0] === undefined ? null : scopeIn(rows[0].workspace_id);
}
