/** Drives runs: claims them from the queue, calls models and tools, asks people. Serves no page. */
import { BatonError, isId, makeId, type WorkerId } from "#base/index.ts";
import { startsOf } from "#api/index.ts";
import { measureJournal } from "#journal/index.ts";
import {
  log,
  measurePool,
  measureProcess,
  openDatabase,
  randomSource,
  settings as readSettings,
} from "#platform/index.ts";
import { createTriggerCare, triggerTasks } from "#triggers/index.ts";
import { fail, live } from "./lifetime.ts";
import { openMonitor } from "./monitor.ts";
import { startChild, workerFlags } from "./start/child.ts";
import { connectWorld } from "./worker/connect.ts";
import { startWorker } from "./worker/drive.ts";

/** Connections that the journal keeps to itself. */
const journalConnections = 6;

async function begin(): Promise<{ stop(): Promise<void> }> {
  const settings = readSettings();
  const { databaseUrl } = settings;
  if (databaseUrl === undefined) throw new Error("The worker needs DATABASE_URL; `npm start` sets it.");
  const worker = workerId();
  const given = process.env["BATON_ALONE_RUN"];
  const alone = isId("run", given) ? given : undefined;
  const db = openDatabase(databaseUrl, {
    connections: journalConnections + settings.concurrency + 5,
    name: `baton ${worker}`,
  });
  const care = createTriggerCare(db, () => performance.now());
  const driving = await startWorker({
    db,
    worker,
    alone,
    concurrency: settings.concurrency,
    connect: connectWorld(db, settings),
    besides: {
      tasks: triggerTasks({ db, starts: startsOf(db) }),
      tidy: () => care.tidy(),
    },
    async startAlone(id, run) {
      const child = startChild("worker.ts", { BATON_WORKER_ID: id, BATON_ALONE_RUN: run }, workerFlags);
      return (await child.ended).code;
    },
    onDone: () => process.exit(0),
    onFailure: fail,
    onDeclaredDead: () =>
      fail(
        new BatonError("conflict", "This worker was declared dead by another; its runs go on there.", {
          hint: "It gave no sign of life for longer than is allowed. Another one takes its place.",
        }),
      ),
  });
  if (alone !== undefined || settings.metricsPort === 0) return driving;
  measureProcess("worker");
  measurePool(db.pool);
  measureJournal(db);
  const monitor = await openMonitor({
    port: settings.metricsPort,
    host: settings.host,
    token: settings.metricsToken,
    check: async () => void (await db.pool.query("select 1")),
  });
  log.info({ worker, port: monitor?.port ?? null }, "the worker takes runs and answers probes");
  return {
    async stop() {
      monitor?.drain();
      await driving.stop();
      await monitor?.close();
    },
  };
}

function workerId(): WorkerId {
  const given = process.env["BATON_WORKER_ID"];
  return isId("wrk", given) ? given : makeId("wrk", Date.now(), randomSource);
}

await live(begin);
