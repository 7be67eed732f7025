import type { FileRef } from "#base/index.ts";
import type { Scope } from "#governance/index.ts";
import type { Database, Transaction } from "#platform/index.ts";

type Facts = FileRef["$file"];

export async function insertFile(
  scope: Scope,
  tx: Transaction,
  file: Facts,
  content: Uint8Array,
): Promise<void> {
  await tx.prisma.file.create({
    data: {
      ...file,
      workspaceId: scope.workspaceId,
      data: new Uint8Array(content),
      createdBy: scope.actor.id,
    },
  });
}

export async function readFiles(
  scope: Scope,
  db: Pick<Database | Transaction, "prisma">,
  ids: readonly string[],
): Promise<Facts[]> {
  return db.prisma.file.findMany({
    where: { workspaceId: scope.workspaceId, id: { in: [...ids] } },
    select: { id: true, name: true, mediaType: true, bytes: true, hash: true },
  });
}

export async function readContent(scope: Scope, db: Database, id: string): Promise<Uint8Array | null> {
  const row = await db.prisma.file.findFirst({
    where: { workspaceId: scope.workspaceId, id },
    select: { data: true },
  });
  return row?.data ?? null;
}
