import type { JsonObject, RunId } from "#base/index.ts";
import { upcast, type RunEvent } from "#flow/machine/index.ts";
import type { Queryable } from "#platform/index.ts";

/** The events of one append as they are kept. `at` in epoch milliseconds, as text. */
export type BatchRow = {
  readonly seq: number;
  readonly at: string;
  readonly bodies: string;
  readonly version: number;
};

/** The batch that holds the event behind `after`, and all that follow it. */
export const fromBatchOf = (run: string, after: string): string =>
  `run_id = ${run} and seq >= coalesce((select batch.seq from event_batch as batch
     where batch.run_id = ${run} and batch.seq <= ${after} + 1 order by batch.seq desc limit 1), 0)`;

export const batchColumns = "seq, (extract(epoch from at) * 1000)::bigint::text as at, bodies, version";

const eventsSql = `select ${batchColumns} from event_batch where ${fromBatchOf("$1", "$2")} order by seq limit $3`;

/** Events after `after`, in order, at most `limit`. */
export async function readEvents(
  on: Queryable,
  run: RunId,
  after: number,
  limit: number,
): Promise<RunEvent[]> {
  // Each batch holds one event at least; the first may end with the one that was asked to be left out.
  const { rows } = await on.query<BatchRow>(eventsSql, [run, after, limit + 1]);
  return rows.flatMap((row) => eventsOf(row, after)).slice(0, limit);
}

/** The events of a batch that come after `after`. */
export function eventsOf(row: BatchRow, after = 0): RunEvent[] {
  const at = Number(row.at);
  return (JSON.parse(row.bodies) as JsonObject[])
    .map((body, index) => ({ seq: row.seq + index, at, body: upcast(body, row.version) }))
    .filter((event) => event.seq > after);
}
