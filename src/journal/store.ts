import type { RunId } from "#base/index.ts";
import type { RunEvent } from "#flow/machine/index.ts";
import type { Scope } from "#governance/index.ts";
import { type Database, Prisma } from "#platform/index.ts";
import { readEvents } from "./events.ts";
import { jsonOf } from "./runs.ts";
import type { RunDetails, RunFilter, RunListing } from "./reads.ts";
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
  const [revisions, source, forks] = await Promise.all([
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
  ]);
  return {
    ...listingOf(row, revisions),
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
