import type pg from "pg";
import type { Json, RunId } from "#base/index.ts";
import { isWorthRepeating } from "#platform/index.ts";
import { type Lane, openLane } from "./lane.ts";

/**
 * The row that says that a stream is over. Its chunks stay for a moment, so that a viewer who is a little behind gets
 * the last of them; then they are deleted, as the step's final message is in the journal.
 */
export const endOfStream = -1;
const keepEndedSeconds = 10;
const attempts = 5;

export type StreamWriter = {
  /** Writes nothing where the run's epoch is another one by now, or nobody owns it. */
  write(run: RunId, epoch: number, stream: string, from: number, chunks: readonly Json[]): Promise<void>;
  /** Marks a stream as over, behind all chunks that were written before, and tells its viewers. */
  end(run: RunId, stream: string): Promise<void>;
  close(): void;
};

type Batch = {
  run: RunId;
  stream: string;
  /** Null for the mark of a stream's end, which comes behind an append that was fenced. */
  epoch: number | null;
  from: number;
  bodies: string[];
  resolve(): void;
  reject(error: unknown): void;
};

/** Whether what stands in these columns may be written: `epoch` is null, or still that of the run. */
const isOurs = (run: string, epoch: string): string => `(${epoch} is null or exists (
         select 1 from run where run.id = ${run} and run.epoch = ${epoch} and run.owner is not null))`;
const insertion = `insert into stream_chunk (run_id, stream, n, body)
  select run_id, stream, n,
         case when n = ${endOfStream} then extract(epoch from clock_timestamp())::bigint::text else body end
    from unnest($1::text[], $2::text[], $3::int[], $4::text[], $6::int[]) as chunk(run_id, stream, n, body, epoch)
   where ${isOurs("chunk.run_id", "chunk.epoch")}
  on conflict (run_id, stream, n) do update set body = excluded.body`;
const notification = "select pg_notify('stream', name) from unnest($5::text[]) as name";
const writeSql = `with written as (${insertion}) ${notification}`;
/** A stream that begins anew, because its step is carried out again, loses what its first try had left. */
const restartSql = `with written as (${insertion}),
cleared as (
  delete from stream_chunk
   using unnest($7::text[], $8::text[], $9::int[], $10::int[]) as fresh(run_id, stream, after, epoch)
   where ${isOurs("fresh.run_id", "fresh.epoch")} and stream_chunk.run_id = fresh.run_id and stream_chunk.stream = fresh.stream
     and (stream_chunk.n > fresh.after or stream_chunk.n = ${endOfStream})
)
${notification}`;

/**
 * Writes chunks in natural batches: at once when idle, and what comes in while a write is in flight goes together with
 * the next. Commits don't wait for the disk: after a crash of the server the step is carried out again anyway.
 */
export function createStreamWriter(pool: pg.Pool): StreamWriter {
  const lane = openLane(pool, ["set synchronous_commit = off"]);
  let waiting: Batch[] = [];
  let writing = false;

  async function flush(): Promise<void> {
    if (writing) return;
    writing = true;
    while (waiting.length > 0) {
      const batches = waiting;
      waiting = [];
      try {
        await send(lane, batches);
        for (const batch of batches) batch.resolve();
      } catch (error) {
        for (const batch of batches) batch.reject(error);
      }
    }
    writing = false;
  }

  function enqueue(batch: Omit<Batch, "resolve" | "reject">): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      waiting.push({ ...batch, resolve, reject });
      // What is emitted in the same turn of the event loop goes together.
      if (!writing && waiting.length === 1) setImmediate(() => void flush());
    });
  }

  return {
    write(run, epoch, stream, from, chunks) {
      if (chunks.length === 0) return Promise.resolve();
      const bodies = chunks.map((chunk) => JSON.stringify(chunk));
      return enqueue({ run, epoch, stream, from, bodies });
    },
    end: (run, stream) => enqueue({ run, epoch: null, stream, from: endOfStream, bodies: [""] }),
    close: () => lane.close(),
  };
}

async function send(lane: Lane, batches: readonly Batch[]): Promise<void> {
  const columns: [string[], string[], number[], string[]] = [[], [], [], []];
  const names = new Set<string>();
  const epochs: (number | null)[] = [];
  const fresh: [string[], string[], number[], (number | null)[]] = [[], [], [], []];
  for (const { run, epoch, stream, from, bodies } of batches) {
    const name = `${run} ${stream}`;
    if (from === 0) {
      const sameStream = batches.filter(
        (other) => other.run === run && other.stream === stream && other.epoch === epoch,
      );
      fresh[0].push(run);
      fresh[1].push(stream);
      fresh[3].push(epoch);
      fresh[2].push(Math.max(...sameStream.map((other) => other.from + other.bodies.length - 1)));
    }
    names.add(name);
    for (const [i, body] of bodies.entries()) {
      columns[0].push(run);
      columns[1].push(stream);
      columns[2].push(from + i);
      columns[3].push(body);
      epochs.push(epoch);
    }
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (fresh[0].length === 0)
        await lane.query("journal_chunks", writeSql, [...columns, [...names], epochs]);
      else await lane.query("journal_chunks_anew", restartSql, [...columns, [...names], epochs, ...fresh]);
      return;
    } catch (error) {
      if (!isWorthRepeating(error) || attempt === attempts) throw error;
    }
  }
}

/** Chunks from `from` on, in order; none once the stream was closed. */
export async function readChunks(
  pool: pg.Pool,
  run: RunId,
  stream: string,
  from: number,
): Promise<{ n: number; chunk: Json }[]> {
  const { chunks, ended } = await readStream(pool, run, stream, from);
  return ended ? [] : chunks;
}

/** Chunks from `from` on as long as they are there, and whether the stream was closed. */
export async function readStream(
  pool: pg.Pool,
  run: RunId,
  stream: string,
  from: number,
): Promise<{ chunks: { n: number; chunk: Json }[]; ended: boolean }> {
  const { rows } = await pool.query<{ n: number; body: string }>({
    name: "journal_read_stream",
    text: `select n, body from stream_chunk
            where run_id = $1 and stream = $2 and (n >= $3 or n = ${endOfStream}) order by n`,
    values: [run, stream, from],
  });
  const chunks: { n: number; chunk: Json }[] = [];
  let ended = false;
  for (const { n, body } of rows) {
    if (n === endOfStream) ended = true;
    else chunks.push({ n, chunk: JSON.parse(body) as Json });
  }
  return { chunks, ended };
}

/** Deletes the streams that ended a while ago, and what runs that are over have left. */
export async function deleteEndedStreams(pool: pg.Pool): Promise<void> {
  await pool.query({
    name: "journal_delete_streams",
    text: `delete from stream_chunk as chunk using stream_chunk as mark
            where mark.n = ${endOfStream} and chunk.run_id = mark.run_id and chunk.stream = mark.stream
              and mark.body::bigint < extract(epoch from clock_timestamp()) - ${keepEndedSeconds}`,
  });
  await pool.query({
    name: "journal_delete_left_streams",
    text: `delete from stream_chunk using run
            where run.id = stream_chunk.run_id
              and run.finished_at < clock_timestamp() - make_interval(secs => ${keepEndedSeconds})`,
  });
}
