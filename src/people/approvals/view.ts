import type { Json, JsonObject } from "#base/index.ts";
import type { Ask } from "#flow/index.ts";
import {
  approvalPolicy,
  authorize,
  candidateOf,
  hiddenOfSealed,
  listMembers,
  permissionsOf,
  whyNotDecide,
  type MemberView,
  type Scope,
} from "#governance/index.ts";
import type { Database } from "#platform/index.ts";
import * as store from "./store.ts";

/** An approval as people see it. Instants are epoch milliseconds. */
export type ApprovalDetails = {
  id: string;
  run: {
    id: string;
    number: number;
    flowTitle: string;
    flowSlug: string;
    startedByName: string;
    sandbox: boolean;
  };
  path: string;
  kind: Ask["kind"];
  title: string;
  risk: "low" | "medium" | "high" | null;
  details: Json;
  call: { tool: string; args: Json; agent: string | null; schemaHash: string } | null;
  fields: JsonObject | null;
  /** Decisions that the fields belong to. */
  answers: string[];
  comment: Ask["comment"];
  decisions: { decision: string; label: string; tone: "primary" | "danger" | "plain" }[];
  canonical: string;
  hash: string;
  by: { roles: string[]; users: string[]; excludeStarter: boolean };
  /** How many different people must approve; one rejection is enough. */
  quorum: number;
  /** Who decided so far, in order. */
  votes: { id: string; name: string; decision: string; comment: string; at: number }[];
  deciders: string[];
  mayDecide: boolean;
  whyNot: string | null;
  state: "pending" | "decided" | "expired" | "withdrawn";
  decision: string | null;
  decidedBy: { id: string; name: string } | null;
  decidedAt: number | null;
  commentText: string;
  deadline: number | null;
  createdAt: number;
};

/** Names of deciders that a view holds at most. */
const decidersShown = 5;
/** Approvals that one list holds at most. */
const listed = 200;

/** What is asked, as it was put to people. */
export function askOf(row: Pick<store.ApprovalRow, "ask">): Omit<Ask, "canonical" | "hash"> {
  return JSON.parse(row.ask) as Omit<Ask, "canonical" | "hash">;
}

/** Decisions that come with the fields filled in. */
export function answersOf(ask: Pick<Ask, "fields" | "answers" | "decisions">): readonly string[] {
  if (ask.fields === null) return [];
  return ask.answers ?? ask.decisions.flatMap((each) => (each.decision === "reject" ? [] : [each.decision]));
}

/** Pending approvals that who asks may decide, oldest first; or those that are over and were theirs to decide. */
export async function listApprovals(
  db: Database,
  scope: Scope,
  state: "pending" | "decided",
): Promise<ApprovalDetails[]> {
  authorize(scope, approvalPolicy.see);
  const [rows, members] = await Promise.all([
    store.readByState(scope, db, state, listed),
    listMembers(db, scope),
  ]);
  const candidate = candidateOf(scope);
  return rows
    .filter((row) => row.decidedBy === scope.actor.id || whyNotDecide(candidate, row) === null)
    .map((row) => viewOf(row, scope, members))
    .filter((view) => state === "decided" || view.mayDecide);
}

/** All approvals of a run, in the order in which they were asked. */
export async function approvalsOfRun(db: Database, scope: Scope, run: string): Promise<ApprovalDetails[]> {
  authorize(scope, approvalPolicy.see);
  const [rows, members] = await Promise.all([store.readOfRun(scope, db, run), listMembers(db, scope)]);
  return rows.map((row) => viewOf(row, scope, members));
}

/** How many approvals wait for who asks. */
export async function countPending(db: Database, scope: Scope): Promise<number> {
  authorize(scope, approvalPolicy.see);
  const rows = await store.readByState(scope, db, "pending", listed);
  return rows.filter((row) => !row.late && whyNotPending(row, scope) === null).length;
}

export function viewOf(
  row: store.ApprovalRow,
  scope: Scope,
  members: readonly MemberView[],
): ApprovalDetails {
  const hidden =
    row.secretive === null
      ? null
      : hiddenOfSealed(row.secretive.text, JSON.parse(row.secretive.inputs) as Json, row.secretive.sealed);
  const hide = <T extends Json>(value: T): T => (hidden === null ? value : hidden.json(value));
  const ask = hide(askOf(row) as unknown as JsonObject) as unknown as ReturnType<typeof askOf>;
  const state = row.state === "pending" && row.late ? "expired" : (row.state as ApprovalDetails["state"]);
  const whyNot = state === "pending" ? whyNotPending(row, scope) : "It is no longer open.";
  return {
    id: row.id,
    run: {
      id: row.runId,
      number: row.runNumber,
      flowTitle: row.flowTitle,
      flowSlug: row.flowSlug,
      startedByName: row.startedByName,
      sandbox: row.sandbox,
    },
    path: row.path,
    kind: row.kind as ApprovalDetails["kind"],
    title: hide(row.title),
    risk: row.risk as ApprovalDetails["risk"],
    details: ask.details,
    call: ask.call,
    fields: ask.fields,
    answers: [...answersOf(ask)],
    comment: ask.comment,
    decisions: ask.decisions.map((each) => ({ ...each })),
    canonical: hide(row.canonical),
    hash: row.hash,
    by: { roles: [...row.roles], users: [...row.users], excludeStarter: row.excludeUser !== null },
    quorum: row.quorum,
    votes: row.votes.map((vote) => ({ ...vote })),
    deciders: members
      .filter((member) => {
        if (row.votes.some((vote) => vote.id === member.userId)) return false;
        const candidate = { ...member, id: member.userId, permissions: permissionsOf(member.roles) };
        return whyNotDecide(candidate, row) === null;
      })
      .slice(0, decidersShown)
      .map((member) => member.name),
    mayDecide: whyNot === null,
    whyNot,
    state,
    decision: row.decision,
    decidedBy: row.decidedBy === null ? null : { id: row.decidedBy, name: row.decidedName ?? "Someone" },
    decidedAt: row.decidedAt?.getTime() ?? null,
    commentText: row.comment,
    deadline: row.deadline?.getTime() ?? null,
    createdAt: row.createdAt.getTime(),
  };
}

function whyNotPending(row: store.ApprovalRow, scope: Scope): string | null {
  if (row.cancelling || isOver(row.runState)) return "The run no longer waits for it.";
  if (row.votes.some((vote) => vote.id === scope.actor.id)) {
    const more = row.quorum - row.votes.length;
    return `You approved this. ${more === 1 ? "One more person" : `${more} more people`} must, too.`;
  }
  return whyNotDecide(candidateOf(scope), row);
}

/** Whether a run in this state can't go on by a decision. */
export function isOver(runState: string): boolean {
  return ["cancelled", "succeeded", "failed", "dead-lettered"].includes(runState);
}
