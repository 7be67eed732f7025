import { addJob } from "#journal/index.ts";
import type { Queryable } from "#platform/index.ts";
import { completionTask } from "./follow.ts";

const lostSql = `select run_id as id from run_completion
  where created_at < clock_timestamp() - interval '20 seconds'
    and not exists (select 1 from graphile_worker.jobs as job where job.key = 'completion:' || run_completion.run_id)
  limit 100`;

/** The net below: a run that ended, was not looked at and has no job, gets one. Answers how many did. */
export async function rouseCompletions(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ id: string }>(lostSql);
  for (const { id } of rows) {
    await addJob(db, { task: completionTask, key: `completion:${id}`, payload: { run: id } });
  }
  return rows.length;
}
