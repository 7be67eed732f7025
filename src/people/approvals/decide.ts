import { BatonError, type JsonObject } from "#base/index.ts";
import { coerceInputs, type RunActor, shapeOfSchema } from "#flow/index.ts";
import {
  approvalPolicy,
  authorize,
  candidateOf,
  listMembers,
  permissionToDecide,
  whyNotDecide,
  writeAudit,
  type Scope,
} from "#governance/index.ts";
import { plain, signalInTransaction } from "#journal/index.ts";
import { notify, transaction, type Database } from "#platform/index.ts";
import { settle } from "../notifications/store.ts";
import * as store from "./store.ts";
import { answersOf, askOf, isOver, viewOf, type ApprovalDetails } from "./view.ts";

/** What a person decided, having seen the text whose hash is `hash`. */
export type Decision = {
  readonly id: string;
  readonly hash: string;
  readonly decision: string;
  readonly comment: string;
  /** Values of the fields, where fields are asked for. */
  readonly answer: JsonObject | null;
};

/**
 * Decides an approval, once; where it takes several people, adds one's approval to those of the others. The decision,
 * the signal to the run and the audit are one transaction. The same decision by the same person again changes nothing
 * and answers the same; anyone else who comes late is refused with "conflict" and told who decided what. Refused as well: a text that is not the one that was seen, a run that was
 * cancelled, a deadline that passed ("conflict"); a decision, comment or answer that is not asked for ("bad-input");
 * someone it is not assigned to ("forbidden").
 */
export async function decideApproval(
  db: Database,
  scope: Scope,
  decision: Decision,
): Promise<ApprovalDetails> {
  // Every kind takes this; approvals take more, which their row tells.
  authorize(scope, approvalPolicy.answer);
  const members = await listMembers(db, scope);
  await transaction(db, async (tx) => {
    const row = await store.lockApproval(scope, tx, decision.id);
    if (row === null) throw missing();
    authorize(scope, permissionToDecide(row.kind, row.sandbox));
    if (isRepeated(row, scope, decision)) return;
    const whyNot = whyNotDecide(candidateOf(scope), row);
    if (whyNot !== null) {
      throw new BatonError("forbidden", whyNot, { hint: `It is assigned to ${nameAssignment(row)}.` });
    }
    refuseIfOver(row);
    refuseIfVoted(row, scope);
    if (row.hash !== decision.hash) {
      throw new BatonError("conflict", "What is asked is not what you were shown.", {
        hint: "Read it again as it is now, then decide.",
        details: { reason: "stale" },
      });
    }
    const verdict = checkVerdict(row, decision);
    const cast = await store.castVote(scope, tx, row.id, verdict);
    if (cast === null) throw expired(row);
    const record = { ...verdict, title: row.title, hash: row.hash, canonical: row.canonical };
    const subject = { kind: "approval", id: row.id };
    await notify(tx, "workspace", `${scope.workspaceId} approval ${row.id}`);
    if (cast.state === "pending") {
      const { quorum } = row;
      await settle(scope, tx, row.id, scope.actor.id);
      await writeAudit(tx, scope, {
        action: "approval.voted",
        subject,
        runId: row.runId,
        path: row.path,
        body: { ...record, approved: cast.votes.length, quorum },
      });
      return;
    }
    const by = { kind: actorKind(scope), id: scope.actor.id, name: scope.actor.name };
    const votes = cast.votes.map(({ id, name, decision: vote, comment }) => ({
      by: { id, name },
      decision: vote,
      comment,
    }));
    await settle(scope, tx, row.id);
    await writeAudit(tx, scope, {
      action: actions[row.kind] ?? "approval.decided",
      subject,
      runId: row.runId,
      path: row.path,
      body: row.quorum > 1 ? { ...record, votes, quorum: row.quorum } : record,
    });
    // Last, as it holds the run: nothing of that is recorded until the transaction ends.
    const told = await signalInTransaction(tx, row.runId, `approval:${row.id}`, {
      kind: "approval",
      approvalId: row.id,
      ...verdict,
      by,
      ...(row.quorum > 1 ? { votes } : {}),
    });
    if (!told) throw runOver(row);
  });
  const row = await store.readApproval(scope, db, decision.id);
  if (row === null) throw missing();
  return viewOf(row, scope, members);
}

/** What the audit calls a decision, by kind of question. */
const actions: Readonly<Record<string, string>> = {
  form: "form.answered",
  escalation: "escalation.decided",
};

function isRepeated(row: store.ApprovalRow, scope: Scope, decision: Decision): boolean {
  return (
    (row.state === "decided" || row.state === "pending") &&
    row.hash === decision.hash &&
    row.votes.some((vote) => vote.id === scope.actor.id && vote.decision === decision.decision)
  );
}

/** Nobody counts twice, and nobody takes back what others may have relied on. */
function refuseIfVoted(row: store.ApprovalRow, scope: Scope): void {
  const own = row.votes.find((vote) => vote.id === scope.actor.id);
  if (own === undefined) return;
  throw new BatonError("conflict", `You decided this already: ${labelOf(row, own.decision)}.`, {
    hint: "The others decide the rest.",
    details: { reason: "voted", decision: own.decision },
  });
}

function refuseIfOver(row: store.ApprovalRow): void {
  if (row.state === "decided") {
    const at = row.decidedAt?.toISOString() ?? "";
    const who = row.decidedName ?? "Someone else";
    throw new BatonError("conflict", `${who} decided this already: ${labelOf(row, row.decision ?? "")}.`, {
      hint: `It was decided at ${at}. There is nothing left to do.`,
      details: {
        reason: "decided",
        decision: row.decision,
        decidedBy: { id: row.decidedBy, name: who },
        decidedAt: row.decidedAt?.getTime() ?? null,
      },
    });
  }
  if (row.cancelling || isOver(row.runState)) throw runOver(row);
  if (row.state === "expired" || row.late) throw expired(row);
  if (row.state === "withdrawn") {
    throw new BatonError("conflict", "The run no longer waits for this decision.", {
      hint: "Open the run to see how it went on.",
      details: { reason: "withdrawn" },
    });
  }
}

function runOver(row: store.ApprovalRow): BatonError {
  const cancelled = row.cancelling || row.runState === "cancelling" || row.runState === "cancelled";
  return new BatonError(
    "conflict",
    cancelled
      ? "The run was cancelled, so nothing is left to decide."
      : "The run is over, so nothing is left to decide.",
    { hint: "Open the run to see how it ended.", details: { reason: cancelled ? "cancelled" : "over" } },
  );
}

function expired(row: store.ApprovalRow): BatonError {
  return new BatonError("conflict", "The deadline passed before this decision came.", {
    hint: `It was ${row.deadline?.toISOString() ?? "earlier"}. Open the run to see how it went on.`,
    details: { reason: "expired" },
  });
}

function checkVerdict(row: store.ApprovalRow, given: Decision): store.Verdict {
  const ask = askOf(row);
  const choice = ask.decisions.find((each) => each.decision === given.decision);
  if (choice === undefined) {
    throw new BatonError("bad-input", `"${given.decision}" is not one of the decisions.`, {
      hint: `Choose one of ${ask.decisions.map((each) => each.decision).join(", ")}.`,
    });
  }
  const comment = plain(given.comment).trim();
  const rejects = choice.decision === "reject";
  if (comment === "" && (ask.comment === "always" || (ask.comment === "onReject" && rejects))) {
    throw new BatonError("bad-input", `"${choice.label}" needs a comment.`, {
      hint: "Say why in a sentence.",
      details: { fields: { comment: ["Required."] } },
    });
  }
  if (ask.fields === null || !answersOf(ask).includes(choice.decision))
    return { decision: choice.decision, comment, answer: null };
  // Forms give texts, mostly: what is typed into a field of numbers is one.
  const read = coerceInputs(shapeOfSchema(ask.fields), given.answer ?? {});
  if (!read.ok) {
    const errors = Object.entries(read.errors);
    throw new BatonError(
      "bad-input",
      `The answer does not fit: ${errors.map(([name, message]) => (message.startsWith('"') ? message : `${name}: ${message}`)).join(" ")}`,
      {
        hint: "Correct the marked fields.",
        details: { fields: Object.fromEntries(errors.map(([name, message]) => [name, [message]])) },
      },
    );
  }
  return { decision: choice.decision, comment, answer: read.value };
}

function actorKind(scope: Scope): RunActor["kind"] {
  return scope.actor.kind;
}

function labelOf(row: store.ApprovalRow, decision: string): string {
  return askOf(row).decisions.find((each) => each.decision === decision)?.label ?? decision;
}

function nameAssignment(row: store.ApprovalRow): string {
  const names = [...row.users, ...row.roles.map((role) => `the role ${role}`)];
  return names.length === 0 ? "approvers" : names.join(", ");
}

function missing(): BatonError {
  return new BatonError("not-found", "There is no such approval.");
}
