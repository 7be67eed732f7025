import { BatonError } from "#base/index.ts";
import type { LiveDocuments } from "#collab/index.ts";
import {
  authorize,
  commentPolicy,
  listMembers,
  newId,
  redactor,
  secretValues,
  writeAudit,
  type Scope,
} from "#governance/index.ts";
import { plain } from "#journal/index.ts";
import { notify, transaction, type Database, type Transaction } from "#platform/index.ts";
import { notifyUsers } from "../notifications/notifications.ts";
import { settle } from "../notifications/store.ts";
import { mentionsIn, readable } from "./mentions.ts";
import { readPin, type WantedPin } from "./pin.ts";
import * as store from "./store.ts";
import type { Mention, ThreadView } from "./view.ts";

/** What comments are kept with. */
export type Comments = { readonly db: Database; readonly live: LiveDocuments };

/** The longest comment, in characters. */
export const longestComment = 4000;
const mostThreads = 1000;
const mostComments = 200;
const shownExcerpt = 160;

/** All threads of a flow's draft, oldest first; resolved ones as well. Needs "workspace.see". */
export async function listThreads({ db }: Comments, scope: Scope, flowId: string): Promise<ThreadView[]> {
  authorize(scope, commentPolicy.see);
  const flow = await store.findFlow(scope, db, flowId);
  if (flow === null) throw missingFlow();
  return store.readThreads(scope, db, flow.id);
}

/** Begins a thread on a task or a stretch of a draft's text. Needs "comment.write". */
export async function startThread(
  comments: Comments,
  scope: Scope,
  wanted: WantedPin & { readonly flowId: string; readonly body: string },
): Promise<{ threadId: string; commentId: string }> {
  authorize(scope, commentPolicy.write);
  const { db, live } = comments;
  const flow = await store.findFlow(scope, db, wanted.flowId);
  if (flow === null) throw missingFlow();
  const said = await read(db, scope, wanted.body);
  const pin = await readPin(live, scope, flow.id, wanted);
  const threadId = newId("thread");
  const commentId = newId("comment");
  await transaction(db, async (tx) => {
    if ((await store.countThreads(scope, tx, flow.id)) >= mostThreads) {
      throw new BatonError("limit-reached", `A draft takes ${mostThreads} threads of comments.`, {
        hint: "Answer in one that is there.",
      });
    }
    const { kind, anchor } = wanted;
    await store.insertThread(scope, tx, { id: threadId, flowId: flow.id, kind, anchor, ...pin });
    await store.insertComment(scope, tx, { id: commentId, threadId, ...said });
    await record(tx, scope, "comment.added", threadId, flow, {
      comment: commentId,
      kind,
      task: pin.task,
      quote: pin.quote,
      ...textOf(said),
    });
    await tell(tx, scope, { flow, threadId, commentId }, said, []);
  });
  return { threadId, commentId };
}

/** Adds a comment to a thread. Needs "comment.write". */
export async function reply(
  { db }: Comments,
  scope: Scope,
  threadId: string,
  body: string,
): Promise<{ commentId: string }> {
  authorize(scope, commentPolicy.write);
  const said = await read(db, scope, body);
  const commentId = newId("comment");
  await transaction(db, async (tx) => {
    const thread = await store.lockThread(scope, tx, threadId);
    if (thread === null) throw missingThread();
    if ((await store.countComments(scope, tx, threadId)) >= mostComments) {
      throw new BatonError("limit-reached", `A thread takes ${mostComments} comments.`, {
        hint: "Begin another one.",
      });
    }
    await store.insertComment(scope, tx, { id: commentId, threadId, ...said });
    await record(tx, scope, "comment.added", threadId, thread.flow, { comment: commentId, ...textOf(said) });
    await tell(tx, scope, { flow: thread.flow, threadId, commentId }, said, []);
  });
  return { commentId };
}

/** Changes a comment of one's own. Who is named in it only now is told. Needs "comment.write". */
export async function editComment({ db }: Comments, scope: Scope, id: string, body: string): Promise<void> {
  authorize(scope, commentPolicy.write);
  const said = await read(db, scope, body);
  await transaction(db, async (tx) => {
    const before = await ownComment(scope, tx, id);
    if (before.body === said.body) return;
    await store.updateComment(scope, tx, id, said);
    const after = textOf(said);
    await record(tx, scope, "comment.edited", before.threadId, before.flow, {
      comment: id,
      before: readable(before.body, before.mentions),
      after: after.text,
      mentions: after.mentions,
    });
    await tell(tx, scope, { flow: before.flow, threadId: before.threadId, commentId: id }, said, [
      ...before.mentions,
    ]);
  });
}

/** Deletes a comment of one's own. A thread in which nothing else stands goes with it. Needs "comment.write". */
export async function deleteComment({ db }: Comments, scope: Scope, id: string): Promise<void> {
  authorize(scope, commentPolicy.write);
  await transaction(db, async (tx) => {
    const before = await ownComment(scope, tx, id);
    await store.emptyComment(scope, tx, id);
    await store.removeEmptyThread(scope, tx, before.threadId);
    await settle(scope, tx, sourceOf(id));
    await record(tx, scope, "comment.deleted", before.threadId, before.flow, {
      comment: id,
      before: readable(before.body, before.mentions),
    });
  });
}

/** Marks a thread as done with, or takes that back. Doing so again changes nothing. Needs "comment.write". */
export async function resolveThread(
  { db }: Comments,
  scope: Scope,
  threadId: string,
  resolved: boolean,
): Promise<void> {
  authorize(scope, commentPolicy.write);
  await transaction(db, async (tx) => {
    const thread = await store.lockThread(scope, tx, threadId);
    if (thread === null) throw missingThread();
    if (thread.resolved === resolved) return;
    await store.setResolved(scope, tx, threadId, resolved);
    await record(tx, scope, resolved ? "comment.resolved" : "comment.reopened", threadId, thread.flow, {});
  });
}

/**
 * Puts a thread's pin where its text went: editors say so when they see a task renamed or moved, so that it is found by
 * who opens the draft later. False where somebody was first: `version` is that of the pin that was looked at. Needs
 * "flow.edit".
 */
export async function followPin(
  comments: Comments,
  scope: Scope,
  threadId: string,
  wanted: Omit<WantedPin, "kind"> & { readonly version: number },
): Promise<boolean> {
  authorize(scope, commentPolicy.follow);
  const known = await store.findThread(scope, comments.db, threadId);
  if (known === null) throw missingThread();
  const { task } = await readPin(comments.live, scope, known.flowId, { ...wanted, kind: known.kind });
  return transaction(comments.db, async (tx) => {
    const thread = await store.lockThread(scope, tx, threadId);
    if (thread === null) throw missingThread();
    if (thread.version !== wanted.version) return false;
    await store.movePin(scope, tx, threadId, { anchor: wanted.anchor, task });
    await record(tx, scope, "comment.moved", threadId, thread.flow, { before: thread.task, after: task });
    return true;
  });
}

type Said = { readonly body: string; readonly mentions: readonly Mention[] };

/** What was written, without secrets, and whom it names. */
async function read(db: Database, scope: Scope, body: string): Promise<Said> {
  const text = plain(body).trim();
  if (text === "" || text.length > longestComment) {
    throw new BatonError(
      "bad-input",
      text === "" ? "The comment is empty." : `A comment has at most ${longestComment} characters.`,
      { hint: text === "" ? "Write something." : "Say it in several." },
    );
  }
  const [members, secrets] = await Promise.all([listMembers(db, scope), secretValues(db, scope.workspaceId)]);
  return { body: redactor(secrets).text(text), mentions: mentionsIn(text, members) };
}

/** What the audit keeps of a comment. */
function textOf({ body, mentions }: Said): { text: string; mentions: string[] } {
  return { text: readable(body, mentions), mentions: mentions.map(({ id }) => id) };
}

/** A comment that the scope's actor wrote and that still stands. */
async function ownComment(scope: Scope, tx: Transaction, id: string): Promise<store.CommentRow> {
  const comment = await store.lockComment(scope, tx, id);
  if (comment === null || comment.deleted) {
    throw new BatonError("not-found", "There is no such comment.", { hint: "It may have been deleted." });
  }
  if (comment.authorId !== scope.actor.id) {
    throw new BatonError("forbidden", "This comment is not yours.", {
      hint: "Only who wrote a comment can change it. Answer it, or resolve the thread.",
    });
  }
  return comment;
}

type Place = { readonly flow: store.CommentedFlow; readonly threadId: string; readonly commentId: string };

const sourceOf = (commentId: string): string => `mention:${commentId}`;

/** Tells those who are named now and were not before; who is not named any more need not look. */
async function tell(
  tx: Transaction,
  scope: Scope,
  { flow, threadId, commentId }: Place,
  said: Said,
  before: readonly Mention[],
): Promise<void> {
  const source = sourceOf(commentId);
  for (const { id } of before) {
    if (!said.mentions.some((one) => one.id === id)) await settle(scope, tx, source, id);
  }
  const fresh = said.mentions
    .map(({ id }) => id)
    .filter((id) => id !== scope.actor.id && !before.some((one) => one.id === id));
  const words = readable(said.body, said.mentions).replaceAll(/\s+/g, " ");
  await notifyUsers(tx, scope, fresh, {
    kind: "mention",
    title: `${scope.actor.name} mentioned you in ${flow.title}`,
    text: words.length > shownExcerpt ? `${words.slice(0, shownExcerpt - 1)}…` : words,
    href: `/flows/${encodeURIComponent(flow.slug)}/edit?comment=${threadId}`,
    source,
  });
}

async function record(
  tx: Transaction,
  scope: Scope,
  action: string,
  threadId: string,
  flow: store.CommentedFlow,
  facts: Readonly<Record<string, string | string[] | null>>,
): Promise<void> {
  await writeAudit(tx, scope, {
    action,
    subject: { kind: "comment-thread", id: threadId },
    body: { flow: flow.id, ...facts },
  });
  await notify(tx, "workspace", `${scope.workspaceId} comment ${flow.id}`);
}

const missingFlow = () => new BatonError("not-found", "There is no such flow.");
const missingThread = () =>
  new BatonError("not-found", "There is no such thread of comments.", { hint: "It may have been deleted." });
