/** What makes a process a worker: it drives runs by the queue, gives signs of life, and hands over when it stops. */
import { hostname } from "node:os";
import { makeId, type RunId, type WorkerId } from "#base/index.ts";
import { createEngine, type EngineOptions } from "#engine/index.ts";
import { machineVersion } from "#flow/machine/index.ts";
import {
  createGates,
  createPostgresJournal,
  createWatcher,
  declareDead,
  type Gates,
  type PostgresJournal,
  registerWorker,
  retireWorker,
  startPulse,
  startQueue,
} from "#journal/index.ts";
import {
  createListener,
  type Database,
  log,
  metrics,
  randomSource,
  sha256,
  throughOutage,
} from "#platform/index.ts";
import { driveAlone } from "./alone.ts";

/** What a worker's engine is connected with. */
export type Connection = Pick<
  EngineOptions,
  "models" | "tools" | "revisions" | "approvals" | "redaction" | "memory"
> & {
  readonly close?: () => void | Promise<void>;
  /** To be used in place of the worker's own. */
  readonly journal?: PostgresJournal;
};

export type WorkerOptions = {
  readonly db: Database;
  readonly worker: WorkerId;
  /** How many runs it drives at once. */
  readonly concurrency: number;
  /** The one run that this process is for; undefined: what the queue brings. */
  readonly alone: RunId | undefined;
  /** What calls, people and flows are to this worker. */
  connect(journal: PostgresJournal, gates: Gates): Connection;
  /** What it does besides driving runs: jobs of the queue by their task, and what each heartbeat looks after. */
  readonly besides?: {
    readonly tasks: Readonly<Record<string, (payload: unknown) => Promise<void>>>;
    tidy(): Promise<void>;
  };
  /** Starts a process that drives one run as that worker; resolves with its exit code, null when it was killed. */
  startAlone(worker: WorkerId, run: RunId): Promise<number | null>;
  /** The run that this process was for is over or waits. */
  onDone(): void;
  /** Others declared this worker dead: its process must end. */
  onDeclaredDead(): void;
  readonly onFailure: (error: unknown) => void;
};

export type DrivingWorker = { stop(): Promise<void> };

/** How long a worker that stops waits for a database that is away; its runs are found without its farewell too. */
const farewellMs = 8_000;

/** Registers the worker and begins to drive. */
export async function startWorker(options: WorkerOptions): Promise<DrivingWorker> {
  const { db, worker, alone } = options;
  const listener = createListener(db.url);
  await throughOutage(() => registerWorker(db.pool, { id: worker, host: hostname(), pid: process.pid }), {
    what: "to register this worker",
  });
  const own = createPostgresJournal({ db, machineVersion, alone: alone !== undefined });
  const watcher = createWatcher(db, listener);
  const gates = createGates(db, listener, worker);
  const { close: disconnect, ...beyond } = options.connect(own, gates);
  const journal = beyond.journal ?? own;
  const engine = createEngine({
    journal,
    worker,
    sha256,
    random: randomSource,
    onSignal: (run, wake) => watcher.onSignal(run, wake),
    onProblem: ({ run, error }) =>
      log.error({ run, error: error instanceof Error ? error.stack : String(error) }, "a run met a problem"),
    onStep({ kind, outcome, ms }) {
      metrics.steps.inc({ kind, outcome });
      metrics.stepSeconds.observe({ kind }, ms / 1000);
    },
    ...beyond,
  });
  const drive = async (run: RunId): Promise<void> => {
    metrics.driven.inc();
    try {
      await engine.drive(run);
    } finally {
      metrics.driven.dec();
    }
  };
  const pulse = startPulse(db, worker, options.onDeclaredDead, async () => {
    await own.tidy();
    await options.besides?.tidy();
  });
  let closing: Promise<void> | null = null;
  // A lone run may end at the moment at which its process is told to stop.
  const close = (): Promise<void> => (closing ??= closeAll());
  const closeAll = async (): Promise<void> => {
    pulse.stop();
    await engine.stop();
    await disconnect?.();
    gates.close();
    watcher.close();
    await listener.close();
    await throughOutage(() => retireWorker(db, worker), {
      what: "to hand over the runs of this worker",
      longestMs: farewellMs,
    });
    own.close();
    await db.close();
  };

  if (alone !== undefined) {
    void drive(alone).then(close).then(options.onDone, options.onFailure);
    return { stop: close };
  }

  const queue = await startQueue({
    db,
    journal,
    worker,
    concurrency: options.concurrency,
    tasks: options.besides?.tasks ?? {},
    onRun: drive,
    onStopped: options.onFailure,
    onAlone: (run) =>
      driveAlone(run, {
        newWorker: () => makeId("wrk", own.now(), randomSource),
        start: options.startAlone,
        release: (id) => retireWorker(db, id),
        bury: (id) => declareDead(db, id, { alone: true }),
      }),
  });
  return {
    async stop() {
      // Segments let go of their runs first: the queue waits for those under way.
      const stopped = queue.stop();
      await engine.stop();
      await stopped;
      await close();
    },
  };
}
