import type { RunId } from "#base/index.ts";
import type { Scope } from "#governance/index.ts";
import type { Database, Queryable } from "#platform/index.ts";
import type { BulkJob, BulkSelection } from "./bulk.ts";

/** A job as it is worked off. */
export type JobRow = {
  readonly id: string;
  readonly action: string;
  readonly reason: string;
  readonly byId: string;
};

/** The states in which an action can do something with a run. */
const matching: Readonly<Record<string, string>> = {
  cancel: "run.finished_at is null",
  retry: "run.finished_at is not null and run.state in ('failed', 'cancelled', 'dead-lettered')",
  pause: "run.finished_at is null and run.state not in ('paused', 'cancelling')",
  resume: "run.finished_at is null and run.state = 'paused'",
};

/** Keeps the job with an item for each run. Answers how many. */
export async function insertJob(
  scope: Scope,
  tx: Queryable,
  job: { id: string; action: string; reason: string },
  selection: BulkSelection,
  most: number,
): Promise<number> {
  const chosen = "ids" in selection ? [...new Set(selection.ids)] : null;
  const filter = "filter" in selection ? selection.filter : {};
  const labels = Object.entries(filter.labels ?? {});
  const { rows } = await tx.query<{ total: number }>(
    `with chosen as (
       select run.id from run join flow on flow.id = run.flow_id
        where run.workspace_id = $2 and not run.internal
          and ($6::text[] is not null or $14::boolean is null or run.sandbox = $14::boolean) and case when $6::text[] is null then ${matching[job.action] ?? "false"}
          else run.id = any($6::text[]) end
          and ($7::text is null or flow.id = $7 or flow.slug = $7)
          and ($8::text[] is null or run.state = any($8::text[]))
          and ($9::text is null or run.started_by_id = $9)
          and run.labels @> $12::jsonb and run.labels ?& $13::text[]
        order by run.id limit $10::int
     ),
     items as (insert into bulk_item (job_id, run_id) select $1, id from chosen returning 1),
     counted as (select count(*)::int as total from items)
     insert into bulk_job (id, workspace_id, action, reason, by_id, by_name, total)
     select $1, $2, $3, $4, $5, $11, total from counted where total > 0
     returning total`,
    [
      job.id,
      scope.workspaceId,
      job.action,
      job.reason,
      scope.actor.id,
      chosen,
      filter.flow ?? null,
      filter.state ?? null,
      filter.startedBy ?? null,
      most,
      scope.actor.name,
      JSON.stringify(Object.fromEntries(labels.filter(([, value]) => value !== null))),
      labels.map(([name]) => name),
      filter.sandbox === "too" ? null : filter.sandbox === "only",
    ],
  );
  return rows[0]?.total ?? 0;
}

/** A job that is not finished. */
export async function readOpenJob(scope: Scope, db: Queryable, id: string): Promise<JobRow | null> {
  const { rows } = await db.query<JobRow>(
    `select id, action, reason, by_id as "byId" from bulk_job
      where id = $1 and workspace_id = $2 and finished_at is null`,
    [id, scope.workspaceId],
  );
  return rows[0] ?? null;
}

export async function pendingItems(
  scope: Scope,
  db: Queryable,
  job: string,
  limit: number,
): Promise<RunId[]> {
  const { rows } = await db.query<{ run: RunId }>(
    `select item.run_id as run from bulk_item as item join bulk_job as job on job.id = item.job_id
      where item.job_id = $1 and job.workspace_id = $2 and item.state = 'pending' order by item.run_id limit $3`,
    [job, scope.workspaceId, limit],
  );
  return rows.map(({ run }) => run);
}

/** Ends an item, once. False: it was ended before. `message` is why it failed, or null. */
export async function endItem(
  scope: Scope,
  tx: Queryable,
  job: string,
  run: RunId,
  message: string | null,
): Promise<boolean> {
  const { rows } = await tx.query<{ ended: number }>(
    `with ended as (
       update bulk_item set state = case when $4::text is null then 'done' else 'failed' end, message = coalesce($4, '')
        where job_id = $1 and run_id = $2 and state = 'pending' returning job_id
     ),
     counted as (
       update bulk_job set done = done + case when $4::text is null then 1 else 0 end,
              failed = failed + case when $4::text is null then 0 else 1 end
         from ended where bulk_job.id = ended.job_id and bulk_job.workspace_id = $3 returning 1
     )
     select count(*)::int as ended from counted`,
    [job, run, scope.workspaceId, message],
  );
  return (rows[0]?.ended ?? 0) > 0;
}

/** Days for which it is kept what a finished job was about. */
const jobDays = 90;

/** Ends the job, and forgets those that ended long ago. */
export async function finishJob(scope: Scope, db: Queryable, job: string): Promise<void> {
  await db.query(
    `with old as (
       delete from bulk_job where workspace_id = $2 and finished_at < clock_timestamp() - make_interval(days => ${jobDays})
       returning id
     ),
     items as (delete from bulk_item using old where bulk_item.job_id = old.id)
     update bulk_job set finished_at = clock_timestamp() where id = $1 and workspace_id = $2 and finished_at is null`,
    [job, scope.workspaceId],
  );
}

/** The last jobs of the workspace, newest first, with the items that failed. */
export async function readJobs(scope: Scope, db: Database, take: number): Promise<BulkJob[]> {
  const { workspaceId } = scope;
  const jobs = await db.prisma.bulkJob.findMany({ where: { workspaceId }, orderBy: { id: "desc" }, take });
  const failed = await db.prisma.bulkItem.findMany({
    where: { jobId: { in: jobs.map(({ id }) => id) }, state: "failed" },
    take: 50 * take,
  });
  const runs = await db.prisma.run.findMany({
    where: { workspaceId, id: { in: failed.map(({ runId }) => runId) } },
    select: { id: true, number: true, flow: { select: { title: true } } },
  });
  const known = new Map(runs.map((run) => [run.id, run]));
  return jobs.map((job) => ({
    id: job.id,
    action: job.action as BulkJob["action"],
    by: { id: job.byId, name: job.byName },
    total: job.total,
    done: job.done,
    failed: job.failed,
    createdAt: job.createdAt.getTime(),
    finishedAt: job.finishedAt?.getTime() ?? null,
    failures: failed
      .filter(({ jobId }) => jobId === job.id)
      .slice(0, 50)
      .map(({ runId, message }) => ({
        run: runId,
        number: known.get(runId)?.number ?? 0,
        flowTitle: known.get(runId)?.flow.title ?? "",
        message,
      })),
  }));
}
