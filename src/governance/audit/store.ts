import type { Database, Transaction } from "#platform/index.ts";
import type { Scope } from "../scope.ts";
import type { AuditEntry, AuditFilter, AuditRecord } from "./audit.ts";

export async function appendEntry(
  scope: Scope,
  tx: Transaction,
  record: AuditRecord & { readonly text: string },
): Promise<void> {
  await tx.prisma.auditEntry.create({
    data: {
      workspaceId: scope.workspaceId,
      actorKind: scope.actor.kind,
      actorId: scope.actor.id,
      actorName: scope.actor.name,
      action: record.action,
      subjectKind: record.subject.kind,
      subjectId: record.subject.id,
      runId: record.runId ?? null,
      path: record.path ?? null,
      body: record.text,
    },
  });
}

export async function readEntries(
  scope: Scope,
  db: Database,
  filter: AuditFilter,
  take: number,
): Promise<AuditEntry[]> {
  const rows = await db.prisma.auditEntry.findMany({
    where: {
      workspaceId: scope.workspaceId,
      ...(filter.runId === undefined ? {} : { runId: filter.runId }),
      ...(filter.actor === undefined ? {} : { actorId: filter.actor }),
      ...(filter.action === undefined
        ? {}
        : { OR: [{ action: filter.action }, { action: { startsWith: `${filter.action}.` } }] }),
      ...(filter.cursor === undefined ? {} : { seq: { lt: BigInt(filter.cursor) } }),
    },
    orderBy: { seq: "desc" },
    take,
  });
  return rows.map((row) => ({
    seq: row.seq.toString(),
    at: row.at.getTime(),
    actor: { kind: row.actorKind, id: row.actorId, name: row.actorName },
    action: row.action,
    subject: { kind: row.subjectKind, id: row.subjectId },
    runId: row.runId,
    path: row.path,
    body: row.body,
  }));
}
