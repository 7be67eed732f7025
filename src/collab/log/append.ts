import type pg from "pg";
import type { Transaction } from "#platform/index.ts";
import type { Author } from "../spec.ts";

/** An update on its way to the log. */
export type NewUpdate = {
  readonly document: number;
  readonly bytes: Uint8Array;
  readonly author: Author;
  /** Yjs' id of the replica that wrote it. */
  readonly client: number;
  /** What is written in the same transaction. */
  readonly record?: (tx: Transaction) => Promise<void>;
};

/** Numbers that updates of a document got, in the order in which they were given. */
export type Range = { readonly first: number; readonly last: number };

/**
 * Carries statements out, prepared where a pool or client is given. `live_append` raises each document's number under
 * its row's lock, in the order of ids so that two processes never wait for each other in a circle: a number is
 * therefore visible only when all before it are. What was appended is told on commit, at most 200 documents a message
 * (Postgres carries 8000 bytes).
 */
const text = `with incoming as (
  select * from unnest($2::int[], $3::bytea[], $4::text[], $5::text[], $6::bigint[])
    with ordinality as given(document_id, bytes, author, author_name, client, n)
), counts as (
  select document_id, count(*) as updates from incoming group by document_id
), held as (
  select d.id from live_document d join counts on counts.document_id = d.id order by d.id for update of d
), raised as (
  update live_document d set seq = d.seq + counts.updates, updated_at = now()
  from counts, held where held.id = d.id and counts.document_id = d.id
  returning d.id, d.seq - counts.updates as base, d.seq as last
), added as (
  insert into live_update (document_id, seq, bytes, author, author_name, client)
  select i.document_id, raised.base + row_number() over (partition by i.document_id order by i.n),
    i.bytes, i.author, i.author_name, i.client
  from incoming i join raised on raised.id = i.document_id
), numbered as (
  select id, base + 1 as first, last, (row_number() over (order by id) - 1) / 200 as part from raised
), told as (
  select pg_notify('live', 'u ' || $1 || ' ' || string_agg(id || ':' || first || ':' || last, ',')) from numbered group by part
)
select id, first, last, (select count(*) from told) from numbered`;

/** Anything that carries a prepared statement out. */
export type Runner = Pick<pg.Pool, "query">;

/**
 * Appends updates in one statement and tells all processes; `sender` tells them who. Documents that are not there any
 * more are missing from the answer.
 */
export async function appendUpdates(
  on: Runner,
  sender: string,
  updates: readonly NewUpdate[],
): Promise<Map<number, Range>> {
  const { rows } = await on.query<{ id: number; first: string; last: string }>({
    name: "live_append",
    text,
    values: [
      sender,
      updates.map((update) => update.document),
      updates.map((update) => Buffer.from(update.bytes.buffer, update.bytes.byteOffset, update.bytes.length)),
      updates.map((update) => update.author.id),
      updates.map((update) => update.author.name),
      updates.map((update) => update.client),
    ],
  });
  return new Map(rows.map((row) => [row.id, { first: Number(row.first), last: Number(row.last) }]));
}
