import type { FlowId, RunId, TriggerId, WorkspaceId } from "#base/index.ts";
import { canonicalJson, type Trigger } from "#flow/index.ts";
import type { Json } from "#base/index.ts";
import { newId, type Scope } from "#governance/index.ts";
import { plain } from "#journal/index.ts";
import type { Database, Prisma, Queryable, Transaction } from "#platform/index.ts";
import type { NewOutcome, Outcome, TriggerRecord } from "./spec.ts";

const include = { flow: { select: { id: true, slug: true, title: true, pausedAt: true } } } as const;
type Row = Prisma.TriggerGetPayload<{ include: typeof include }>;
type Reader = Pick<Database | Transaction, "prisma">;

export async function readTrigger(scope: Scope, db: Reader, id: string): Promise<TriggerRecord | null> {
  const row = await db.prisma.trigger.findFirst({ where: { id, workspaceId: scope.workspaceId }, include });
  return row === null ? null : recordOf(row);
}

/**
 * Keeps others from changing it until the transaction ends. Its flow comes first, as where flows are published: held the
 * other way round, the two would wait for each other.
 */
export async function lockTrigger(scope: Scope, tx: Transaction, id: string): Promise<TriggerRecord | null> {
  await tx.query(
    `select flow.id from flow join "trigger" on "trigger".flow_id = flow.id
      where flow.workspace_id = $1 and "trigger".id = $2 for no key update of flow`,
    [scope.workspaceId, id],
  );
  await tx.query(`select id from "trigger" where workspace_id = $1 and id = $2 for update`, [
    scope.workspaceId,
    id,
  ]);
  return readTrigger(scope, tx, id);
}

/** Triggers that are in force, of all flows or of one, by flow and name. */
export async function readTriggers(
  scope: Scope,
  db: Reader,
  filter: { readonly slug?: string | undefined },
): Promise<TriggerRecord[]> {
  const rows = await db.prisma.trigger.findMany({
    where: {
      workspaceId: scope.workspaceId,
      active: true,
      ...(filter.slug === undefined ? {} : { flow: { slug: filter.slug } }),
    },
    include,
    orderBy: [{ flow: { title: "asc" } }, { createdAt: "asc" }, { id: "asc" }],
  });
  return rows.map(recordOf);
}

/** All triggers of a flow, those of earlier revisions included. */
export async function readTriggersOf(scope: Scope, tx: Transaction, flow: FlowId): Promise<TriggerRecord[]> {
  const rows = await tx.prisma.trigger.findMany({
    where: { workspaceId: scope.workspaceId, flowId: flow },
    include,
    orderBy: { id: "asc" },
  });
  return rows.map(recordOf);
}

/** Triggers in force that follow the runs of a flow. */
export async function readFollowers(scope: Scope, db: Reader, slug: string): Promise<TriggerRecord[]> {
  const rows = await db.prisma.trigger.findMany({
    where: { workspaceId: scope.workspaceId, follows: slug, active: true },
    include,
    orderBy: { id: "asc" },
  });
  return rows.map(recordOf);
}

export type KeptTrigger = {
  readonly definition: Trigger;
  readonly revision: number;
  readonly active: boolean;
  readonly token: string | null;
  readonly tokenHash: string | null;
  readonly signingKey: string | null;
};

export async function insertTrigger(
  scope: Scope,
  tx: Transaction,
  id: TriggerId,
  flow: FlowId,
  kept: KeptTrigger,
): Promise<void> {
  await tx.prisma.trigger.create({
    data: { id, workspaceId: scope.workspaceId, flowId: flow, name: kept.definition.id, ...columns(kept) },
  });
}

export async function changeTrigger(
  scope: Scope,
  tx: Transaction,
  id: string,
  kept: KeptTrigger,
): Promise<void> {
  await tx.prisma.trigger.update({
    where: { id, workspaceId: scope.workspaceId },
    data: { ...columns(kept), updatedAt: new Date() },
  });
}

function columns({ definition, ...rest }: KeptTrigger) {
  return {
    ...rest,
    kind: definition.kind,
    definition: canonicalJson(definition as unknown as Json),
    follows: definition.kind === "flow" ? definition.flow : null,
  };
}

/** Takes a flow's triggers out of force, or back into it. */
export async function setActive(
  scope: Scope,
  tx: Transaction,
  ids: readonly string[],
  active: boolean,
): Promise<void> {
  await tx.prisma.trigger.updateMany({
    where: { workspaceId: scope.workspaceId, id: { in: [...ids] } },
    data: { active, ...(active ? {} : { scheduledAt: null, nextAt: null }), updatedAt: new Date() },
  });
}

export async function setPlan(
  scope: Scope,
  tx: Transaction,
  id: string,
  plan: { readonly scheduledAt: number; readonly nextAt: number } | null,
): Promise<void> {
  await tx.prisma.trigger.update({
    where: { id, workspaceId: scope.workspaceId },
    data: {
      scheduledAt: plan === null ? null : new Date(plan.scheduledAt),
      nextAt: plan === null ? null : new Date(plan.nextAt),
    },
  });
}

export async function setPaused(
  scope: Scope,
  tx: Transaction,
  id: string,
  paused: { readonly at: number; readonly by: string } | null,
): Promise<void> {
  await tx.prisma.trigger.update({
    where: { id, workspaceId: scope.workspaceId },
    data: {
      pausedAt: paused === null ? null : new Date(paused.at),
      pausedName: paused?.by ?? null,
      updatedAt: new Date(),
    },
  });
}

export async function setToken(
  scope: Scope,
  tx: Transaction,
  id: string,
  token: { readonly token: string; readonly tokenHash: string },
): Promise<void> {
  await tx.prisma.trigger.update({ where: { id, workspaceId: scope.workspaceId }, data: token });
}

const outcomeSql = `insert into trigger_outcome
    (id, trigger_id, workspace_id, at, scheduled_at, outcome, run_id, message, depth, crowd)
  values ($1, $2, $3, clock_timestamp(), to_timestamp($4::float8 / 1000), $5, $6, $7, $8, $9)
  on conflict (trigger_id, crowd) do update
     set count = trigger_outcome.count + 1, at = excluded.at, message = excluded.message
  returning count`;

/** Answers how many the row stands for now. */
export async function insertOutcome(
  scope: Scope,
  tx: Queryable,
  trigger: string,
  outcome: NewOutcome,
): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(outcomeSql, [
    newId("trgo"),
    trigger,
    scope.workspaceId,
    outcome.scheduledAt ?? null,
    outcome.outcome,
    outcome.run ?? null,
    plain(outcome.message ?? "").slice(0, 1000),
    outcome.depth ?? 0,
    outcome.crowd ?? null,
  ]);
  return rows[0]?.count ?? 1;
}

/** An outcome as it is read. Instants are epoch milliseconds. */
export type OutcomeRow = {
  id: string;
  at: number;
  scheduledAt: number | null;
  outcome: Outcome;
  message: string;
  count: number;
  run: { id: RunId; number: number; state: string } | null;
};

/** The newest outcomes of a trigger before `before`, newest first. */
export async function readOutcomes(
  scope: Scope,
  db: Reader,
  trigger: string,
  take: number,
  before?: string,
): Promise<OutcomeRow[]> {
  const rows = await db.prisma.triggerOutcome.findMany({
    where: {
      workspaceId: scope.workspaceId,
      triggerId: trigger,
      ...(before === undefined ? {} : { id: { lt: before } }),
    },
    orderBy: { id: "desc" },
    take,
  });
  const runs = await db.prisma.run.findMany({
    where: {
      workspaceId: scope.workspaceId,
      id: { in: rows.flatMap(({ runId }) => (runId === null ? [] : [runId])) },
    },
    select: { id: true, number: true, state: true },
  });
  const byId = new Map(runs.map((run) => [run.id, { ...run, id: run.id as RunId }]));
  return rows.map((row) => ({
    id: row.id,
    at: row.at.getTime(),
    scheduledAt: row.scheduledAt?.getTime() ?? null,
    outcome: row.outcome as Outcome,
    message: row.message,
    count: row.count,
    run: row.runId === null ? null : (byId.get(row.runId) ?? null),
  }));
}

const depthSql = `with recursive line as (
    select id, parent_run_id, 1 as length from run where workspace_id = $1 and id = $2
    union all
    select run.id, run.parent_run_id, line.length + 1 from run join line on run.id = line.parent_run_id
     where line.length < 100
  )
  select coalesce(max(outcome.depth), 0)::int as depth from line
    join trigger_outcome as outcome on outcome.run_id = line.id and outcome.outcome = 'started'`;

/** How many flow triggers in a row led to a run, or to a run that it is a child of. */
export async function readDepth(scope: Scope, db: Queryable, run: string): Promise<number> {
  const { rows } = await db.query<{ depth: number }>(depthSql, [scope.workspaceId, run]);
  return rows[0]?.depth ?? 0;
}

/** Flows of the workspace that are not archived, each with the flows whose runs it follows. */
export async function readFollows(scope: Scope, db: Reader): Promise<Map<string, string[]>> {
  const flows = await db.prisma.flow.findMany({
    where: { workspaceId: scope.workspaceId, archivedAt: null },
    select: {
      slug: true,
      triggers: { where: { active: true, follows: { not: null } }, select: { follows: true } },
    },
  });
  return new Map(
    flows.map(({ slug, triggers }) => [
      slug,
      triggers.flatMap(({ follows }) => (follows === null ? [] : [follows])),
    ]),
  );
}

function recordOf(row: Row): TriggerRecord {
  return {
    id: row.id as TriggerId,
    workspaceId: row.workspaceId as WorkspaceId,
    flow: {
      id: row.flow.id as FlowId,
      slug: row.flow.slug,
      title: row.flow.title,
      paused: row.flow.pausedAt !== null,
    },
    name: row.name,
    definition: JSON.parse(row.definition) as Trigger,
    revision: row.revision,
    active: row.active,
    paused: row.pausedAt === null ? null : { at: row.pausedAt.getTime(), by: row.pausedName ?? "" },
    scheduledAt: row.scheduledAt?.getTime() ?? null,
    nextAt: row.nextAt?.getTime() ?? null,
    token: row.token,
    signingKey: row.signingKey,
    version: row.updatedAt.getTime(),
  };
}
