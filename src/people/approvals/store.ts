import type { JsonObject, RunId } from "#base/index.ts";
import type { Scope } from "#governance/index.ts";
import { plain } from "#journal/index.ts";
import type { Database, Transaction } from "#platform/index.ts";
import type { ApprovalRequest } from "./port.ts";

/** What one person decided. `at` is epoch milliseconds. */
export type Vote = {
  readonly id: string;
  readonly name: string;
  readonly decision: string;
  readonly comment: string;
  readonly at: number;
};

/** An approval as it is kept, with what is shown of its run. */
export type ApprovalRow = {
  readonly id: string;
  readonly runId: RunId;
  readonly path: string;
  readonly kind: string;
  readonly title: string;
  readonly risk: string | null;
  /** What is asked, as JSON text. */
  readonly ask: string;
  readonly canonical: string;
  readonly hash: string;
  readonly roles: readonly string[];
  readonly users: readonly string[];
  readonly excludeUser: string | null;
  /** How many different people must approve. */
  readonly quorum: number;
  /** Who decided so far, in order. */
  readonly votes: readonly Vote[];
  readonly state: string;
  readonly decision: string | null;
  readonly comment: string;
  readonly answer: string | null;
  readonly decidedBy: string | null;
  readonly decidedName: string | null;
  readonly decidedAt: Date | null;
  readonly deadline: Date | null;
  readonly createdAt: Date;
  readonly runNumber: number;
  readonly runState: string;
  /** Whether the run only tries a flow out. */
  readonly sandbox: boolean;
  /**
   * Whether a request to cancel the run waits to be carried out or came after this was asked. What a cancelled run asks
   * while it tidies up can be decided.
   */
  readonly cancelling: boolean;
  readonly startedByName: string;
  readonly flowTitle: string;
  readonly flowSlug: string;
  /** Whether the deadline passed, by Postgres' clock. */
  readonly late: boolean;
  /** Inputs of the run and text of its flow, where that may have secret inputs. */
  readonly secretive: {
    readonly inputs: string;
    readonly text: string;
    /** What was given in them, sealed, by name. */
    readonly sealed: Readonly<Record<string, string>> | null;
  } | null;
};

const columns = `a.id, a.run_id as "runId", a.path, a.kind, a.title, a.risk, a.ask, a.canonical, a.hash, a.roles, a.users,
  a.exclude_user as "excludeUser", a.quorum, a.votes, a.state, a.decision, a.comment, a.answer, a.decided_by as "decidedBy",
  a.decided_name as "decidedName", a.decided_at as "decidedAt", a.deadline, a.created_at as "createdAt",
  r.number as "runNumber", r.state as "runState", r.started_by_name as "startedByName", r.sandbox,
  exists (select 1 from run_inbox as cancel where cancel.run_id = r.id and cancel.source = 'cancel'
    and (cancel.consumed_at is null or cancel.created_at >= a.created_at)) as cancelling,
  f.title as "flowTitle", f.slug as "flowSlug",
  coalesce(a.deadline <= clock_timestamp(), false) as late,
  case when v.text like '%password%' then json_build_object('inputs', r.inputs, 'text', v.text,
    'sealed', (select json_object_agg(s.name, s.sealed) from run_secret as s where s.run_id = r.id)) end as secretive`;
const joined = `approval a join run r on r.id = a.run_id join flow f on f.id = a.flow_id
  join revision v on v.id = r.revision_id`;

/** Who started the run. */
export async function starterOf(scope: Scope, tx: Transaction, run: RunId): Promise<string | null> {
  const row = await tx.prisma.run.findFirst({
    where: { id: run, workspaceId: scope.workspaceId },
    select: { startedById: true },
  });
  return row?.startedById ?? null;
}

/** False: it is there already. */
export async function insertApproval(
  scope: Scope,
  tx: Transaction,
  request: ApprovalRequest,
  excludeUser: string | null,
): Promise<boolean> {
  const { ask } = request;
  const { canonical: _bytes, hash: _hash, ...shown } = ask;
  const run = await tx.prisma.run.findFirstOrThrow({
    where: { id: request.run, workspaceId: scope.workspaceId },
    select: { flowId: true },
  });
  const made = await tx.prisma.approval.createMany({
    data: [
      {
        id: request.approvalId,
        workspaceId: scope.workspaceId,
        runId: request.run,
        flowId: run.flowId,
        path: request.path,
        kind: ask.kind,
        title: plain(ask.title),
        risk: ask.risk,
        ask: JSON.stringify(shown),
        canonical: ask.canonical,
        hash: ask.hash,
        roles: [...ask.by.roles],
        users: [...ask.by.users],
        excludeUser,
        quorum: ask.by.quorum,
        deadline: request.deadline === null ? null : new Date(request.deadline),
      },
    ],
    skipDuplicates: true,
  });
  return made.count === 1;
}

/** Reads an approval and keeps others from deciding it until the transaction ends. */
export async function lockApproval(scope: Scope, tx: Transaction, id: string): Promise<ApprovalRow | null> {
  const { rows } = await tx.query<ApprovalRow>(
    `select ${columns} from ${joined} where a.workspace_id = $1 and a.id = $2 for update of a`,
    [scope.workspaceId, id],
  );
  return rows[0] ?? null;
}

export type Verdict = {
  readonly decision: string;
  readonly comment: string;
  readonly answer: JsonObject | null;
};

/** Whether a verdict decides: any but an approval does, and the last approval that it takes. */
const settles = "($3::text <> 'approve' or jsonb_array_length(votes) + 1 >= quorum)";

/**
 * The compare-and-set: adds the verdict to those that came before, and decides the approval when it is one that
 * settles it alone or the last that it takes. Null where it is no longer pending, its deadline passed, or this person
 * is among those who decided.
 */
export async function castVote(
  scope: Scope,
  tx: Transaction,
  id: string,
  verdict: Verdict,
): Promise<{ readonly state: "pending" | "decided"; readonly votes: readonly Vote[] } | null> {
  const { rows } = await tx.query<{ state: "pending" | "decided"; votes: Vote[] }>(
    `update approval
        set votes = votes || jsonb_build_object('id', $6::text, 'name', $7::text, 'decision', $3::text,
              'comment', $4::text, 'at', floor(extract(epoch from clock_timestamp()) * 1000)),
            state = case when ${settles} then 'decided' else state end,
            decision = case when ${settles} then $3::text end,
            comment = case when ${settles} then $4::text else comment end,
            answer = case when ${settles} then $5::text end,
            decided_by = case when ${settles} then $6::text end,
            decided_name = case when ${settles} then $7::text end,
            decided_at = case when ${settles} then clock_timestamp() end
      where workspace_id = $1 and id = $2 and (state = 'pending') is true
        and (deadline is null or deadline > clock_timestamp())
        and not votes @> jsonb_build_array(jsonb_build_object('id', $6::text))
      returning state, votes`,
    [
      scope.workspaceId,
      id,
      verdict.decision,
      verdict.comment,
      verdict.answer === null ? null : JSON.stringify(verdict.answer),
      scope.actor.id,
      plain(scope.actor.name),
    ],
  );
  return rows[0] ?? null;
}

/**
 * Has more people decide a pending approval; null where it is not pending. One that named nobody was for approvers,
 * or, as a form, for everyone who may answer: that stays so.
 */
export async function widenApproval(
  scope: Scope,
  tx: Transaction,
  id: string,
  to: { readonly roles: readonly string[]; readonly users: readonly string[] },
): Promise<Pick<ApprovalRow, "kind" | "title" | "excludeUser" | "votes"> | null> {
  const roles = to.roles.length === 0 && to.users.length === 0 ? ["approver"] : to.roles;
  const { rows } = await tx.query<Pick<ApprovalRow, "kind" | "title" | "excludeUser" | "votes">>(
    `update approval set
            roles = case when kind = 'form' and cardinality(roles) + cardinality(users) = 0 then roles
              else array(select distinct unnest($3::text[] || roles ||
                case when cardinality(roles) + cardinality(users) = 0 then array['approver'] else '{}' end)) end,
            users = case when kind = 'form' and cardinality(roles) + cardinality(users) = 0 then users
              else array(select distinct unnest($4::text[] || users)) end
      where workspace_id = $1 and id = $2 and state = 'pending'
      returning kind, title, exclude_user as "excludeUser", votes`,
    [scope.workspaceId, id, roles, to.users],
  );
  return rows[0] ?? null;
}

/** Closes it undecided. False: it is not pending. */
export async function closeApproval(
  scope: Scope,
  tx: Transaction,
  id: string,
  state: "withdrawn" | "expired",
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update approval set state = $3, decided_at = clock_timestamp()
      where workspace_id = $1 and id = $2 and state = 'pending'`,
    [scope.workspaceId, id, state],
  );
  return rowCount === 1;
}

export async function stateOf(scope: Scope, tx: Transaction, id: string): Promise<string | null> {
  const row = await tx.prisma.approval.findFirst({
    where: { workspaceId: scope.workspaceId, id },
    select: { state: true },
  });
  return row?.state ?? null;
}

export async function readApproval(scope: Scope, db: Database, id: string): Promise<ApprovalRow | null> {
  const { rows } = await db.pool.query<ApprovalRow>(
    `select ${columns} from ${joined} where a.workspace_id = $1 and a.id = $2`,
    [scope.workspaceId, id],
  );
  return rows[0] ?? null;
}

export async function readOfRun(scope: Scope, db: Database, run: string): Promise<ApprovalRow[]> {
  const { rows } = await db.pool.query<ApprovalRow>(
    `select ${columns} from ${joined} where a.workspace_id = $1 and a.run_id = $2 order by a.created_at, a.id`,
    [scope.workspaceId, run],
  );
  return rows;
}

/**
 * Those that may concern who asks: decided by them, or assigned to them, to a role that they hold or to nobody in
 * particular. The policy decides; this keeps the approvals of others from filling the list. Pending ones come oldest
 * first, those that are over newest first.
 */
export async function readByState(
  scope: Scope,
  db: Database,
  state: "pending" | "decided",
  limit: number,
): Promise<ApprovalRow[]> {
  const { actor, roles } = scope;
  const names = [actor.id, actor.kind === "user" ? actor.email : actor.id].map((name) => name.toLowerCase());
  const standsIn = roles.some((role) => role === "admin" || role === "owner");
  const { rows } = await db.pool.query<ApprovalRow>(
    `select ${columns} from ${joined}
      where a.workspace_id = $1 and ${state === "pending" ? "a.state = 'pending'" : "a.state <> 'pending'"}
        and ($3::boolean or a.decided_by = $4 or a.roles && $5::text[]
          or (cardinality(a.roles) = 0 and cardinality(a.users) = 0)
          or exists (select 1 from unnest(a.users) as named where lower(named) = any ($6::text[])))
      order by ${state === "pending" ? "a.created_at" : "a.decided_at desc nulls last"}, a.id limit $2`,
    [scope.workspaceId, limit, standsIn, actor.id, roles, names],
  );
  return rows;
}
