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
      ...(filter.actor === undefined
        ? {}
        : {
            OR: [
              { actorId: filter.actor },
              { actorName: { contains: literal(filter.actor), mode: "insensitive" } },
            ],
          }),
      ...(filter.action === undefined
        ? {}
        : {
            AND: wordsOf(filter.action).map((word) => ({
              action: { contains: literal(word), mode: "insensitive" },
            })),
          }),
      ...(filter.cursor === undefined ? {} : { seq: { lt: BigInt(filter.cursor) } }),
    },
    orderBy: { seq: "desc" },
    take,
  });
  const runs = await db.prisma.run.findMany({
    where: {
      workspaceId: scope.workspaceId,
      id: { in: [...new Set(rows.flatMap(({ runId }) => runId ?? []))] },
    },
    select: { id: true, number: true, flow: { select: { title: true } } },
  });
  const known = new Map(runs.map(({ id, number, flow }) => [id, { number, flow: flow.title }]));
  return rows.map((row) => ({
    seq: row.seq.toString(),
    at: row.at.getTime(),
    actor: { kind: row.actorKind, id: row.actorId, name: row.actorName },
    action: row.action,
    subject: { kind: row.subjectKind, id: row.subjectId },
    runId: row.runId,
    run: row.runId === null ? null : (known.get(row.runId) ?? null),
    path: row.path,
    body: row.body,
  }));
}

/** An action is shown with spaces between its words. */
function wordsOf(action: string): string[] {
  return action.split(/[\s.-]+/).filter((word) => word !== "");
}

/** Text to look for as it is: Prisma passes what stands for any character on. */
function literal(text: string): string {
  return text.replaceAll(/[\\%_]/g, "\\$&");
}
