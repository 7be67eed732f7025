import { addJob } from "#journal/index.ts";
import type { Queryable } from "#platform/index.ts";
import type { NextFiring } from "./plan.ts";

/** The queue's task that fires schedules. */
export const scheduleTask = "schedule";

/** Adds the job of a schedule's next firing, in the place of the one that was planned before. */
export async function addFiring(tx: Queryable, trigger: string, next: NextFiring): Promise<void> {
  await addJob(tx, { task: scheduleTask, key: `schedule:${trigger}`, payload: { trigger }, at: next.nextAt });
}

const lostSql = `select id, (extract(epoch from next_at) * 1000)::float8 as at from "trigger"
  where next_at < clock_timestamp() - interval '20 seconds' and active and paused_at is null
    and not exists (select 1 from graphile_worker.jobs as job where job.key = 'schedule:' || "trigger".id)
  limit 100`;

/** The net below: a schedule that is due and has no job gets one. None should ever be found; answers how many were. */
export async function rouseSchedules(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ id: string; at: number }>(lostSql);
  for (const { id, at } of rows) await addFiring(db, id, { scheduledAt: at, nextAt: at });
  return rows.length;
}
