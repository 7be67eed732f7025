import type { Json, RunId } from "#base/index.ts";
import type { RunEvent, RunEventBody } from "#flow/machine/index.ts";
import type { Database, Listener } from "#platform/index.ts";
import { createBells } from "./bell.ts";
import { readEvents } from "./events.ts";
import { readStream } from "./streams.ts";

/** Follows runs and streams as they grow. One for a process. */
export type Watcher = {
  /** Events after `after`: first those that are there, then each as it is committed. Ends after the run's last event. */
  watchRun(run: RunId, after: number, signal?: AbortSignal): AsyncGenerator<RunEvent>;
  /** Chunks from `from` on. Ends when the stream was closed, or its step is over already. */
  watchStream(
    run: RunId,
    stream: string,
    from: number,
    signal?: AbortSignal,
  ): AsyncGenerator<{ n: number; chunk: Json }>;
  /** Calls `wake` whenever a signal may have come into the run's inbox, until the answered function is called. */
  onSignal(run: RunId, wake: () => void): () => void;
  close(): void;
};

/** News may get lost with the connection that listens: then the next look finds them. */
const sweepMs = 5000;
const pageSize = 500;

export function createWatcher(db: Database, listener: Listener): Watcher {
  const bells = createBells();
  const inboxes = createBells();
  const stops: (() => void)[] = [];
  let listening: Promise<void> | null = null;
  let isListening = false;

  /** Listens before anything is read: what is committed after the reading then rings. */
  function listen(): Promise<void> {
    listening ??= start().catch((error: unknown) => {
      listening = null;
      throw error;
    });
    return listening;
  }

  async function start(): Promise<void> {
    stops.push(
      await listener.listen("run", (payload) => {
        for (const run of payload.split(" ")) bells.ring(run);
      }),
      await listener.listen("stream", (payload) => bells.ring(payload)),
      await listener.listen("inbox", (run) => inboxes.ring(run)),
      listener.onReconnect(() => {
        bells.ringAll();
        inboxes.ringAll();
      }),
    );
    isListening = true;
  }

  async function* watchRun(run: RunId, after: number, signal?: AbortSignal): AsyncGenerator<RunEvent> {
    await listen();
    const bell = bells.open(run);
    try {
      for (let last = after; signal?.aborted !== true;) {
        const events = await readEvents(db.pool, run, last, pageSize);
        for (const event of events) {
          yield event;
          last = event.seq;
        }
        // A run that ended may have been taken up again: then its end is not its last event.
        const isEnd = events.at(-1)?.body.type === "run-finished";
        if (isEnd && (await isRunOver(db, run))) return;
        if (events.length < pageSize) await bell.wait(sweepMs, signal);
      }
    } finally {
      bell.stop();
    }
  }

  async function* watchStream(
    run: RunId,
    stream: string,
    from: number,
    signal?: AbortSignal,
  ): AsyncGenerator<{ n: number; chunk: Json }> {
    await listen();
    const name = `${run} ${stream}`;
    const bell = bells.open(name);
    // A call that is over within a moment never has chunks: then the run's news tell that there is nothing to wait for.
    const stop = bells.hear(run, () => bells.ring(name));
    try {
      for (let next = from; signal?.aborted !== true;) {
        const { chunks, ended } = await readStream(db.pool, run, stream, next);
        for (const item of chunks) {
          yield item;
          next = item.n + 1;
        }
        if (chunks.length > 0) stop();
        if (ended) return;
        // Deleted, or never begun: the step's outcome in the journal tells which.
        if (chunks.length === 0 && (await isEffectOver(db, run, stream))) return;
        await bell.wait(sweepMs, signal);
      }
    } finally {
      stop();
      bell.stop();
    }
  }

  return {
    watchRun,
    watchStream,
    onSignal(run, wake) {
      const stop = inboxes.hear(run, wake);
      // What was told before we listened was not heard.
      if (!isListening) listen().then(wake, () => undefined);
      return stop;
    },
    close() {
      for (const stop of stops) stop();
      bells.ringAll();
    },
  };
}

const endsOfEffects: ReadonlySet<string> = new Set([
  "model-call-finished",
  "model-call-failed",
  "tool-call-finished",
  "tool-call-failed",
  "effect-lost",
]);

async function isRunOver(db: Database, run: RunId): Promise<boolean> {
  const { rows } = await db.pool.query<{ over: boolean }>({
    name: "journal_run_over",
    text: "select finished_at is not null as over from run where id = $1",
    values: [run],
  });
  return rows[0]?.over ?? true;
}

async function isEffectOver(db: Database, run: RunId, key: string): Promise<boolean> {
  const { rows } = await db.pool.query<{ bodies: string | null }>({
    name: "journal_effect_over",
    text: `select bodies from event_batch where run_id = $1 and strpos(bodies, $2) > 0
           union all
           select null from run where id = $1 and finished_at is not null`,
    values: [run, JSON.stringify(key)],
  });
  return rows.some(
    ({ bodies }) =>
      bodies === null ||
      (JSON.parse(bodies) as RunEventBody[]).some(
        (body) => endsOfEffects.has(body.type) && "key" in body && body.key === key,
      ),
  );
}
