import type { RunId } from "#base/index.ts";
import type { Queryable } from "#platform/index.ts";

/** What makes a start happen once. */
export type StartKeys = {
  /** Whose keys they are: a trigger's id, a caller's. Keys of different scopes are different keys. */
  readonly scope: string;
  /** All of them are taken together; one that is taken already means that it was started already. */
  readonly keys: readonly string[];
  /** A keyed hash of what is asked for, to notice a key that comes again with something else. */
  readonly asked?: string;
};

/** Days for which a key is remembered. */
export const keyDays = 7;

const takeSql = `insert into start_key (scope, key, run_id, asked, created_at)
  select $1::text, key, $3::text, $4::text, clock_timestamp() from unnest($2::text[]) as key
  on conflict (scope, key) do nothing returning key`;

/**
 * Takes the keys for a run, in the transaction that makes it. Answers the run that has one of them already, or null.
 * Another transaction that is about to take one is waited for.
 */
export async function takeStartKeys(
  tx: Queryable,
  run: RunId,
  { scope, keys, asked = "" }: StartKeys,
): Promise<{ readonly run: RunId; readonly asked: string } | null> {
  const wanted = [...new Set(keys)].toSorted();
  const { rows: taken } = await tx.query<{ key: string }>(takeSql, [scope, wanted, run, asked]);
  if (taken.length === wanted.length) return null;
  const known = await startedUnder(tx, { scope, keys: wanted }, run);
  if (known === null) return null;
  // A key that is new here belongs to the run that the others name.
  await tx.query(
    "update start_key set run_id = $3 where scope = $1 and key = any($2::text[]) and run_id = $4",
    [scope, wanted, known.run, run],
  );
  return known;
}

/** The run that was started under one of the keys, other than `but`; null when there is none. */
export async function startedUnder(
  db: Queryable,
  { scope, keys }: StartKeys,
  but = "",
): Promise<{ readonly run: RunId; readonly asked: string } | null> {
  const { rows } = await db.query<{ run_id: RunId; asked: string }>(
    "select run_id, asked from start_key where scope = $1 and key = any($2::text[]) and run_id <> $3 limit 1",
    [scope, keys, but],
  );
  const [row] = rows;
  return row === undefined ? null : { run: row.run_id, asked: row.asked };
}

/** Rows of one statement that forgets: none holds others up for long. */
const forgottenAtOnce = 1000;

/** Forgets keys that are older than {@link keyDays}, in batches, until none is left. */
export async function forgetStartKeys(db: Queryable): Promise<void> {
  await deleteInBatches(
    db,
    `delete from start_key where ctid = any(array(
       select ctid from start_key where created_at < clock_timestamp() - make_interval(days => ${keyDays}) limit $1))`,
  );
}

/** Carries `sql`, which deletes at most `$1` rows, out until fewer are left than that. Answers how many it deleted. */
export async function deleteInBatches(db: Queryable, sql: string, atOnce = forgottenAtOnce): Promise<number> {
  for (let deleted = 0; ;) {
    const { rowCount } = await db.query(sql, [atOnce]);
    deleted += rowCount ?? 0;
    if ((rowCount ?? 0) < atOnce) return deleted;
  }
}

/** The run's number within its flow. */
export async function runNumber(db: Queryable, run: RunId): Promise<number> {
  const { rows } = await db.query<{ number: number }>("select number from run where id = $1", [run]);
  return rows[0]?.number ?? 0;
}
