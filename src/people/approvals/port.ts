import type { RunId, WorkspaceId } from "#base/index.ts";
import type { Ask, By } from "#flow/index.ts";
import { membersWith, permissionToDecide, systemScope, whyNotDecide, type Scope } from "#governance/index.ts";
import { notify, transaction, type Database, type Transaction } from "#platform/index.ts";
import { notifyUsers } from "../notifications/notifications.ts";
import { settle } from "../notifications/store.ts";
import * as store from "./store.ts";

/** An approval that a run waits for. `deadline` is epoch milliseconds. */
export type ApprovalRequest = {
  readonly run: RunId;
  readonly workspace: WorkspaceId;
  readonly path: string;
  readonly approvalId: string;
  readonly ask: Ask;
  readonly deadline: number | null;
};

/** An approval that a run no longer waits for. */
export type ApprovalWithdrawal = {
  readonly workspace: WorkspaceId;
  readonly approvalId: string;
};

/** How the engine puts questions to people. All of it is idempotent. */
export type People = {
  open(request: ApprovalRequest): Promise<void>;
  /** Nobody decided so far: these may decide as well, and are told. */
  widen(change: ApprovalWithdrawal & { readonly to: By }): Promise<void>;
  /** Takes a question back that was not decided. */
  withdraw(withdrawal: ApprovalWithdrawal): Promise<void>;
  /** The deadline passed: of this and a decision, one wins, and this answers which. */
  expire(withdrawal: ApprovalWithdrawal): Promise<"expired" | "decided">;
};

/** Opens approvals as rows and tells those who can decide; closes them unless they are decided. */
export function approvalPort(db: Database): People {
  const close = async (question: ApprovalWithdrawal, state: "withdrawn" | "expired"): Promise<boolean> => {
    const scope = systemScope(question.workspace, "engine");
    return transaction(db, async (tx) => {
      const closed = await store.closeApproval(scope, tx, question.approvalId, state);
      if (closed) {
        await settle(scope, tx, question.approvalId);
        await notify(tx, "workspace", `${question.workspace} approval ${question.approvalId}`);
      }
      return closed || (await store.stateOf(scope, tx, question.approvalId)) !== "decided";
    });
  };
  return {
    async open(request) {
      const scope = systemScope(request.workspace, "engine");
      await transaction(db, async (tx) => {
        const starter = request.ask.by.excludeStarter ? await store.starterOf(scope, tx, request.run) : null;
        const made = await store.insertApproval(scope, tx, request, starter);
        if (!made) return;
        const deciders = await decidersOf(tx, scope, {
          kind: request.ask.kind,
          roles: request.ask.by.roles,
          users: request.ask.by.users,
          excludeUser: starter,
          sandbox: request.ask.sandbox === true,
        });
        await notifyUsers(
          tx,
          scope,
          deciders.map((member) => member.userId),
          {
            kind: request.ask.kind === "form" ? "form" : "approval",
            title: request.ask.title,
            text: `${request.ask.sandbox ? "Sandbox run: nothing real comes of it. " : ""}${awaited(request.ask.kind)}`,
            href: "/inbox",
            source: request.approvalId,
          },
        );
        await notify(tx, "workspace", `${request.workspace} approval ${request.approvalId}`);
      });
    },
    async widen({ workspace, approvalId, to }) {
      const scope = systemScope(workspace, "engine");
      await transaction(db, async (tx) => {
        const row = await store.widenApproval(scope, tx, approvalId, to);
        if (row === null) return;
        const excludeUser = row.excludeUser;
        const further = await decidersOf(tx, scope, {
          kind: row.kind,
          roles: to.roles,
          users: to.users,
          excludeUser,
        });
        const whom = [...to.roles, ...to.users].join("+");
        await notifyUsers(
          tx,
          scope,
          further
            .map((member) => member.userId)
            .filter((user) => !row.votes.some((vote) => vote.id === user)),
          {
            kind: row.kind === "form" ? "form" : "approval",
            title: row.title,
            text: "Nobody decided so far, so it comes to you as well.",
            href: "/inbox",
            source: `${approvalId}:${whom}`,
          },
        );
        await notify(tx, "workspace", `${workspace} approval ${approvalId}`);
      });
    },
    async withdraw(question) {
      await close(question, "withdrawn");
    },
    async expire(question) {
      return (await close(question, "expired")) ? "expired" : "decided";
    },
  };
}

function awaited(kind: Ask["kind"]): string {
  if (kind === "form") return "Your answer is awaited.";
  return kind === "escalation" ? "It waits until you say how it goes on." : "Your decision is awaited.";
}

/** Members who may decide an approval assigned like this. */
export async function decidersOf(
  tx: Pick<Transaction, "prisma">,
  scope: Scope,
  assignment: Parameters<typeof whyNotDecide>[1],
): Promise<{ userId: string; name: string }[]> {
  const members = await membersWith(tx, scope, permissionToDecide(assignment.kind, assignment.sandbox));
  return members.filter((member) => whyNotDecide({ ...member, id: member.userId }, assignment) === null);
}
