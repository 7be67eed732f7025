import { BatonError, type WorkspaceId } from "#base/index.ts";
import type { Flow } from "#flow/index.ts";
import { systemScope } from "#governance/index.ts";
import { loadRevision } from "#library/index.ts";
import type { Database } from "#platform/index.ts";

const most = 500;

/** Reads the flow of a pinned revision. Revisions never change, so those used last are kept. */
export function createRevisions(db: Database): (revision: string) => Promise<{ flow: Flow }> {
  const known = new Map<string, Promise<{ flow: Flow }>>();
  return (revision) => {
    const there = known.get(revision);
    known.delete(revision);
    const found = there ?? read(db, revision);
    known.set(revision, found);
    if (there === undefined) {
      found.catch(() => known.delete(revision));
      const oldest = known.keys().next().value;
      if (known.size > most && oldest !== undefined) known.delete(oldest);
    }
    return found;
  };
}

async function read(db: Database, revision: string): Promise<{ flow: Flow }> {
  const { rows } = await db.pool.query<{ workspace_id: WorkspaceId }>(
    "select workspace_id from revision where id = $1",
    [revision],
  );
  const workspace = rows[0]?.workspace_id;
  if (workspace === undefined) {
    throw new BatonError("not-found", `The revision ${revision} that a run pins does not exist.`, {
      hint: "Restore the database from a backup that has it.",
    });
  }
  const { flow } = await loadRevision(db, systemScope(workspace, "engine"), revision);
  return { flow };
}
