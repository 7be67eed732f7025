import type { RunId } from "#base/index.ts";
import type { Scope } from "#governance/index.ts";
import type { Database } from "#platform/index.ts";
import type { Reading } from "./spec.ts";

/** Whose memory a subject is, without asking who wants to know. Null: there is no such run, flow or workspace. */
export async function ownerOf(db: Database, subject: string): Promise<string | null> {
  const where = { where: { id: subject }, select: { workspaceId: true } };
  if (subject.startsWith("run_")) return (await db.prisma.run.findUnique(where))?.workspaceId ?? null;
  if (subject.startsWith("ws_")) {
    const found = await db.prisma.organization.findUnique({ where: { id: subject }, select: { id: true } });
    return found?.id ?? null;
  }
  return (await db.prisma.flow.findUnique(where))?.workspaceId ?? null;
}

/** The flow of a run, and the run that it is a part of where it is one. */
export async function runPlaces(
  scope: Scope,
  db: Database,
  run: string,
): Promise<{ run: string; flow: string } | null> {
  let id = run;
  for (;;) {
    const row = await db.prisma.run.findFirst({
      where: { id, workspaceId: scope.workspaceId },
      select: { flowId: true, internal: true, parentRunId: true },
    });
    if (row === null) return null;
    if (!row.internal || row.parentRunId === null) return { run: id, flow: row.flowId };
    id = row.parentRunId;
  }
}

/** Whether a memory was ever written or opened. */
export async function hasDocument(scope: Scope, db: Database, subject: string): Promise<boolean> {
  const { workspaceId } = scope;
  return (await db.prisma.liveDocument.count({ where: { kind: "memory", subject, workspaceId } })) > 0;
}

/** Notes what was read: one row for each entry, task and agent, with the version that it saw at last. */
export async function noteReadings(scope: Scope, db: Database, readings: readonly Reading[]): Promise<void> {
  const rows = new Map(
    readings.map((one) => [[one.subject, one.name, one.run, one.path, one.agent].join("\n"), one]),
  );
  const all = [...rows.values()];
  if (all.length === 0) return;
  await db.pool.query(
    `insert into memory_reading as known (workspace_id, subject, name, run_id, path, agent, version)
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[])
     on conflict (workspace_id, subject, name, run_id, path, agent)
     do update set version = excluded.version, times = known.times + 1, at = now()`,
    [
      scope.workspaceId,
      all.map((one) => one.subject),
      all.map((one) => one.name),
      all.map((one) => one.run),
      all.map((one) => one.path),
      all.map((one) => one.agent ?? ""),
      all.map((one) => one.version),
    ],
  );
}

export type ReadingRow = {
  readonly name: string;
  readonly runId: RunId;
  readonly runNumber: number;
  readonly path: string;
  readonly agent: string;
  readonly version: number;
  readonly at: number;
};

/** Who read entries of a memory, latest first; `most` rows. */
export async function readReadings(
  scope: Scope,
  db: Database,
  subject: string,
  by: { readonly name?: string },
  most: number,
): Promise<ReadingRow[]> {
  const { rows } = await db.pool.query<Omit<ReadingRow, "at"> & { at: Date }>(
    `select r.name, r.run_id as "runId", run.number as "runNumber", r.path, r.agent, r.version, r.at
     from memory_reading r join run on run.id = r.run_id
     where r.workspace_id = $1 and r.subject = $2 and ($3::text is null or r.name = $3)
     order by r.at desc limit $4`,
    [scope.workspaceId, subject, by.name ?? null, most],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}

export type MemoryRow = { readonly subject: string; readonly title: string; readonly number: number | null };

/** Flows and runs of the workspace whose memory was written to, latest first; runs named by their flow and number. */
export async function memoriesOf(
  scope: Scope,
  db: Database,
  most: number,
): Promise<{ flows: MemoryRow[]; runs: MemoryRow[] }> {
  const { rows } = await db.pool.query<MemoryRow & { kind: string }>(
    `(select 'flow' as kind, f.id as subject, f.title, null::int as number, d.updated_at
        from live_document d join flow f on f.id = d.subject
        where d.kind = 'memory' and d.workspace_id = $1 and d.seq > 1 order by d.updated_at desc limit $2)
     union all
     (select 'run', r.id, f.title, r.number, d.updated_at
        from live_document d join run r on r.id = d.subject join flow f on f.id = r.flow_id
        where d.kind = 'memory' and d.workspace_id = $1 and d.seq > 1 order by d.updated_at desc limit $2)
     order by updated_at desc`,
    [scope.workspaceId, most],
  );
  const of = (kind: string): MemoryRow[] =>
    rows.filter((row) => row.kind === kind).map(({ subject, title, number }) => ({ subject, title, number }));
  return { flows: of("flow"), runs: of("run") };
}

/** Name of a flow or a run, for the head of its memory; null for one that is not there. */
export async function titleOf(
  scope: Scope,
  db: Database,
  subject: string,
): Promise<{ title: string; number: number | null; flow: string | null } | null> {
  const { workspaceId } = scope;
  if (!subject.startsWith("run_")) {
    const row = await db.prisma.flow.findFirst({
      where: { id: subject, workspaceId },
      select: { title: true },
    });
    return row === null ? null : { title: row.title, number: null, flow: subject };
  }
  const row = await db.prisma.run.findFirst({
    where: { id: subject, workspaceId },
    select: { number: true, flowId: true, flow: { select: { title: true } } },
  });
  return row === null ? null : { title: row.flow.title, number: row.number, flow: row.flowId };
}
