import { EventEmitter } from "node:events";
import { Logger, run as runQueue, runMigrations } from "graphile-worker";
import { messageOf, type RunId, type WorkerId } from "#base/index.ts";
import { type Database, log } from "#platform/index.ts";
import type { Journal } from "./spec.ts";
import { noteQueueName } from "./workers.ts";
import { addRunJob } from "./wake.ts";

export type QueueOptions = {
  readonly db: Database;
  readonly journal: Journal;
  /** Must be registered. */
  readonly worker: WorkerId;
  /** Drives one segment of the run; resolves when it parked, ended, or is somebody else's. */
  onRun(run: RunId): Promise<void>;
  /** Drives a run that crashed workers in a process of its own; resolves when that ended. */
  onAlone?(run: RunId): Promise<void>;
  /** Runs at once; 64 unless given. */
  readonly concurrency?: number;
};

export type Queue = {
  /** Takes no more jobs, waits for those under way, and gives back the rest. */
  stop(): Promise<void>;
};

const logger = new Logger(() => (level, message) => {
  if (level === "error") log.error({ part: "queue" }, message);
  else if (level === "warning") log.warn({ part: "queue" }, message);
  else log.debug({ part: "queue" }, message);
});

const guarded = new WeakSet<Database["pool"]>();

/** A connection that breaks while a job uses it must fail that job, not the process. */
function guard({ pool }: Database): void {
  if (guarded.has(pool)) return;
  guarded.add(pool);
  const onBroken = (error: Error): void =>
    log.warn({ error: error.message }, "a connection of the job queue broke");
  pool.on("error", onBroken);
  pool.on("connect", (client) => {
    client.on("error", onBroken);
  });
}

/** Makes the queue's tables, or brings them up to date. Every process that starts or wakes runs needs them. */
export async function migrateQueue(db: Database): Promise<void> {
  guard(db);
  await runMigrations({ pgPool: db.pool, logger });
}

/** Begins to take jobs: runs to drive, and timers, which only put their signal into an inbox. */
export async function startQueue(options: QueueOptions): Promise<Queue> {
  const { db, journal, worker } = options;
  const concurrency = options.concurrency ?? 64;
  guard(db);
  const events = new EventEmitter();
  const named = new Promise<void>((resolve, reject) => {
    events.once("pool:create", ({ workerPool }: { workerPool: { id: string } }) => {
      noteQueueName(db.pool, worker, workerPool.id).then(resolve, reject);
    });
  });
  const runner = await runQueue({
    pgPool: db.pool,
    logger,
    events,
    noHandleSignals: true,
    parsedCronItems: [],
    taskList: {
      run: async (payload) => driveGuarded(options, runOf(payload)),
      alone: async (payload) => options.onAlone?.(runOf(payload)),
      timer: async (payload) => {
        const { run, path, name, n } = payload as { run: RunId; path: string; name: string; n: number };
        await journal.signal(run, timerSource({ path, name, n }), { kind: "timer", path, name, n });
      },
    },
    preset: {
      worker: {
        concurrentJobs: concurrency,
        // Jobs fetched beyond those that can run would wait here while another worker idles.
        localQueue: { size: concurrency + 1, ttl: 300_000 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
        pollInterval: 2000,
      },
    },
  });
  // An error that ends the queue must end the process as well: its runs are taken over then.
  runner.promise.catch((error: unknown) => log.error({ error: messageOf(error) }, "the job queue stopped"));
  await named;
  return { stop: () => runner.stop() };
}

export function timerSource(timer: { path: string; name: string; n: number }): string {
  return `timer:${timer.path}:${timer.name}:${timer.n}`;
}

function runOf(payload: unknown): RunId {
  return (payload as { run: RunId }).run;
}

/** A segment that threw has crashed like a worker that died: the run must not stay with an owner that does nothing. */
async function driveGuarded({ db, worker, onRun }: QueueOptions, run: RunId): Promise<void> {
  try {
    await onRun(run);
  } catch (error) {
    log.error(
      { run, error: messageOf(error), stack: error instanceof Error ? error.stack : undefined },
      "a segment failed",
    );
    await db.pool.query(
      `with freed as (
         update run set owner = null, epoch = epoch + 1, crashes = crashes + 1, wake = wake + 1
          where id = $1 and owner = $2 and finished_at is null returning id
       )
       select ${addRunJob("id")} from freed`,
      [run, worker],
    );
  }
}
