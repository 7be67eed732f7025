import type pg from "pg";
import { BatonError, type Json, type RunId, type WorkspaceId } from "#base/index.ts";
import type { RunActor, Signal } from "#flow/machine/index.ts";
import { isWorthRepeating, type Queryable } from "#platform/index.ts";
import { queuedWords } from "./slots.ts";
import type { ChildWish, EventWish, LockWish, NewRun } from "./spec.ts";

/** How long an event is kept that no run waited for, in seconds: the first run that waits for it within that gets it. */
export const eventKeptSeconds = 3600;
/** How long the record of an event that was sent is kept, in days. */
const recordKeptDays = 7;

const tries = 5;

/**
 * Queues of several runs can be entered in any order, so that two statements may wait for each other: Postgres ends one of
 * them, and it is sent again. Each may be repeated at any time.
 */
async function repeated(pool: pg.Pool, sql: string, values: unknown[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await pool.query(sql, values);
      return;
    } catch (error) {
      if (attempt >= tries || !isWorthRepeating(error)) throw error;
    }
  }
}

export function askLock(pool: pg.Pool, wish: LockWish): Promise<void> {
  const { workspace, name, key, run, epoch, path } = wish;
  const values = [workspace, name, key, run, epoch, path];
  return repeated(pool, "select ask_lock($1, $2, $3, $4, $5::int, $6)", values);
}

export function releaseLock(pool: pg.Pool, key: string): Promise<void> {
  return repeated(pool, "select release_lock($1)", [key]);
}

export function awaitEvent(pool: pg.Pool, wish: EventWish): Promise<void> {
  const { workspace, name, about, key, run, epoch, path } = wish;
  const values = [workspace, name, about, key, run, epoch, path, eventKeptSeconds];
  return repeated(pool, "select await_event($1, $2, $3, $4, $5, $6::int, $7, $8::float8)", values);
}

const stopSql = `with gone as (delete from event_wait where key = $2 returning key)
select (select count(*)::int from gone) as gone,
       (select count(*)::int from run_inbox where run_id = $1 and source = 'event:' || $2) as received`;

/** "received": an event came first, and its signal is in the inbox. */
export async function stopAwaiting(pool: pg.Pool, run: RunId, key: string): Promise<"stopped" | "received"> {
  const { rows } = await pool.query<{ gone: number; received: number }>(stopSql, [run, key]);
  if ((rows[0]?.gone ?? 0) > 0) return "stopped";
  // Where an event took the row while we waited for it, that came after our view was made.
  const { rows: later } = await pool.query<{ received: number }>(
    "select count(*)::int as received from run_inbox where run_id = $1 and source = 'event:' || $2",
    [run, key],
  );
  return (later[0]?.received ?? 0) > 0 ? "received" : "stopped";
}

export type EventToSend = {
  readonly id: string;
  readonly workspace: WorkspaceId;
  readonly name: string;
  /** "" where it is about nothing in particular. */
  readonly about: string;
  readonly payload: Json;
  readonly by: RunActor;
};

/**
 * Sends an event to the runs that wait for it, in the transaction that `tx` is. Answers how many got it; where none did, it
 * is kept for {@link eventKeptSeconds}.
 */
export async function sendEventInTransaction(tx: Queryable, event: EventToSend): Promise<number> {
  const { id, workspace, name, about, payload, by } = event;
  const { rows } = await tx.query<{ received: number }>(
    "select send_event($1, $2, $3, $4, $5, $6, $7, $8) as received",
    [id, workspace, name, about, JSON.stringify(payload), by.kind, by.id, by.name],
  );
  return rows[0]?.received ?? 0;
}

export async function deleteOldEvents(db: Queryable): Promise<void> {
  await db.query(
    `delete from sent_event where created_at < clock_timestamp() - make_interval(days => ${recordKeptDays})`,
    [],
  );
}

/**
 * Makes sure that a run which is about to start another is not over, and that its end comes after the transaction: then it
 * finds the other.
 */
export async function requireLiving(tx: Queryable, run: RunId): Promise<void> {
  const { rows } = await tx.query(
    "update run set crosses = true where id = $1 and finished_at is null returning id",
    [run],
  );
  if (rows.length > 0) return;
  throw new BatonError("conflict", "The run that was to start this one is over.");
}

/** A part of a run reads what was given in that run's secret inputs. */
export async function shareSecrets(tx: Queryable, from: RunId, to: RunId): Promise<void> {
  await tx.query(
    `insert into run_secret (run_id, name, workspace_id, sealed)
     select $2, name, workspace_id, sealed from run_secret where run_id = $1 on conflict do nothing`,
    [from, to],
  );
}

/** Takes a run that waits for its turn out of the queue, so that it can be told to end. Does nothing for others. */
export async function leaveSlotQueue(tx: Queryable, run: RunId): Promise<void> {
  await tx.query("select leave_slot_queue($1)", [run]);
}

/** What the `concurrency` of its flow means for a run that is about to be made. */
export async function takeSlot(
  tx: Queryable,
  run: NewRun,
  start: Signal,
): Promise<"held" | "queued" | "full"> {
  const { slot } = run;
  if (slot === undefined) return "held";
  const { rows } = await tx.query<{ taken: "held" | "queued" | "full" }>(
    "select take_slot($1, $2, $3, $4, $5::int, $6::boolean, $7) as taken",
    [run.id, run.workspace, run.flow, slot.key, slot.limit, slot.onFull === "queue", JSON.stringify(start)],
  );
  return rows[0]?.taken ?? "held";
}

/** Takes a place for a run that is taken up again, or has it wait for its turn. */
export async function takeSlotAgain(
  tx: Queryable,
  slot: { run: RunId; workspace: string; flow: string; key: string; limit: number },
): Promise<void> {
  const { rows } = await tx.query<{ taken: string }>(
    "select take_slot($1, $2, $3, $4, $5::int, true, null) as taken",
    [slot.run, slot.workspace, slot.flow, slot.key, slot.limit],
  );
  if (rows[0]?.taken !== "queued") return;
  await tx.query("update run set headline = $2 where id = $1", [slot.run, queuedWords(slot)]);
}

/** Has the end of a run that succeeded told once more to the run that waits for it. */
export async function tellEnd(tx: Queryable, { run, parent, key, source }: ChildWish): Promise<void> {
  const { rows } = await tx.query<{ state: string }>("select state from run where id = $1", [run]);
  const [found] = rows;
  if (found?.state === "succeeded") {
    await tx.query("select tell_parent(run, $2) from run where id = $1", [run, source]);
  }
  if (found) return;
  const error = { code: "not-found", message: "The run that was waited for is gone." };
  const signal = { kind: "child-ended", key, outcome: "failed", outputs: null, error };
  await tx.query("select wake_run($1, $2, $3)", [parent, source, JSON.stringify(signal)]);
}

/** Whether a run still waits for its turn. It keeps its place in the queue, or its turn, until the transaction ends. */
export async function isQueued(tx: Queryable, run: RunId): Promise<boolean> {
  const { rows } = await tx.query("select 1 from run_slot where run_id = $1 and not held for update", [run]);
  return rows.length > 0;
}
