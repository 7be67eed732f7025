import type { RunId } from "#base/index.ts";
import type { RunEvent } from "#flow/machine/index.ts";
import type { Scope } from "#governance/index.ts";
import { type Database, Prisma } from "#platform/index.ts";
import { readEvents } from "./events.ts";
import { jsonOf } from "./runs.ts";
import type { RunDetails, RunFilter, RunListing, RunLockView } from "./reads.ts";
import type { RunSummary } from "./spec.ts";

export async function readRuns(
  scope: Scope,
  db: Database,
  filter: RunFilter,
  take: number,
): Promise<RunListing[]> {
  const rows = await db.prisma.run.findMany({
    where: {
      workspaceId: scope.workspaceId,
      ...(filter.flow === undefined ? {} : { flow: { OR: [{ id: filter.flow }, { slug: filter.flow }] } }),
      ...(filter.state === undefined ? {} : { state: { in: [...filter.state] } }),
      ...(filter.startedBy === undefined ? {} : { startedById: filter.startedBy }),
      AND: Object.entries(filter.labels ?? {}).map(([name, value]) => ({
        labels: value === null ? { path: [name], not: Prisma.AnyNull } : { path: [name], equals: value },
      })),
      // Parts of a run are seen from that run.
      internal: false,
      ...(filter.sandbox === "too" ? {} : { sandbox: filter.sandbox === "only" }),
      ...(filter.cursor === undefined ? {} : { id: { lt: filter.cursor } }),
    },
    include,
    // Ids sort by age.
    orderBy: { id: "desc" },
    take,
  });
  const revisions = await revisionNumbers(db, rows);
  return rows.map((row) => listingOf(row, revisions));
}

export async function readRun(scope: Scope, db: Database, id: RunId): Promise<RunDetails | null> {
  const row = await db.prisma.run.findFirst({ where: { id, workspaceId: scope.workspaceId }, include });
  if (row === null) return null;
  const [revisions, source, forks, parent, locks] = await Promise.all([
    revisionNumbers(db, [row]),
    row.forkedFrom === null
      ? null
      : db.prisma.run.findFirst({
          where: { id: row.forkedFrom, workspaceId: scope.workspaceId },
          select: { id: true, number: true },
        }),
    db.prisma.run.findMany({
      where: { forkedFrom: id, workspaceId: scope.workspaceId },
      select: { id: true, number: true, forkedAt: true, state: true },
      orderBy: { id: "desc" },
      take: 20,
    }),
    row.parentRunId === null
      ? null
      : db.prisma.run.findFirst({ where: { id: row.parentRunId, workspaceId: scope.workspaceId }, include }),
    readLocks(scope, db, id),
  ]);
  return {
    ...listingOf(row, revisions),
    parent:
      parent === null
        ? null
        : {
            id: parent.id,
            number: parent.number,
            flow: parent.flow.slug,
            title: parent.flow.title,
            path: row.parentPath ?? "",
            waits: row.parentWaits,
          },
    internal: row.internal,
    locks,
    forkedFrom: source === null ? null : { ...source, path: row.forkedAt ?? "" },
    forks: forks.map(({ forkedAt, state, ...fork }) => ({
      ...fork,
      path: forkedAt ?? "",
      state: state as RunSummary["state"],
    })),
    inputs: jsonOf(row.inputs),
    outputs: jsonOf(row.outputs),
    error: jsonOf(row.error),
  };
}

/** Locks that a run's tasks hold or wait for, and who holds those. */
async function readLocks(scope: Scope, db: Database, run: RunId): Promise<RunLockView[]> {
  const { rows } = await db.pool.query<{
    name: string;
    path: string;
    held: boolean;
    before: number;
    holder: string | null;
    number: number | null;
    title: string | null;
  }>(
    `select own.name, own.path, own.granted_at is not null as held,
            (select count(*)::int from run_lock as other
              where other.workspace_id = own.workspace_id and other.name = own.name and other.place < own.place) as before,
            first.run_id as holder, run.number, flow.title
       from run_lock as own
       left join run_lock as first on first.workspace_id = own.workspace_id and first.name = own.name
            and first.granted_at is not null
       left join run on run.id = first.run_id
       left join flow on flow.id = run.flow_id
      where own.run_id = $1 and own.workspace_id = $2 order by own.place limit 50`,
    [run, scope.workspaceId],
  );
  return rows.map(({ name, path, held, before, holder, number, title }) => ({
    name,
    path,
    held,
    before,
    holder: holder === null ? null : { id: holder, number: number ?? 0, title: title ?? "" },
  }));
}

export async function readRunEvents(
  scope: Scope,
  db: Database,
  id: RunId,
  after: number,
  take: number,
): Promise<RunEvent[]> {
  const owned = await db.prisma.run.count({ where: { id, workspaceId: scope.workspaceId } });
  if (owned === 0) return [];
  return readEvents(db.pool, id, after, take);
}

const include = { flow: { select: { id: true, slug: true, title: true } } } as const;
type Row = Prisma.RunGetPayload<{ include: typeof include }>;

async function revisionNumbers(db: Database, rows: readonly Row[]): Promise<ReadonlyMap<string, number>> {
  const ids = [...new Set(rows.map((row) => row.revisionId))];
  const revisions = await db.prisma.revision.findMany({
    where: { id: { in: ids } },
    select: { id: true, number: true },
  });
  return new Map(revisions.map((revision) => [revision.id, revision.number]));
}

function listingOf(row: Row, revisions: ReadonlyMap<string, number>): RunListing {
  return {
    id: row.id as RunId,
    number: row.number,
    flow: { id: row.flow.id, slug: row.flow.slug, title: row.flow.title },
    revision: revisions.get(row.revisionId) ?? 0,
    revisionId: row.revisionId,
    state: row.state as RunListing["state"],
    headline: row.headline,
    startedBy: { kind: row.startedByKind, id: row.startedById, name: row.startedByName },
    simulated: row.simulated,
    sandbox: row.sandbox,
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
    finishedAt: row.finishedAt?.getTime() ?? null,
    cost: row.cost,
    unknownCosts: row.unknownCosts,
    tokens: row.tokens,
    labels: row.labels as Record<string, string>,
    goal:
      row.goalReached === null && row.goalReason === null
        ? null
        : { reached: row.goalReached, reason: row.goalReason ?? "" },
  };
}

/** JSON text of a large value, or null. */
export async function readLargeValue(scope: Scope, db: Database, hash: string): Promise<string | null> {
  const { workspaceId } = scope;
  const row = await db.prisma.blob.findUnique({ where: { workspaceId_hash: { workspaceId, hash } } });
  return row?.text ?? null;
}
