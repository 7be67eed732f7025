import { EventEmitter } from "node:events";
import { Logger, run as runQueue, runMigrations } from "graphile-worker";
import { BatonError, messageOf, type RunId, type WorkerId, type WorkspaceId } from "#base/index.ts";
import { machineVersion } from "#flow/machine/index.ts";
import { type Database, isBrokenConnection, log, metrics, throughOutage } from "#platform/index.ts";
import { carryBulk } from "./bulk/bulk.ts";
import { patientPool } from "./patient-pool.ts";
import type { Journal } from "./spec.ts";
import { noteQueueName } from "./workers.ts";
import { addRunJob, jobOfVersion } from "./wake.ts";

export type QueueOptions = {
  readonly db: Database;
  readonly journal: Journal;
  /** Must be registered. */
  readonly worker: WorkerId;
  /** Drives one segment of the run; resolves when it parked, ended, or is somebody else's. */
  onRun(run: RunId): Promise<void>;
  /** Drives a run that crashed workers in a process of its own; resolves when that ended. */
  onAlone?(run: RunId): Promise<void>;
  /** Other jobs, by their task's name. One that throws is tried again later. */
  readonly tasks?: Readonly<Record<string, (payload: unknown) => Promise<void>>>;
  /** Called when the queue has ended by itself: its process must end, so that its runs are taken over. */
  onStopped?(error: Error): void;
  /** Runs at once; 64 unless given. */
  readonly concurrency?: number;
  /** How often it is looked for runs that are the worker's without its knowing, in milliseconds; 5 seconds unless given. */
  readonly lookMs?: number;
  /** Takes what older workers handed back, up to this version; that of this machine unless given. */
  readonly machineVersion?: number;
};

export type Queue = {
  /** Takes no more jobs, waits for those under way, and gives back the rest. */
  stop(): Promise<void>;
};

/** For so long a queue that stops waits for a database that is away; what it could not give back is freed by others. Milliseconds. */
const farewellMs = 8000;

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
  await db.pool.query(lockedIndexSql);
}

/** Of jobs that somebody has taken, which are few: those that got lost are looked for at each heartbeat. */
const lockedIndexSql = `create index if not exists baton_jobs_locked_idx
  on graphile_worker._private_jobs (locked_at) where locked_at is not null`;

/** Begins to take jobs: runs to drive, and timers, which only put their signal into an inbox. */
export async function startQueue(options: QueueOptions): Promise<Queue> {
  const { db, journal, worker } = options;
  const concurrency = options.concurrency ?? 64;
  let stopping = false;
  const farewell = new AbortController();
  /** Runs that are being driven, or claimed for that, with how often they were asked for. */
  const driven = new Map<RunId, number>();
  guard(db);
  const events = new EventEmitter();
  const named = new Promise<void>((resolve, reject) => {
    events.once("pool:create", ({ workerPool }: { workerPool: { id: string } }) => {
      throughOutage(() => noteQueueName(db.pool, worker, workerPool.id), {
        what: "to register the job queue",
      }).then(resolve, reject);
    });
  });
  const drive = async (payload: unknown): Promise<void> => {
    const run = runOf(payload);
    driven.set(run, (driven.get(run) ?? 0) + 1);
    try {
      await driveGuarded(options, run, () => stopping);
    } finally {
      const left = (driven.get(run) ?? 1) - 1;
      if (left > 0) driven.set(run, left);
      else driven.delete(run);
    }
  };
  const alone = async (payload: unknown): Promise<void> => options.onAlone?.(runOf(payload));
  const begin = () =>
    runQueue({
      pgPool: patientPool(db.pool, { signal: farewell.signal }),
      logger,
      events,
      noHandleSignals: true,
      parsedCronItems: [],
      taskList: {
        ...options.tasks,
        ...handedBack(options.machineVersion ?? machineVersion, { run: drive, alone }),
        run: drive,
        alone,
        bulk: async (payload) => {
          const { workspace, job } = payload as { workspace: WorkspaceId; job: string };
          await carryBulk(db, workspace, job, () => stopping);
        },
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
  // An error that ends the queue must end the process as well, and at once: its runs are taken over then. What the queue
  // does to end in order may never come to its end, while signs of life go on.
  let ended = false;
  const stopped = (cause?: unknown): void => {
    if (stopping || ended) return;
    ended = true;
    const error = queueEnded(cause);
    log.error({ error: error.message }, "the job queue stopped");
    options.onStopped?.(error);
  };
  events.once("pool:fatalError", ({ error }: { error: unknown }) => stopped(error));
  events.once("pool:gracefulShutdown", ({ message }: { message: string }) => stopped(message));
  const runner = await throughOutage(begin, { what: "to start the job queue" });
  runner.promise.then(() => stopped(), stopped);
  await named;
  const look = setInterval(() => {
    giveBackStrays(db, worker, driven).catch((error: unknown) =>
      log.warn({ error: messageOf(error) }, "runs of this worker could not be looked at"),
    );
  }, options.lookMs ?? 5000);
  look.unref();
  return {
    stop() {
      stopping = true;
      clearInterval(look);
      setTimeout(() => farewell.abort(), farewellMs).unref();
      return runner.stop();
    },
  };
}

/** It ends when the database is away for longer than it tries for: that says nothing about the runs under way. */
function queueEnded(cause: unknown): BatonError {
  const why = cause === undefined ? "" : `: ${messageOf(cause)}`;
  return new BatonError("unavailable", `The job queue ended by itself${why}.`, {
    hint: "This worker ends; its runs go on elsewhere or in the worker that takes its place.",
    cause,
  });
}

type Task = (payload: unknown) => Promise<void>;

/** The jobs of runs that older workers could not drive and this one can. */
function handedBack(latest: number, tasks: { run: Task; alone: Task }): Record<string, Task> {
  const list: Record<string, Task> = {};
  for (let version = 1; version <= latest; version += 1) {
    list[jobOfVersion("run", version)] = tasks.run;
    list[jobOfVersion("alone", version)] = tasks.alone;
  }
  return list;
}

export function timerSource(timer: { path: string; name: string; n: number }): string {
  return `timer:${timer.path}:${timer.name}:${timer.n}`;
}

function runOf(payload: unknown): RunId {
  return (payload as { run: RunId }).run;
}

/** A segment that threw has crashed like a worker that died: the run must not stay with an owner that does nothing. */
async function driveGuarded(options: QueueOptions, run: RunId, isStopping: () => boolean): Promise<void> {
  try {
    await options.onRun(run);
    // A stopping worker begins nothing: a job that came at that moment must not be taken for done.
    if (isStopping()) await passOn(options.db, run);
  } catch (error) {
    const stack = error instanceof Error ? error.stack : undefined;
    metrics.segmentFailures.inc();
    log.error({ run, error: messageOf(error), stack }, "a segment failed");
    // The database being out of reach says nothing about the run.
    const crashes = isBrokenConnection(error) ? 0 : 1;
    for (let attempt = 1; !isStopping(); attempt += 1) {
      try {
        await freeRun(options.db, options.worker, run, crashes);
        return;
      } catch (again) {
        log.warn({ run, error: messageOf(again), attempt }, "a run could not be given back; trying again");
        await new Promise((resolve) => setTimeout(resolve, Math.min(5000, 100 * 2 ** attempt)));
      }
    }
  }
}

/** Leaves a job for a run that nobody drives and that has something to do. */
async function passOn(db: Database, run: RunId): Promise<void> {
  await db.pool.query(
    `select ${addRunJob("id")} from run
      where id = $1 and owner is null and finished_at is null
        and exists (select 1 from run_inbox where run_id = run.id and consumed_at is null)`,
    [run],
  );
}

async function freeRun(db: Database, worker: WorkerId, run: RunId, crashes: number): Promise<void> {
  await db.pool.query(
    `with freed as (
       update run set owner = null, adrift = true, crashes = crashes + $3::int, wake = wake + 1
        where id = $1 and owner = $2 and finished_at is null returning id
     )
     select ${addRunJob("id")} from freed`,
    [run, worker, crashes],
  );
}

/** Seconds after which a run that its owner does not drive is given back. */
const straySeconds = 10;

/**
 * A claim whose connection broke may be carried out after the run was given back: then the run is this worker's, and
 * nobody drives it. Named with its epoch, a run that was claimed anew meanwhile is left alone.
 */
async function giveBackStrays(
  db: Database,
  worker: WorkerId,
  driven: ReadonlyMap<RunId, number>,
): Promise<void> {
  const { rows } = await db.pool.query<{ id: RunId; epoch: number }>(
    `select id, epoch from run
      where owner = $1 and finished_at is null
        and updated_at < clock_timestamp() - make_interval(secs => ${straySeconds})`,
    [worker],
  );
  const strays = rows.filter(({ id }) => !driven.has(id));
  if (strays.length === 0) return;
  log.warn(
    { runs: strays.map(({ id }) => id) },
    "runs were this worker's without its knowing and are given back",
  );
  await db.pool.query(
    `with freed as (
       update run set owner = null, adrift = true, wake = wake + 1
         from unnest($2::text[], $3::int[]) as stray(id, epoch)
        where run.id = stray.id and run.epoch = stray.epoch and run.owner = $1 and run.finished_at is null
       returning run.id
     )
     select ${addRunJob("id")} from freed`,
    [worker, strays.map(({ id }) => id), strays.map(({ epoch }) => epoch)],
  );
}
