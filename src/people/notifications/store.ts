import type { Scope } from "#governance/index.ts";
import { plain } from "#journal/index.ts";
import type { Database, Transaction } from "#platform/index.ts";
import type { Message, NotificationView } from "./notifications.ts";

/** The newest notifications that a list shows. */
const shown = 100;

export async function insert(
  scope: Scope,
  tx: Transaction,
  to: readonly { id: string; user: string }[],
  message: Message,
): Promise<void> {
  await tx.prisma.notification.createMany({
    data: to.map(({ id, user }) => ({
      id,
      userId: user,
      workspaceId: scope.workspaceId,
      kind: message.kind,
      title: plain(message.title),
      text: plain(message.text),
      href: message.href,
      source: message.source,
    })),
    skipDuplicates: true,
  });
}

export async function read(scope: Scope, db: Database): Promise<NotificationView[]> {
  const rows = await db.prisma.notification.findMany({
    where: { workspaceId: scope.workspaceId, userId: scope.actor.id },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: shown,
  });
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    title: row.title,
    text: row.text,
    href: row.href,
    createdAt: row.createdAt.getTime(),
    readAt: row.readAt?.getTime() ?? null,
  }));
}

export async function countUnread(scope: Scope, db: Database): Promise<number> {
  return db.prisma.notification.count({
    where: { workspaceId: scope.workspaceId, userId: scope.actor.id, readAt: null },
  });
}

export async function markRead(scope: Scope, db: Database, which: readonly string[] | "all"): Promise<void> {
  await db.prisma.notification.updateMany({
    where: {
      workspaceId: scope.workspaceId,
      userId: scope.actor.id,
      readAt: null,
      ...(which === "all" ? {} : { id: { in: [...which] } }),
    },
    data: { readAt: new Date() },
  });
}

/** Nobody has to look at these any more, whoever was told, or `user` alone. Reminders of it are meant as well. */
export async function settle(scope: Scope, tx: Transaction, source: string, user?: string): Promise<void> {
  await tx.query(
    // Compared byte by byte, as its index is in order.
    `update notification set read_at = clock_timestamp()
      where workspace_id = $1 and read_at is null
        and (source = $2 or (source ~>=~ ($2 || ':') and source ~<~ ($2 || ';')))
        and ($3::text is null or user_id = $3)`,
    [scope.workspaceId, source, user ?? null],
  );
}
