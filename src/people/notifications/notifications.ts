import { authorize, approvalPolicy, isRole, listMembers, newId, type Scope } from "#governance/index.ts";
import { notify, transaction, type Database, type Transaction } from "#platform/index.ts";
import * as store from "./store.ts";

/** What someone is told. `source` makes it unique for each person: telling it again changes nothing. */
export type Message = {
  readonly kind: "approval" | "form" | "mention" | "message" | "run";
  readonly title: string;
  readonly text: string;
  /** Path within Baton, e.g. "/inbox". */
  readonly href: string;
  readonly source: string;
};

/** A notification of one person. Instants are epoch milliseconds. */
export type NotificationView = {
  id: string;
  kind: string;
  title: string;
  text: string;
  href: string;
  createdAt: number;
  readAt: number | null;
};

/** Tells members by their ids, in a transaction. */
export async function notifyUsers(
  tx: Transaction,
  scope: Scope,
  users: readonly string[],
  message: Message,
): Promise<void> {
  if (users.length === 0) return;
  await store.insert(
    scope,
    tx,
    users.map((user) => ({ id: newId("note"), user })),
    message,
  );
  await notify(tx, "workspace", `${scope.workspaceId} notification ${message.source}`);
}

/**
 * Tells members by a word for them: a role, an e-mail address, an id, a name, or "everyone". For a role that nobody
 * holds the owners are told. Answers how many were, so that a caller can say when there was nobody.
 */
export async function notifyMembers(
  db: Database,
  scope: Scope,
  to: string,
  message: Message,
): Promise<{ notified: number }> {
  const wanted = to.trim().toLowerCase();
  const members = await listMembers(db, scope);
  const vacant = isRole(wanted) && !members.some((member) => member.roles.includes(wanted));
  const users = members
    .filter(
      (member) =>
        wanted === "everyone" ||
        (vacant && member.roles.includes("owner")) ||
        member.roles.some((role) => role === wanted) ||
        [member.userId, member.email, member.name].some((word) => word.toLowerCase() === wanted),
    )
    .map((member) => member.userId);
  await transaction(db, (tx) => notifyUsers(tx, scope, users, message));
  return { notified: users.length };
}

/** The newest 100 notifications of who asks. */
export async function listNotifications(db: Database, scope: Scope): Promise<NotificationView[]> {
  authorize(scope, approvalPolicy.see);
  return store.read(scope, db);
}

export async function countUnread(db: Database, scope: Scope): Promise<number> {
  authorize(scope, approvalPolicy.see);
  return store.countUnread(scope, db);
}

/** Marks one's own notifications as read. */
export async function markRead(db: Database, scope: Scope, which: readonly string[] | "all"): Promise<void> {
  authorize(scope, approvalPolicy.see);
  await store.markRead(scope, db, which);
}
