import type { RunId } from "#base/index.ts";
import { until } from "./wait.ts";
import type { Receiver } from "./receiver.ts";
import type { Site } from "./site.ts";

const overStates = ["succeeded", "failed", "cancelled", "dead-lettered"];

/** How many of the runs are over. */
export async function overOf(site: Site, runs: readonly RunId[]): Promise<number> {
  const { rows } = await site.db.pool.query<{ count: number }>(
    "select count(*)::int as count from run where id = any($1::text[]) and state = any($2::text[]) and finished_at is not null",
    [runs, overStates],
  );
  return rows[0]?.count ?? 0;
}

/** Throws when a run is not over within so many seconds, naming what is stuck. Answers the seconds it took. */
export async function settle(site: Site, runs: readonly RunId[], withinMs = 60_000): Promise<number> {
  try {
    const took = await until(
      "all runs are over",
      async () => (await overOf(site, runs)) === runs.length,
      withinMs,
      100,
    );
    return took / 1000;
  } catch (error) {
    const { rows } = await site.db.pool.query(
      `select id, state, headline, owner, crashes,
              (select count(*)::int from run_inbox i where i.run_id = run.id and i.consumed_at is null) as unread,
              (select json_agg(json_build_object('key', key, 'locked', locked_by, 'since', locked_at, 'due', run_at,
                        'attempts', attempts, 'error', last_error))
                 from graphile_worker._private_jobs j where j.payload->>'run' = run.id) as jobs,
              clock_timestamp() as now
         from run where id = any($1::text[]) and finished_at is null order by owner nulls last limit 8`,
      [runs],
    );
    const { rows: workers } = await site.db.pool.query(
      `select id, queue, heartbeat_at, (select count(*)::int from run where owner = worker.id and finished_at is null) as runs,
              (select count(*)::int from graphile_worker._private_jobs j where j.locked_by = worker.queue) as jobs
         from worker where died_at is null`,
    );
    throw new Error(`${String(error)} Stuck: ${JSON.stringify(rows)} Workers: ${JSON.stringify(workers)}`);
  }
}

/** The events of runs, one a row; their ids are the first parameter. */
export const eventsSql = `(select batch.run_id, batch.seq + event.n - 1 as seq, batch.at, event.body, event.body->>'type' as type
    from event_batch as batch
    cross join lateral json_array_elements(batch.bodies::json) with ordinality as event(body, n)
   where batch.run_id = any($1::text[]))`;

const runSql = `with ended as (
    select run_id, count(*)::int as events, max(seq)::int as last, count(distinct seq)::int as numbers,
           count(*) filter (where type = 'run-finished')::int as ends
      from ${eventsSql} as event group by run_id
  )
  select run.id, run.state, run.error, coalesce(events, 0) as events, coalesce(last, 0) as last,
         coalesce(numbers, 0) as numbers, coalesce(ends, 0) as ends
    from run left join ended on ended.run_id = run.id where run.id = any($1::text[])`;

const doubleSql = `select run_id, body->>'key' as key, count(*)::int as count from ${eventsSql} as event
  where type in ('tool-call-finished', 'model-call-finished')
  group by 1, 2 having count(*) > 1`;

/** Which entry of the audit each of these events calls for. */
const auditedBy: Readonly<Record<string, string>> = {
  "tool-call-begun": "tool-call.begun",
  "tool-call-finished": "tool-call.finished",
  "tool-call-failed": "tool-call.failed",
  "model-call-finished": "model-call.finished",
  "approval-requested": "approval.requested",
  "effect-lost": "tool-call.lost",
};

const auditSql = `with expected as (
    select run_id, map.action, count(*)::int as count from ${eventsSql} as event
      join unnest($2::text[], $3::text[]) as map(type, action) on map.type = event.type
     group by 1, 2
  ), found as (
    select run_id, action, count(*)::int as count from audit_entry
     where run_id = any($1::text[]) and action = any($3::text[]) group by 1, 2
  )
  select run_id, action, expected.count as expected, found.count as found
    from expected full join found using (run_id, action)
   where expected.count is distinct from found.count`;

const endAuditSql = `select run.id, run.state from run where id = any($1::text[])
   and ((select count(*) from audit_entry a where a.run_id = run.id and a.action = 'run.' || run.state) <> 1
     or (select count(*) from audit_entry a where a.run_id = run.id and a.action = 'run.started') <> 1)`;

type JudgedRun = {
  readonly id: string;
  readonly state: string;
  readonly error: string | null;
  readonly events: number;
  readonly last: number;
  readonly numbers: number;
  readonly ends: number;
};

/**
 * What must hold of acknowledged runs after any fault: each is over, exactly once, and none failed, as no
 * flow here fails by itself but with the codes of `mayFail`; its journal has no gap and each step
 * one recorded result; each idempotency key had one effect outside, and none came again once its result was recorded;
 * every act is in the audit. Throws with all that is wrong.
 */
export async function judge(
  site: Site,
  runs: readonly RunId[],
  receiver: Receiver | null,
  mayFail: readonly string[] = [],
): Promise<Readonly<Record<string, number>>> {
  const wrong: string[] = [];
  const { pool } = site.db;
  const [found, doubles, audits, ends] = await Promise.all([
    pool.query<JudgedRun>(runSql, [runs]),
    pool.query<{ run_id: string; key: string; count: number }>(doubleSql, [runs]),
    pool.query(auditSql, [runs, Object.keys(auditedBy), Object.values(auditedBy)]),
    pool.query(endAuditSql, [runs]),
  ]);
  const states: Record<string, number> = {};
  if (found.rows.length !== runs.length) {
    wrong.push(`${runs.length - found.rows.length} acknowledged runs are not there`);
  }
  for (const { id, state, error, events, last, numbers, ends: finished } of found.rows) {
    states[state] = (states[state] ?? 0) + 1;
    if (!overStates.includes(state)) wrong.push(`${id} is ${state}`);
    if (state === "failed" && !mayFail.includes(codeOf(error))) wrong.push(`${id} failed: ${error}`);
    if (events !== last || numbers !== last) wrong.push(`${id} has ${events} events up to ${last}`);
    if (finished !== (state === "dead-lettered" ? 0 : 1)) wrong.push(`${id} ended ${finished} times`);
  }
  for (const row of doubles.rows) wrong.push(`${row.key} has ${row.count} results`);
  for (const row of audits.rows) wrong.push(`audit: ${JSON.stringify(row)}`);
  for (const row of ends.rows) wrong.push(`audit of the end: ${JSON.stringify(row)}`);
  if (receiver !== null) {
    for (const [key, times] of receiver.effects) {
      if (times !== 1) wrong.push(`${key} took effect ${times} times`);
    }
    for (const key of receiver.repeated) wrong.push(`${key} was called again after its result was recorded`);
  }
  if (wrong.length > 0) {
    throw new Error(`${wrong.length} things are wrong: ${wrong.slice(0, 8).join("; ")}`);
  }
  return states;
}

function codeOf(error: string | null): string {
  return error === null ? "" : String((JSON.parse(error) as { code?: unknown }).code);
}
