import type { RunId } from "#base/index.ts";
import type { Database, Transaction } from "#platform/index.ts";
import type { Scope } from "../scope.ts";
import type { SecretView } from "./secrets.ts";

export async function readNames(scope: Scope, db: Database): Promise<SecretView[]> {
  const rows = await db.prisma.secret.findMany({
    where: { workspaceId: scope.workspaceId },
    orderBy: { name: "asc" },
    omit: { sealed: true },
  });
  const users = await db.prisma.user.findMany({
    where: { id: { in: rows.map((row) => row.updatedBy) } },
    select: { id: true, name: true },
  });
  const names = new Map(users.map((user) => [user.id, user.name]));
  return rows.map((row) => ({
    name: row.name,
    updatedAt: row.updatedAt.getTime(),
    updatedByName: names.get(row.updatedBy) ?? "Baton",
  }));
}

/** Whether there was one of the name before. */
export async function upsert(scope: Scope, tx: Transaction, name: string, sealed: string): Promise<boolean> {
  const key = { workspaceId: scope.workspaceId, name };
  const before = await tx.prisma.secret.count({ where: key });
  await tx.prisma.secret.upsert({
    where: { workspaceId_name: key },
    create: { ...key, sealed, updatedBy: scope.actor.id },
    update: { sealed, updatedBy: scope.actor.id },
  });
  return before > 0;
}

export async function remove(scope: Scope, tx: Transaction, name: string): Promise<boolean> {
  const deleted = await tx.prisma.secret.deleteMany({ where: { workspaceId: scope.workspaceId, name } });
  return deleted.count > 0;
}

export async function readSealed(scope: Scope, db: Database, name: string): Promise<string | null> {
  const row = await db.prisma.secret.findUnique({
    where: { workspaceId_name: { workspaceId: scope.workspaceId, name } },
  });
  return row?.sealed ?? null;
}

export async function readAllSealed(scope: Scope, db: Database): Promise<string[]> {
  const rows = await db.prisma.secret.findMany({ where: { workspaceId: scope.workspaceId } });
  return rows.map((row) => row.sealed);
}

export async function insertRunSecrets(
  scope: Scope,
  tx: Transaction,
  runId: RunId,
  secrets: readonly { readonly name: string; readonly sealed: string }[],
): Promise<void> {
  const { workspaceId } = scope;
  await tx.prisma.runSecret.createMany({
    data: secrets.map((secret) => ({ ...secret, runId, workspaceId })),
  });
}

export async function readRunSecrets(
  scope: Scope,
  db: Database,
  runId: RunId,
): Promise<{ name: string; sealed: string }[]> {
  return db.prisma.runSecret.findMany({
    where: { runId, workspaceId: scope.workspaceId },
    select: { name: true, sealed: true },
  });
}
