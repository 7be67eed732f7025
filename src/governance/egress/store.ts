import type { Database, Transaction } from "#platform/index.ts";
import type { Scope } from "../scope.ts";

const key = "egress";

/** JSON text, or null: nothing was set. */
export async function readEgress(scope: Scope, db: Pick<Database, "prisma">): Promise<string | null> {
  const row = await db.prisma.workspaceSetting.findUnique({
    where: { workspaceId_key: { workspaceId: scope.workspaceId, key } },
  });
  return row?.value ?? null;
}

/** Of two at once, the second waits for the first, and sees what it wrote. */
export async function lockEgress(scope: Scope, tx: Transaction): Promise<string | null> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`egress ${scope.workspaceId}`]);
  const { rows } = await tx.query<{ value: string }>(
    "select value from workspace_setting where workspace_id = $1 and key = $2",
    [scope.workspaceId, key],
  );
  return rows[0]?.value ?? null;
}

export async function writeEgress(scope: Scope, tx: Transaction, value: string): Promise<void> {
  const { workspaceId } = scope;
  await tx.prisma.workspaceSetting.upsert({
    where: { workspaceId_key: { workspaceId, key } },
    create: { workspaceId, key, value },
    update: { value },
  });
}
