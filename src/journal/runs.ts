import type pg from "pg";
import {
  BatonError,
  type InboxItemId,
  type Json,
  type RunId,
  type WorkerId,
  type WorkspaceId,
} from "#base/index.ts";
import { machineVersion, type RunEvent, type RunState, type Signal } from "#flow/machine/index.ts";
import { batchColumns, eventsOf, fromBatchOf } from "./events.ts";
import { isOver, plain, textOrNull } from "./append-values.ts";
import { isBrokenConnection, isWorthRepeating, log, type Queryable } from "#platform/index.ts";
import { openLane } from "./lane.ts";
import { takeSlot } from "./crossing.ts";
import { fullWords, queuedWords } from "./slots.ts";
import { addAloneJob, addNewerJob, addRunJob, makeInboxId } from "./wake.ts";
import type { Claim, InboxItem, NewRun, ParkRequest, SnapshotRequest } from "./spec.ts";

/** After this many crashes of begun segments, a run goes on alone in a process of its own. */
export const crashesBeforeAlone = 2;

export type ClaimOptions = {
  /** Snapshots of another version are discarded, and runs that a newer one wrote to are not claimed. */
  readonly machineVersion: number;
  /** Whether this process drives one run alone, and so may take one that has crashed often. */
  readonly alone: boolean;
};

/**
 * A run that waits for its turn among the runs of its flow is nobody's until it has it. Claims of one turn of the event loop go together. The rows are locked in the order of their ids, so that workers that
 * claim the same runs wait for one another in a line. The inbox is as it was when the claim began, with the wake count of
 * that very moment: what comes later raises the count and is found before the run is parked.
 */
const claimSql = `with wanted as materialized (
  select id from run
   where id = any($1::text[]) and finished_at is null and ($3::boolean or crashes < ${crashesBeforeAlone})
     and machine_version <= $4::int
     and not exists (select 1 from run_slot where run_slot.run_id = run.id and not held)
     and (owner is null or exists (select 1 from worker where worker.id = run.owner and worker.died_at is not null))
     and not exists (select 1 from worker where worker.id = $2 and worker.died_at is not null)
   order by id for update
),
claimed as (
  update run set owner = $2, adrift = false, epoch = epoch + 1, machine_version = $4::int, updated_at = clock_timestamp(),
         state = case when state in ('queued', 'waiting') then 'running' else state end
    from wanted where run.id = wanted.id
  returning run.id, epoch, workspace_id, revision_id, crashes
)
select claimed.*, run.wake,
       (select json_agg(json_build_object('id', item.id, 'body', item.body) order by item.created_at, item.id)
          from run_inbox as item where item.run_id = claimed.id and item.consumed_at is null) as items
  from claimed cross join lateral (select wake from run where run.id = claimed.id) as run`;

type ClaimRow = {
  id: string;
  epoch: number;
  workspace_id: string;
  revision_id: string;
  crashes: number;
  wake: number;
  items: { id: string; body: string }[] | null;
};

/** Claims runs for one worker. */
export type Claimer = {
  /** The run, or null: somebody alive owns it, or it is over. */
  claim(run: RunId, worker: WorkerId): Promise<Claim | null>;
  close(): void;
};

const claimAttempts = 5;

export function createClaimer(pool: pg.Pool, options: ClaimOptions): Claimer {
  const lane = openLane(pool);
  type Waiting = { run: RunId; resolve(row: ClaimRow | undefined): void; reject(error: unknown): void };
  let waiting = new Map<WorkerId, Waiting[]>();
  /** Whether a flush is due, or a statement is under way: what comes meanwhile goes together after it. */
  let busy = false;

  async function send(worker: WorkerId, group: readonly Waiting[]): Promise<void> {
    const runs = [...new Set(group.map(({ run }) => run))];
    for (let attempt = 1; ; attempt += 1) {
      try {
        const rows = await lane.query<ClaimRow>("journal_claim", claimSql, [
          runs,
          worker,
          options.alone,
          options.machineVersion,
        ]);
        const found = new Map(rows.map((row) => [row.id, row]));
        for (const { run, resolve } of group) {
          resolve(found.get(run));
          // Asked for twice at once, a run is given once.
          found.delete(run);
        }
        return;
      } catch (error) {
        // A claim without an answer may have been carried out: whoever asked gives the run back when it fails.
        if (!isBrokenConnection(error) && isWorthRepeating(error) && attempt < claimAttempts) continue;
        for (const { reject } of group) reject(error);
        return;
      }
    }
  }

  async function flush(): Promise<void> {
    while (waiting.size > 0) {
      const groups = waiting;
      waiting = new Map();
      for (const [worker, group] of groups) await send(worker, group);
    }
    busy = false;
  }

  return {
    async claim(run, worker) {
      const claimed = await new Promise<ClaimRow | undefined>((resolve, reject) => {
        const group = waiting.get(worker) ?? [];
        waiting.set(worker, group);
        group.push({ run, resolve, reject });
        if (busy) return;
        busy = true;
        queueMicrotask(() => void flush());
      });
      return claimOf(pool, run, claimed, options);
    },
    close: () => lane.close(),
  };
}

/**
 * A run that this process may not drive goes to one that may: alone where it has crashed often, and to workers that know
 * its machine where a newer one wrote to it. The wake-up is not lost: it waits as a job of theirs.
 */
const refusedSql = `select case when machine_version > $2::int then ${addNewerJob("id", crashesBeforeAlone)}
            else ${addAloneJob("id")} end as job, machine_version > $2::int as newer, machine_version as version
  from run
 where id = $1 and finished_at is null and owner is null
   and (machine_version > $2::int or (crashes >= ${crashesBeforeAlone} and not $3::boolean))`;

const historySql = `with kept as (select seq, state from run_snapshot where run_id = $1 and machine_version = $2)
select null::int as seq, null::text as at, state as bodies, 0 as version, seq as after from kept
union all
select ${batchColumns}, coalesce((select seq from kept), 0)
  from event_batch where ${fromBatchOf("$1", "coalesce((select seq from kept), 0)")}
order by seq nulls first`;

type HistoryRow = {
  seq: number | null;
  at: string | null;
  bodies: string;
  version: number;
  after: number;
};

async function claimOf(
  pool: pg.Pool,
  run: RunId,
  claimed: ClaimRow | undefined,
  options: ClaimOptions,
): Promise<Claim | null> {
  if (claimed === undefined) {
    const { rows } = await pool.query<{ newer: boolean; version: number }>({
      name: "journal_claim_refused",
      text: refusedSql,
      values: [run, options.machineVersion, options.alone],
    });
    const [handed] = rows;
    if (handed?.newer)
      log.warn({ run, version: handed.version }, "a newer Baton wrote this run: it is left to one");
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
    if (row.seq === null) snapshot = JSON.parse(row.bodies) as RunState;
    else events.push(...eventsOf({ ...row, seq: row.seq, at: row.at ?? "0" }, row.after));
  }
  return { ...claim, snapshot, events };
}

/** See `Journal.raiseEpoch`. */
export async function raiseEpoch(pool: pg.Pool, run: RunId, epoch: number): Promise<number | null> {
  const { rows } = await pool.query<{ epoch: number }>({
    name: "journal_raise_epoch",
    text: `update run set epoch = epoch + 1, updated_at = clock_timestamp()
            where id = $1 and epoch = $2 and owner is not null returning epoch`,
    values: [run, epoch],
  });
  return rows[0]?.epoch ?? null;
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
         unknown_costs = $9, tokens = $10, goal_reached = $15::boolean, goal_reason = $16,
         steps = $17, tasks = $18, updated_at = clock_timestamp(),
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
      summary.goal?.reached ?? null,
      summary.goal?.reason === undefined ? null : plain(summary.goal.reason),
      summary.steps,
      summary.tasks,
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

/** A new run with its number, its start in the inbox, and its job. What only tries a flow out starts also while that is paused. */
const createSql = `with counted as (
  update flow set run_count = run_count + 1
   where id = $3::text and (paused_at is null or $25::boolean) and not $16::boolean
     and not exists (select 1 from run where id = $1::text)
  returning run_count
),
numbered as (
  select run_count from counted
  union all
  -- Parts of a run have numbers of their own, below zero.
  select -nextval('internal_run_number')::int from flow
   where id = $3::text and $16::boolean and not exists (select 1 from run where id = $1::text)
),
made as (
  insert into run (id, workspace_id, flow_id, revision_id, number, started_by_kind, started_by_id, started_by_name,
                   simulated, inputs, wake, parent_run_id, parent_path, parent_key, parent_waits, internal, crosses,
                   headline, forked_from, forked_at, labels, slot_key, slot_most, sandbox, machine_version, created_at, updated_at)
  select $1::text, $2::text, $3::text, $4::text, run_count, $5::text, $6::text, $7::text, $8::boolean, $9::text, 1,
         $12::text, $13::text, $14::text, $15::boolean, $16::boolean, $17::boolean, $18::text, $20::text, $21::text,
         $22::jsonb, $23::text, $24::int, $25::boolean, $26::int,
         clock_timestamp(), clock_timestamp()
    from numbered
  returning id, number, workspace_id
),
started as (
  insert into run_inbox (id, run_id, source, body, created_at)
  select $10::text, id, 'start', $11::text, clock_timestamp() from made where not $19::boolean
),
told as materialized (select pg_notify('workspace', workspace_id || ' run ' || id) from made),
queued as materialized (select ${addRunJob("id")} from made where not $19::boolean)
select coalesce((select number from made), (select number from run where id = $1::text)) as number,
       (select count(*) from told), (select count(*) from queued)`;

/**
 * Makes an unowned run with its start signal in the inbox and wakes it, in the transaction that `tx` is. Idempotent by
 * run id. Answers the run's number within its flow, from 1.
 */
export async function createRunInTransaction(tx: Queryable, run: NewRun): Promise<number> {
  const { slot, overrides } = run;
  const { parent } = run.start;
  const crosses = slot !== undefined || parent?.waits === true;
  const signalOf = (start: NewRun["start"]): Signal => ({
    kind: "start",
    body: start,
    ...(overrides === undefined ? {} : { overrides }),
  });
  // The flow before the queue for its places, as where a schedule fires: held the other way round, two would wait for each other.
  if (slot !== undefined) await tx.query("select 1 from flow where id = $1 for no key update", [run.flow]);
  const taken = await takeSlot(tx, run, signalOf(admitted(run, "held", crosses)));
  const start = admitted(run, taken, crosses);
  const signal = signalOf(start);
  const { rows } = await tx.query<{ number: number | null }>({ name: "journal_create", text: createSql }, [
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
    parent?.run ?? null,
    parent?.path ?? null,
    parent?.key ?? null,
    parent?.waits ?? false,
    parent?.internal ?? false,
    crosses,
    taken === "queued" && slot ? queuedWords(slot) : "",
    taken === "queued",
    start.forkedFrom?.run ?? null,
    start.forkedFrom?.path ?? null,
    JSON.stringify(start.labels ?? {}),
    slot?.key ?? null,
    slot?.limit ?? null,
    start.sandbox !== undefined,
    // A worker that does not know of sandboxes would do in earnest what is only to be tried.
    start.sandbox === undefined ? 1 : machineVersion,
  ]);
  const number = rows[0]?.number;
  if (typeof number !== "number") {
    await refusePaused(tx, run.flow);
    throw new BatonError("not-found", `There is no flow ${run.flow} to run.`, {
      hint: "It may have been deleted a moment ago: look at the list of flows.",
    });
  }
  return number;
}

/** The flow was paused while the run was made ready. */
async function refusePaused(tx: Queryable, flow: string): Promise<void> {
  const { rows } = await tx.query<{ title: string }>(
    "select title from flow where id = $1 and paused_at is not null",
    [flow],
  );
  const [found] = rows;
  if (found === undefined) return;
  throw new BatonError("conflict", `"${found.title}" was paused a moment ago: it starts no runs.`, {
    hint: "Resume the flow on its page, then start the run again.",
  });
}

/** How a run starts that its flow's `concurrency` lets in, or not. */
export function admitted(run: NewRun, taken: "held" | "queued" | "full", crosses: boolean): NewRun["start"] {
  const { slot } = run;
  const start = crosses ? { ...run.start, crosses } : run.start;
  if (taken !== "full" || slot === undefined) return start;
  const error = {
    code: "concurrency",
    message: fullWords(slot),
    hint: "Start it again when there is room, or have runs queue: concurrency.onFull of the flow.",
  };
  return { ...start, refused: { outcome: slot.onFull === "fail" ? "failed" : "cancelled", error } };
}

/** JSON column of a run. */
export function jsonOf(text: string | null): Json {
  return text === null ? null : (JSON.parse(text) as Json);
}
