import type pg from "pg";
import {
  BatonError,
  type InboxItemId,
  type Json,
  type RunId,
  type WorkerId,
  type WorkspaceId,
} from "#base/index.ts";
import type { RunEvent, RunEventBody, RunState, Signal } from "#flow/machine/index.ts";
import { isOver, plain, textOrNull } from "./append-values.ts";
import type { Queryable } from "#platform/index.ts";
import { addAloneJob, addRunJob, makeInboxId } from "./wake.ts";
import type { Claim, InboxItem, NewRun, ParkRequest, SnapshotRequest } from "./spec.ts";

/** After this many crashes of begun segments, a run goes on alone in a process of its own. */
export const crashesBeforeAlone = 2;

export type ClaimOptions = {
  /** Snapshots of another version are discarded. */
  readonly machineVersion: number;
  /** Whether this process drives one run alone, and so may take one that has crashed often. */
  readonly alone: boolean;
};

/**
 * The inbox as it was when the claim began, with the wake count of that very moment: what comes later raises the count
 * and is found before the run is parked.
 */
const claimSql = `with claimed as (
  update run set owner = $2, epoch = epoch + 1, updated_at = clock_timestamp(),
         state = case when state in ('queued', 'waiting') then 'running' else state end
   where id = $1 and finished_at is null and ($3::boolean or crashes < ${crashesBeforeAlone})
     and (owner is null or exists (select 1 from worker where worker.id = run.owner and worker.died_at is not null))
     and not exists (select 1 from worker where worker.id = $2 and worker.died_at is not null)
  returning epoch, workspace_id, revision_id, crashes
)
select claimed.*, run.wake,
       (select json_agg(json_build_object('id', item.id, 'body', item.body) order by item.created_at, item.id)
          from run_inbox as item where item.run_id = $1 and item.consumed_at is null) as items
  from claimed cross join run where run.id = $1`;

type ClaimRow = {
  epoch: number;
  workspace_id: string;
  revision_id: string;
  crashes: number;
  wake: number;
  items: { id: string; body: string }[] | null;
};

const refusedSql = `select ${addAloneJob("id")} from run
  where id = $1 and finished_at is null and owner is null and crashes >= ${crashesBeforeAlone}`;

const historySql = `select null::int as seq, null::text as at, state as body from run_snapshot
  where run_id = $1 and machine_version = $2
union all
select seq, (extract(epoch from at) * 1000)::bigint::text, body from run_event
  where run_id = $1
    and seq > coalesce((select seq from run_snapshot where run_id = $1 and machine_version = $2), 0)
order by seq nulls first`;

type HistoryRow = { seq: number | null; at: string | null; body: string };

export async function claimRun(
  pool: pg.Pool,
  run: RunId,
  worker: WorkerId,
  options: ClaimOptions,
): Promise<Claim | null> {
  const { rows } = await pool.query<ClaimRow>({
    name: "journal_claim",
    text: claimSql,
    values: [run, worker, options.alone],
  });
  const [claimed] = rows;
  if (claimed === undefined) {
    if (!options.alone) await pool.query({ name: "journal_claim_refused", text: refusedSql, values: [run] });
    return null;
  }
  const claim = {
    epoch: claimed.epoch,
    workspace: claimed.workspace_id as WorkspaceId,
    revision: claimed.revision_id,
    crashes: claimed.crashes,
    inbox: { items: (claimed.items ?? []).map(itemOf), wake: claimed.wake },
  };
  // Nobody has driven it before: there is nothing to read.
  if (claimed.epoch === 1) return { ...claim, snapshot: null, events: [] };
  // A statement of its own: its view of the journal begins after the claim has fenced every other writer.
  const history = await pool.query<HistoryRow>({
    name: "journal_history",
    text: historySql,
    values: [run, options.machineVersion],
  });
  let snapshot: RunState | null = null;
  const events: RunEvent[] = [];
  for (const row of history.rows) {
    if (row.seq === null) snapshot = JSON.parse(row.body) as RunState;
    else events.push(eventOf({ seq: row.seq, at: row.at ?? "0", body: row.body }));
  }
  return { ...claim, snapshot, events };
}

export function eventOf(row: { seq: number; at: string; body: string }): RunEvent {
  return { seq: row.seq, at: Number(row.at), body: JSON.parse(row.body) as RunEventBody };
}

const inboxSql = `select run.wake, item.id, item.body from run
  left join run_inbox as item on item.run_id = run.id and item.consumed_at is null
  where run.id = $1 order by item.created_at, item.id`;

export async function readInbox(pool: pg.Pool, run: RunId): Promise<{ items: InboxItem[]; wake: number }> {
  const { rows } = await pool.query<{ wake: number; id: string | null; body: string | null }>({
    name: "journal_inbox",
    text: inboxSql,
    values: [run],
  });
  const items: InboxItem[] = [];
  for (const { id, body } of rows) {
    if (id !== null && body !== null)
      items.push({ id: id as InboxItemId, signal: JSON.parse(body) as Signal });
  }
  return { items, wake: rows[0]?.wake ?? 0 };
}

function itemOf({ id, body }: { id: string; body: string }): InboxItem {
  return { id: id as InboxItemId, signal: JSON.parse(body) as Signal };
}

const parkSql = `with parked as (
  update run set owner = null, crashes = 0, state = $4, headline = $5, outputs = $6, error = $7, cost = $8,
         unknown_costs = $9, tokens = $10, updated_at = clock_timestamp(),
         finished_at = case when $11::boolean then coalesce(finished_at, clock_timestamp()) end
   where id = $1 and epoch = $2 and wake = $3 and owner is not null
  returning id, workspace_id
),
saved as (
  insert into run_snapshot (run_id, seq, machine_version, state)
  select id, $12::int, $13::int, $14::text from parked where not $11::boolean
  on conflict (run_id) do update
    set seq = excluded.seq, machine_version = excluded.machine_version, state = excluded.state
),
dropped as (delete from run_snapshot using parked where run_snapshot.run_id = parked.id and $11::boolean),
told as materialized (
  select pg_notify('run', id), pg_notify('workspace', workspace_id || ' run ' || id) from parked
)
select (select count(*)::int from told) as parked, (select epoch from run where id = $1 and owner is not null) as epoch`;

export async function parkRun(pool: pg.Pool, request: ParkRequest): Promise<"parked" | "woken" | "fenced"> {
  const { summary, snapshot } = request;
  const over = isOver(summary.state);
  const { rows } = await pool.query<{ parked: number; epoch: number | null }>({
    name: "journal_park",
    text: parkSql,
    values: [
      request.run,
      request.epoch,
      request.wake,
      summary.state,
      plain(summary.headline),
      textOrNull(summary.outputs),
      textOrNull(summary.error),
      summary.cost,
      summary.unknownCosts,
      summary.tokens,
      over,
      snapshot.seq,
      snapshot.version,
      over ? "" : JSON.stringify(snapshot),
    ],
  });
  const [row] = rows;
  if (row !== undefined && row.parked > 0) return "parked";
  return row?.epoch === request.epoch ? "woken" : "fenced";
}

const snapshotSql = `with held as (
  select id from run where id = $1 and epoch = $2 and owner is not null for share
)
insert into run_snapshot (run_id, seq, machine_version, state)
select id, $3::int, $4::int, $5::text from held
    on conflict (run_id) do update
   set seq = excluded.seq, machine_version = excluded.machine_version, state = excluded.state
 where excluded.seq > run_snapshot.seq or excluded.machine_version <> run_snapshot.machine_version`;

export async function saveSnapshot(pool: pg.Pool, request: SnapshotRequest): Promise<void> {
  const { run, epoch, snapshot } = request;
  await pool.query({
    name: "journal_snapshot",
    text: snapshotSql,
    values: [run, epoch, snapshot.seq, snapshot.version, JSON.stringify(snapshot)],
  });
}

/** A new run with its number, its start in the inbox, and its job. */
const createSql = `with numbered as (
  update flow set run_count = run_count + 1
   where id = $3::text and not exists (select 1 from run where id = $1::text)
  returning run_count
),
made as (
  insert into run (id, workspace_id, flow_id, revision_id, number, started_by_kind, started_by_id, started_by_name,
                   simulated, inputs, wake, created_at, updated_at)
  select $1::text, $2::text, $3::text, $4::text, run_count, $5::text, $6::text, $7::text, $8::boolean, $9::text, 1,
         clock_timestamp(), clock_timestamp()
    from numbered
  returning id, number, workspace_id
),
started as (
  insert into run_inbox (id, run_id, source, body, created_at)
  select $10::text, id, 'start', $11::text, clock_timestamp() from made
),
told as materialized (select pg_notify('workspace', workspace_id || ' run ' || id) from made),
queued as materialized (select ${addRunJob("id")} from made)
select coalesce((select number from made), (select number from run where id = $1::text)) as number,
       (select count(*) from told), (select count(*) from queued)`;

/**
 * Makes an unowned run with its start signal in the inbox and wakes it, in the transaction that `tx` is. Idempotent by
 * run id. Answers the run's number within its flow, from 1.
 */
export async function createRunInTransaction(tx: Queryable, run: NewRun): Promise<number> {
  const { start } = run;
  const signal: Signal = { kind: "start", body: start };
  const { rows } = await tx.query<{ number: number | null }>(createSql, [
    run.id,
    run.workspace,
    run.flow,
    run.revision,
    start.by.kind,
    start.by.id,
    start.by.name,
    start.simulated,
    JSON.stringify(start.inputs),
    makeInboxId(),
    JSON.stringify(signal),
  ]);
  const number = rows[0]?.number;
  if (typeof number !== "number") {
    throw new BatonError("not-found", `There is no flow ${run.flow} to run.`, {
      hint: "It may have been deleted a moment ago: look at the list of flows.",
    });
  }
  return number;
}

/** JSON column of a run. */
export function jsonOf(text: string | null): Json {
  return text === null ? null : (JSON.parse(text) as Json);
}
