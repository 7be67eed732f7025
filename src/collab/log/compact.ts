import type { Database } from "#platform/index.ts";

/** How long each update stays in the log, for the history: 30 days. */
export const historyMs = 30 * 86_400_000;

/** First half of the advisory locks under which documents are compacted; the other half is the document. */
const lockClass = 1_818_850_917;

/** Snapshots are this many updates apart at least, so that going back in time never replays more. */
const snapshotEvery = 10_000;

/**
 * Keeps a state as a snapshot and removes what is older than the history reaches, with the snapshots that nothing
 * builds on. One process at a time: false where another one is at it.
 */
export async function compact(
  db: Database,
  document: number,
  snapshot: { readonly upto: number; readonly state: Uint8Array },
  keepMs = historyMs,
): Promise<boolean> {
  const client = await db.pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_xact_lock($1, $2) as got", [
      lockClass,
      document,
    ]);
    if (rows[0]?.got !== true) {
      await client.query("rollback");
      return false;
    }
    await client.query(
      `insert into live_snapshot (document_id, upto, state)
       select id, $2, $3 from live_document where id = $1 on conflict do nothing`,
      [document, snapshot.upto, Buffer.from(snapshot.state)],
    );
    // Of the newest two, the elder one is only needed when the one before it is far away.
    await client.query(
      `with newest as (
         select upto, row_number() over (order by upto desc) as n from live_snapshot where document_id = $1
       )
       delete from live_snapshot where document_id = $1
         and upto = (select upto from newest where n = 2)
         and (select upto from newest where n = 1) - coalesce((select upto from newest where n = 3), 0) < $2`,
      [document, snapshotEvery],
    );
    const { rows: bases } = await client.query<{ upto: string | null }>(
      `select max(upto) as upto from live_snapshot
       where document_id = $1 and at <= now() - $2 * interval '1 millisecond'`,
      [document, keepMs],
    );
    const base = bases[0]?.upto ?? null;
    if (base !== null) {
      await client.query("delete from live_update where document_id = $1 and seq <= $2", [document, base]);
      await client.query("delete from live_snapshot where document_id = $1 and upto < $2", [document, base]);
      await client.query(
        "delete from live_edit where document_id = $1 and seq <= $2 and at < now() - $3 * interval '1 millisecond'",
        [document, base, keepMs],
      );
    }
    await client.query("commit");
    return true;
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.release(broken);
  }
}
