import { randomBytes } from "node:crypto";
import { type InboxItemId, type Json, type RunId, makeId } from "#base/index.ts";
import type { Signal } from "#flow/machine/index.ts";
import type { Queryable } from "#platform/index.ts";
import { leaveSlotQueue, takeSlotAgain } from "./crossing.ts";

/** Attempts of a job are not what ends it (RUN: poison): the greatest number that the queue's column holds. */
export const endlessAttempts = 32767;

/** Adds the job that drives the run whose id `run` (an SQL expression of type text) yields. */
export function addRunJob(run: string): string {
  return `graphile_worker.add_job('run', json_build_object('run', ${run}), job_key => 'run:' || ${run},
    max_attempts => ${endlessAttempts})`;
}

/** The job of runs that a machine of this version wrote to, and that an older worker has handed back. */
export function jobOfVersion(job: "run" | "alone", version: number): string {
  return `${job}-v${version}`;
}

/**
 * Adds the job that drives a run of a newer machine (columns `machine_version` and `crashes` of its row), which only
 * workers take that know it. Under the key of the plain job: the next signal makes that of it again.
 */
export function addNewerJob(run: string, crashesBeforeAlone: number): string {
  const job = `case when crashes >= ${crashesBeforeAlone} then 'alone' else 'run' end`;
  return `graphile_worker.add_job(${job} || '-v' || machine_version, json_build_object('run', ${run}),
    job_key => ${job} || ':' || ${run}, max_attempts => ${endlessAttempts})`;
}

/** Adds the job that drives a run alone in a process of its own. */
export function addAloneJob(run: string): string {
  return `graphile_worker.add_job('alone', json_build_object('run', ${run}), job_key => 'alone:' || ${run},
    max_attempts => ${endlessAttempts})`;
}

/** A job that is not a run's: `task` names who does it, `key` makes it the only one. */
export type NewJob = {
  readonly task: string;
  readonly key: string;
  readonly payload: Json;
  /** Epoch milliseconds; at once when left out. */
  readonly at?: number;
};

/** Adds a job, or moves the one with its key, in the transaction that `tx` is. */
export async function addJob(tx: Queryable, job: NewJob): Promise<void> {
  await tx.query(
    `select graphile_worker.add_job($1::text, $2::json, job_key => $3::text, max_attempts => ${endlessAttempts},
       run_at => coalesce(to_timestamp($4::float8 / 1000), now()))`,
    [job.task, JSON.stringify(job.payload), job.key, job.at ?? null],
  );
}

/**
 * The item, the wake count, the job and the notification in one statement. A run that has an owner needs no job: the
 * owner drains its inbox when told and before it parks, and if it dies, the takeover adds one.
 */
const signalSql = `with living as materialized (
  -- Held first: a run that ends at this moment gets nothing more.
  select id from run where id = $2::text and finished_at is null for no key update
),
item as (
  insert into run_inbox (id, run_id, source, body, created_at)
  select $1::text, id, $3::text, $4::text, clock_timestamp() from living
  on conflict (run_id, source) do nothing
  returning run_id
),
woken as materialized (
  update run set wake = wake + 1 from item where run.id = item.run_id returning run.id, run.owner
),
told as materialized (select pg_notify('inbox', id) from woken),
queued as materialized (select ${addRunJob("id")} from woken where owner is null)
select (select count(*)::int from item) as added, (select count(*) from told), (select count(*) from queued)`;

/** Puts a signal into a run's inbox and wakes it, in the transaction that `tx` is. False: this source was there already. */
export async function signalInTransaction(
  tx: Queryable,
  run: RunId,
  source: string,
  signal: Signal,
): Promise<boolean> {
  const { rows } = await tx.query<{ added: number }>({ name: "journal_signal", text: signalSql }, [
    makeInboxId(),
    run,
    source,
    JSON.stringify(signal),
  ]);
  return (rows[0]?.added ?? 0) > 0;
}

/**
 * A run that is over and did not succeed is open again, with the signal in its inbox and a job. What came too late for
 * it as it ended is not meant for it as it goes on; one that was set aside has everything still to read. That it was
 * cancelled before is no reason not to be cancelled again.
 */
const reopenSql = `with held as materialized (
  select id, state from run
   where id = $2::text and finished_at is not null and state in ('failed', 'cancelled', 'dead-lettered') for update
),
cleared as (
  update run_inbox as item
     set consumed_at = case when held.state = 'dead-lettered' then item.consumed_at
                            else coalesce(item.consumed_at, clock_timestamp()) end,
         source = case when item.source = 'cancel' or item.source like 'cancel:%'
                       then 'before ' || $1::text || ' ' || item.source else item.source end
    from held
   where item.run_id = held.id and (item.consumed_at is null or item.source = 'cancel' or item.source like 'cancel:%')
),
item as (
  insert into run_inbox (id, run_id, source, body, created_at)
  select $1::text, id, $3::text, $4::text, clock_timestamp() from held
  on conflict (run_id, source) do nothing
  returning run_id
),
opened as materialized (
  update run set finished_at = null, state = 'queued', headline = 'Queued', outputs = null, error = null, owner = null,
         crashes = 0, wake = wake + 1, updated_at = clock_timestamp()
    from item where run.id = item.run_id
  returning run.id, run.workspace_id, run.flow_id, run.slot_key, run.slot_most
),
told as materialized (select pg_notify('workspace', workspace_id || ' run ' || id) from opened),
queued as materialized (select ${addRunJob("id")} from opened)
select workspace_id as workspace, flow_id as flow, slot_key as key, slot_most as limit,
       (select count(*) from told), (select count(*) from queued)
  from opened`;

type Reopened = { workspace: string; flow: string; key: string | null; limit: number | null };

/**
 * See `Journal.reopen`; in the transaction that `tx` is. Of two at once, one answers true. A run of a flow that limits
 * how many there are takes a place again, or waits for its turn.
 */
export async function reopenInTransaction(
  tx: Queryable,
  run: RunId,
  source: string,
  signal: Extract<Signal, { kind: "retry" }>,
): Promise<boolean> {
  const values = [makeInboxId(), run, source, JSON.stringify(signal)];
  const { rows } = await tx.query<Reopened>(reopenSql, values);
  const [opened] = rows;
  if (opened === undefined) return false;
  const { workspace, flow, key, limit } = opened;
  if (key !== null && limit !== null) await takeSlotAgain(tx, { run, workspace, flow, key, limit });
  return true;
}

/** Seconds for which a signal may lie unread in the inbox of a run that nobody drives before it is looked after. */
const forgottenSeconds = 15;

/**
 * Goes out from what is unread and what is adrift, which is little, and not from runs that wait, which may be many. A run
 * taken from its owner has a job from that moment on; none is left where whoever took that job could claim nothing any more, having
 * been declared dead itself.
 */
const forgottenSql = `with left_alone as materialized (
  select run_id from run_inbox
   where consumed_at is null and created_at < clock_timestamp() - make_interval(secs => ${forgottenSeconds})
  union
  select id from run where adrift
)
select ${addRunJob("run.id")} from left_alone join run on run.id = left_alone.run_id
  where owner is null and finished_at is null
    and not exists (select 1 from run_slot where run_slot.run_id = run.id and not held)
    and not exists (select 1 from graphile_worker.jobs as job
                     where job.key in ('run:' || run.id, 'alone:' || run.id))
  limit 200`;

/**
 * Jobs that a worker has taken without knowing it, as when the connection broke before it heard which: they would stay
 * its own for hours. Told by being locked for long: a run's while it is nobody's; a timer is carried out within
 * moments; a schedule and what follows a run's end within seconds, and work on many runs takes turns of less than this.
 * Whoever has such a job all the same loses nothing: of two that do it, one finds it done.
 */
const lostJobsSql = `with lost as (
  select job.id from graphile_worker._private_jobs as job
    join graphile_worker._private_tasks as task on task.id = job.task_id
    cross join lateral split_part(task.identifier, '-v', 1) as kind
   where job.locked_at is not null and job.locked_at < clock_timestamp() - make_interval(secs =>
           case kind when 'alone' then 45 when 'schedule' then 60 when 'completion' then 60 when 'bulk' then 300
                     else ${forgottenSeconds} end)
     and (kind in ('timer', 'schedule', 'completion', 'bulk') or (kind in ('run', 'alone') and exists (
           select 1 from run where run.id = job.payload->>'run' and run.owner is null and run.finished_at is null)))
   limit 200 for update of job skip locked
),
freed as (
  update graphile_worker._private_jobs as job set locked_at = null, locked_by = null
    from lost where job.id = lost.id returning job.id
),
told as materialized (
  select pg_notify('jobs:insert', '{"r":' || random()::text || ',"count":1}') from (select count(*) from freed) as given(n) where n > 0
)
select (select count(*)::int from freed) as freed, (select count(*) from told)`;

/** Frees jobs that got lost between the queue and a worker. Answers how many. */
export async function freeLostJobs(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ freed: number }>(lostJobsSql, []);
  return rows[0]?.freed ?? 0;
}

/**
 * The net below all wake-ups: a run that nobody drives, with something unread or taken from its owner, and without a
 * job, gets one. Answers how many did.
 */
export async function rouseForgotten(db: Queryable): Promise<number> {
  const { rows } = await db.query(forgottenSql, []);
  return rows.length;
}

/** Seconds after a request to cancel in which asking again means the same request. */
const cancelOnceSeconds = 6;

const cancelledSql = `select count(*)::int as asked,
       coalesce(bool_and(created_at < clock_timestamp() - make_interval(secs => ${cancelOnceSeconds})), true) as late
  from run_inbox where run_id = $1 and (source = 'cancel' or source like 'cancel:%')`;

/**
 * Asks a run to stop, in the transaction that `tx` is. Asked again some seconds later, while its handlers still run or
 * wait, the run ends without them. False: it was asked a moment ago, or is over.
 */
export async function cancelInTransaction(
  tx: Queryable,
  run: RunId,
  signal: Extract<Signal, { kind: "cancel" }>,
): Promise<boolean> {
  const { rows } = await tx.query<{ asked: number; late: boolean }>(cancelledSql, [run]);
  const { asked, late } = rows[0] ?? { asked: 0, late: true };
  if (!late) return false;
  if (asked === 0) await leaveSlotQueue(tx, run);
  return signalInTransaction(tx, run, asked === 0 ? "cancel" : `cancel:${asked}`, signal);
}

let lastInstant = 0;
let counter = 0;

/** Ids of one process sort in the order in which they were made. */
export function makeInboxId(): InboxItemId {
  const instant = Math.max(Date.now(), lastInstant);
  counter = instant === lastInstant ? counter + 1 : 0;
  lastInstant = instant;
  return makeId("inbx", instant, (count) => {
    const bytes = new Uint8Array(randomBytes(count));
    for (let i = 0, rest = counter; i < 4; i += 1, rest = Math.floor(rest / 32)) bytes[3 - i] = rest % 32;
    return bytes;
  });
}
