import type { Scope } from "#governance/index.ts";
import type { Database, Transaction } from "#platform/index.ts";
import type { CommentView, Mention, ThreadView } from "./view.ts";

type Reader = Pick<Database | Transaction, "prisma">;

/** A flow as comments need it. */
export type CommentedFlow = { readonly id: string; readonly slug: string; readonly title: string };
/** A thread without what was said in it. */
export type ThreadRow = {
  readonly id: string;
  readonly kind: "task" | "range";
  readonly version: number;
  readonly task: string | null;
  readonly resolved: boolean;
  readonly flow: CommentedFlow;
};
export type CommentRow = {
  readonly id: string;
  readonly authorId: string;
  readonly body: string;
  readonly mentions: readonly Mention[];
  readonly deleted: boolean;
  readonly threadId: string;
  readonly flow: CommentedFlow;
};
export type NewPin = {
  readonly anchor: ThreadView["anchor"];
  readonly task: string | null;
};

const flowFacts = { select: { id: true, slug: true, title: true } } as const;

export async function findFlow(scope: Scope, db: Reader, id: string): Promise<CommentedFlow | null> {
  return db.prisma.flow.findFirst({ where: { workspaceId: scope.workspaceId, id }, ...flowFacts });
}

/** Threads of a flow, oldest first. */
export async function readThreads(scope: Scope, db: Reader, flow: string): Promise<ThreadView[]> {
  const rows = await db.prisma.commentThread.findMany({
    where: { workspaceId: scope.workspaceId, flowId: flow },
    include: { comments: { orderBy: [{ createdAt: "asc" }, { id: "asc" }] } },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind as ThreadView["kind"],
    anchor: { start: row.anchorStart, end: row.anchorEnd },
    version: row.version,
    task: row.task,
    quote: row.quote,
    createdAt: row.createdAt.getTime(),
    resolved: row.resolvedAt === null ? null : { at: row.resolvedAt.getTime(), name: row.resolvedName ?? "" },
    comments: row.comments.map((comment): CommentView => ({
      id: comment.id,
      author: { id: comment.authorId, name: comment.authorName },
      body: comment.body,
      mentions: comment.mentions as Mention[],
      createdAt: comment.createdAt.getTime(),
      editedAt: comment.editedAt?.getTime() ?? null,
      deletedAt: comment.deletedAt?.getTime() ?? null,
    })),
  }));
}

/** How many threads of a flow, or comments of a thread, there are. */
export async function countThreads(scope: Scope, tx: Transaction, flow: string): Promise<number> {
  return tx.prisma.commentThread.count({ where: { workspaceId: scope.workspaceId, flowId: flow } });
}
export async function countComments(scope: Scope, tx: Transaction, thread: string): Promise<number> {
  return tx.prisma.comment.count({ where: { workspaceId: scope.workspaceId, threadId: thread } });
}

/** A thread; nobody else changes it until the transaction ends. */
export async function lockThread(scope: Scope, tx: Transaction, id: string): Promise<ThreadRow | null> {
  await tx.query("select id from comment_thread where workspace_id = $1 and id = $2 for update", [
    scope.workspaceId,
    id,
  ]);
  const row = await tx.prisma.commentThread.findFirst({
    where: { workspaceId: scope.workspaceId, id },
    include: { flow: flowFacts },
  });
  return row === null
    ? null
    : {
        id: row.id,
        kind: row.kind as ThreadRow["kind"],
        version: row.version,
        task: row.task,
        resolved: row.resolvedAt !== null,
        flow: row.flow,
      };
}

/** The flow of a thread; null where there is no such thread. */
export async function findThread(
  scope: Scope,
  db: Reader,
  id: string,
): Promise<{ kind: ThreadRow["kind"]; flowId: string } | null> {
  const row = await db.prisma.commentThread.findFirst({ where: { workspaceId: scope.workspaceId, id } });
  return row === null ? null : { kind: row.kind as ThreadRow["kind"], flowId: row.flowId };
}

/** A comment; nobody else changes its thread until the transaction ends. */
export async function lockComment(scope: Scope, tx: Transaction, id: string): Promise<CommentRow | null> {
  const { rows } = await tx.query<{ id: string }>(
    `select thread.id from comment_thread thread join comment on comment.thread_id = thread.id
      where thread.workspace_id = $1 and comment.id = $2 for update of thread`,
    [scope.workspaceId, id],
  );
  if (rows.length === 0) return null;
  const row = await tx.prisma.comment.findFirst({
    where: { workspaceId: scope.workspaceId, id },
    include: { thread: { include: { flow: flowFacts } } },
  });
  return row === null
    ? null
    : {
        id: row.id,
        authorId: row.authorId,
        body: row.body,
        mentions: row.mentions as Mention[],
        deleted: row.deletedAt !== null,
        threadId: row.threadId,
        flow: row.thread.flow,
      };
}

export async function insertThread(
  scope: Scope,
  tx: Transaction,
  thread: NewPin & { id: string; flowId: string; kind: string; quote: string },
): Promise<void> {
  const { anchor, ...facts } = thread;
  await tx.prisma.commentThread.create({
    data: {
      ...facts,
      workspaceId: scope.workspaceId,
      anchorStart: anchor.start,
      anchorEnd: anchor.end,
    },
  });
}

export async function insertComment(
  scope: Scope,
  tx: Transaction,
  comment: { id: string; threadId: string; body: string; mentions: readonly Mention[] },
): Promise<void> {
  await tx.prisma.comment.create({
    data: {
      ...comment,
      mentions: [...comment.mentions],
      workspaceId: scope.workspaceId,
      authorId: scope.actor.id,
      authorName: scope.actor.name,
    },
  });
}

export async function updateComment(
  scope: Scope,
  tx: Transaction,
  id: string,
  change: { body: string; mentions: readonly Mention[] },
): Promise<void> {
  await tx.prisma.comment.update({
    where: { id, workspaceId: scope.workspaceId },
    data: { body: change.body, mentions: [...change.mentions], editedAt: new Date() },
  });
}

/** Takes away what was said; that something was said stays. */
export async function emptyComment(scope: Scope, tx: Transaction, id: string): Promise<void> {
  await tx.prisma.comment.update({
    where: { id, workspaceId: scope.workspaceId },
    data: { body: "", mentions: [], deletedAt: new Date() },
  });
}

/** Removes a thread in which nothing is said any more. */
export async function removeEmptyThread(scope: Scope, tx: Transaction, id: string): Promise<void> {
  await tx.prisma.commentThread.deleteMany({
    where: { id, workspaceId: scope.workspaceId, comments: { none: { deletedAt: null } } },
  });
}

export async function setResolved(
  scope: Scope,
  tx: Transaction,
  id: string,
  resolved: boolean,
): Promise<void> {
  await tx.prisma.commentThread.update({
    where: { id, workspaceId: scope.workspaceId },
    data: {
      resolvedAt: resolved ? new Date() : null,
      resolvedName: resolved ? scope.actor.name : null,
    },
  });
}

export async function movePin(scope: Scope, tx: Transaction, id: string, pin: NewPin): Promise<void> {
  await tx.prisma.commentThread.update({
    where: { id, workspaceId: scope.workspaceId },
    data: {
      anchorStart: pin.anchor.start,
      anchorEnd: pin.anchor.end,
      task: pin.task,
      version: { increment: 1 },
    },
  });
}
