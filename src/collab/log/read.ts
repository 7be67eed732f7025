import type { Runner } from "./append.ts";

/** What a document's content is made of: a state and the updates after it. */
export type Content = {
  readonly state: Uint8Array | null;
  readonly updates: readonly Uint8Array[];
  /** Number of the last update in it. */
  readonly seq: number;
  /** Up to which the state goes. */
  readonly upto: number;
};

/** The newest snapshot and what came after it, of one moment. */
export async function readContent(on: Runner, document: number): Promise<Content> {
  const { rows } = await on.query<{ seq: string; bytes: Buffer; snapshot: boolean }>({
    name: "live_read_content",
    text: `with s as (
        select upto, state from live_snapshot where document_id = $1 order by upto desc limit 1
      )
      select upto as seq, state as bytes, true as snapshot from s
      union all
      (select seq, bytes, false from live_update
       where document_id = $1 and seq > coalesce((select upto from s), 0) order by seq)`,
    values: [document],
  });
  const first = rows[0];
  const state = first?.snapshot === true ? first.bytes : null;
  const upto = state === null ? 0 : Number(first?.seq ?? 0);
  const rest = state === null ? rows : rows.slice(1);
  return {
    state,
    updates: rest.map((row) => row.bytes),
    seq: Number(rest.at(-1)?.seq ?? upto),
    upto,
  };
}

export type LoggedUpdate = { readonly seq: number; readonly bytes: Uint8Array };

/** Updates after a number, in order. */
export async function readUpdates(on: Runner, document: number, after: number): Promise<LoggedUpdate[]> {
  const { rows } = await on.query<{ seq: string; bytes: Buffer }>({
    name: "live_read_updates",
    text: "select seq, bytes from live_update where document_id = $1 and seq > $2 order by seq",
    values: [document, after],
  });
  return rows.map((row) => ({ seq: Number(row.seq), bytes: row.bytes }));
}

/**
 * What the document was after an update: the newest snapshot up to it and the updates between. Null where some of
 * those were removed after their time.
 */
export async function readContentAt(on: Runner, document: number, seq: number): Promise<Content | null> {
  const { rows } = await on.query<{ seq: string; bytes: Buffer; snapshot: boolean }>(
    `with s as (
        select upto, state from live_snapshot where document_id = $1 and upto <= $2 order by upto desc limit 1
      )
      select upto as seq, state as bytes, true as snapshot from s
      union all
      (select seq, bytes, false from live_update
       where document_id = $1 and seq > coalesce((select upto from s), 0) and seq <= $2 order by seq)`,
    [document, seq],
  );
  const first = rows[0];
  const state = first?.snapshot === true ? first.bytes : null;
  const upto = state === null ? 0 : Number(first?.seq ?? 0);
  const rest = state === null ? rows : rows.slice(1);
  if (rest.length !== seq - upto) return null;
  return { state, updates: rest.map((row) => row.bytes), seq, upto };
}
