import { BatonError } from "#base/index.ts";
import type { Runner } from "../log/append.ts";
import { readContentAt } from "../log/read.ts";
import type { HistoryEntry } from "../spec.ts";
import * as Y from "yjs";

/** Updates of one author with pauses shorter than this are one entry. */
const pauseMs = 120_000;
const mostEntries = 200;
/** Updates that one page looks at. */
const mostUpdates = 20_000;

/** Who wrote when, newest first, from the log before an update. */
export async function readHistory(
  on: Runner,
  document: number,
  page: { readonly before?: string; readonly limit?: number },
): Promise<HistoryEntry[]> {
  const before = page.before ?? "9223372036854775807";
  if (!/^\d{1,19}$/.test(before)) throw noUpdate(before);
  const { rows } = await on.query<{
    first: string;
    last: string;
    author: string;
    name: string;
    from: Date;
    to: Date;
    updates: string;
  }>(
    `with page as (
       select seq, author, author_name, at,
         lead(author) over w as elder_author, lead(at) over w as elder_at
       from (select * from live_update where document_id = $1 and seq < $2 order by seq desc limit $4) newest
       window w as (order by seq desc)
     ), marked as (
       select *, coalesce(sum(case when elder_author is distinct from author
           or at - elder_at > $5 * interval '1 millisecond' then 1 else 0 end)
         over (order by seq desc rows between unbounded preceding and 1 preceding), 0) as entry
       from page
     )
     select min(seq) as first, max(seq) as last, max(author) as author, max(author_name) as name,
       min(at) as from, max(at) as to, count(*) as updates
     from marked group by entry order by last desc limit $3`,
    [document, before, Math.min(page.limit ?? 50, mostEntries), mostUpdates, pauseMs],
  );
  return rows.map((row) => ({
    first: row.first,
    last: row.last,
    author: { id: row.author, name: row.name },
    from: row.from.getTime(),
    to: row.to.getTime(),
    updates: Number(row.updates),
  }));
}

/** The document as it was after an update. */
export async function replayTo(on: Runner, document: number, seq: string): Promise<Y.Doc> {
  if (!/^\d{1,15}$/.test(seq)) throw noUpdate(seq);
  const content = await readContentAt(on, document, Number(seq));
  if (content === null) {
    throw new BatonError("not-found", `What the document was after update ${seq} is not kept any more.`, {
      hint: "Versions with a name are kept for good.",
    });
  }
  const doc = new Y.Doc();
  doc.transact(() => {
    if (content.state !== null) Y.applyUpdate(doc, content.state);
    for (const update of content.updates) Y.applyUpdate(doc, update);
  });
  return doc;
}

/** Number of the last update at or before an instant; 0 where there is none. */
export async function seqAt(on: Runner, document: number, instant: number): Promise<string> {
  const { rows } = await on.query<{ seq: string }>(
    "select seq from live_update where document_id = $1 and at <= $2 order by seq desc limit 1",
    [document, new Date(instant)],
  );
  return rows[0]?.seq ?? "0";
}

function noUpdate(seq: string): BatonError {
  return new BatonError("bad-input", `"${seq}" is not the number of an update.`, {
    hint: "Take one from the history.",
  });
}
