import { createHash } from "node:crypto";
import type { RunId } from "#base/index.ts";
import { type Database, log, metrics, type Queryable, throughOutage, transaction } from "#platform/index.ts";
import { type AppenderOptions, createAppender } from "./append.ts";
import { isOver } from "./append-values.ts";
import { loadBlobs, saveBlob } from "./blobs.ts";
import {
  askLock,
  awaitEvent,
  deleteOldEvents,
  releaseLock,
  requireLiving,
  shareSecrets,
  stopAwaiting,
  tellEnd,
} from "./crossing.ts";
import { createClock } from "./clock.ts";
import { forgetGates } from "./gates.ts";
import { timerSource } from "./queue.ts";
import {
  createClaimer,
  createRunInTransaction,
  parkRun,
  raiseEpoch,
  readInbox,
  saveSnapshot,
} from "./runs.ts";
import type { Journal } from "./spec.ts";
import { createStreamWriter, deleteEndedStreams, readChunks } from "./streams.ts";
import { readEvents } from "./events.ts";
import {
  cancelInTransaction,
  endlessAttempts,
  reopenInTransaction,
  freeLostJobs,
  rouseForgotten,
  signalInTransaction,
} from "./wake.ts";

export type PostgresJournalOptions = {
  readonly db: Database;
  /** Version of the machine whose snapshots can be used. */
  readonly machineVersion: number;
  /** This process drives one run alone, and so may claim one that has crashed workers. */
  readonly alone?: boolean;
  readonly appender?: AppenderOptions;
};

export type PostgresJournal = Journal & {
  /** Deletes what is of no more use; called with each heartbeat. */
  tidy(): Promise<void>;
  /** Gives its connections back. Nothing may be called afterwards. */
  close(): void;
};

/** A timer due sooner than the queue looks for new ones is kept by this process as well, so that it fires in time. */
const soonMs = 4000;

/** The journal in Postgres. Keeps six of the pool's connections: four to append, one to claim, one for streams. */
export function createPostgresJournal(options: PostgresJournalOptions): PostgresJournal {
  const { db, machineVersion } = options;
  const { pool } = db;
  const appender = createAppender(pool, options.appender);
  const streams = createStreamWriter(pool);
  const clock = createClock(pool);
  const soon = new Set<NodeJS.Timeout>();
  const ended = new Set<RunId>();
  /** Driven runs that may have a snapshot, as they were driven before. */
  const snapshots = new Set<RunId>();
  const claimer = createClaimer(pool, { machineVersion, alone: options.alone === true });

  function keepSoon(run: RunId, timer: { path: string; name: string; n: number; dueAt: number }): void {
    const { path, name, n, dueAt } = timer;
    const wait = dueAt - clock.now();
    if (wait > soonMs) return;
    const handle = setTimeout(
      () => {
        soon.delete(handle);
        // If this fails, the queue's timer does it a moment later.
        signalInTransaction(pool, run, timerSource(timer), { kind: "timer", path, name, n }).catch(
          () => undefined,
        );
      },
      Math.max(0, wait),
    );
    handle.unref();
    soon.add(handle);
  }

  return {
    async create(run) {
      const { parent } = run.start;
      if (run.slot === undefined && !parent) {
        await createRunInTransaction(pool, run);
        return;
      }
      await transaction(db, async (tx) => {
        if (parent) await requireLiving(tx, parent.run as RunId);
        await createRunInTransaction(tx, run);
        if (parent?.internal === true) await shareSecrets(tx, parent.run as RunId, run.id);
      });
    },
    async claim(run, worker) {
      await clock.ready();
      const claim = await claimer.claim(run, worker);
      metrics.claims.inc({
        outcome: claim === null ? "refused" : claim.crashes > 0 ? "taken-over" : "claimed",
      });
      if (claim !== null) {
        appender.note(run, claim.epoch, claim.events.at(-1)?.seq ?? claim.snapshot?.seq ?? 0);
        // One of another version is not read, but is there as well.
        if (claim.epoch > 1) snapshots.add(run);
        // It may have ended here before, and was taken up again since.
        ended.delete(run);
      }
      return claim;
    },
    async append(request) {
      const began = performance.now();
      const answer = await appender.append(request);
      metrics.appends.observe((performance.now() - began) / 1000);
      if (answer.result === "fenced") metrics.fenced.inc();
      const { run, summary } = request;
      if (answer.result === "appended" && summary !== undefined && isOver(summary.state)) ended.add(run);
      return answer;
    },
    async raiseEpoch(run, epoch, seq) {
      const raised = await raiseEpoch(pool, run, epoch);
      if (raised !== null) appender.note(run, raised, seq);
      return raised;
    },
    inbox: (run) => readInbox(pool, run),
    saveSnapshot(request) {
      snapshots.add(request.run);
      return saveSnapshot(pool, request);
    },
    async park(request) {
      const { run } = request;
      // The append of a run's end has given it up already; only its snapshot may be left to delete.
      const result = ended.delete(run) ? "ended" : await parkRun(pool, request);
      if (result === "woken") return result;
      appender.forget(run);
      const hasSnapshot = snapshots.delete(run);
      if (result !== "ended") return result;
      if (hasSnapshot) await pool.query("delete from run_snapshot where run_id = $1", [run]);
      return "parked";
    },
    signal: (run, source, signal) => signalInTransaction(pool, run, source, signal),
    reopen: (run, source, signal) => transaction(db, (tx) => reopenInTransaction(tx, run, source, signal)),
    async reopenChild(wish, signal) {
      await transaction(db, async (tx) => {
        if (!(await reopenInTransaction(tx, wish.run, wish.source, signal))) await tellEnd(tx, wish);
      });
    },
    askLock: (wish) => askLock(pool, wish),
    releaseLock: (key) => releaseLock(pool, key),
    awaitEvent: (wish) => awaitEvent(pool, wish),
    stopAwaiting: (run, key) => stopAwaiting(pool, run, key),
    async cancelRun(run, signal) {
      await transaction(db, (tx) => cancelInTransaction(tx, run, signal));
    },
    async setTimer(run, timer) {
      await addTimer(pool, run, timer);
      keepSoon(run, timer);
    },
    saveBlob: (workspace, text) => saveBlob(pool, workspace, text),
    // A call that is about to be made reads its arguments here: it must not fail for want of the database.
    loadBlobs: (workspace, hashes) =>
      throughOutage(() => loadBlobs(pool, workspace, hashes), { what: "to read large values" }),
    events: (run, after, limit) => readEvents(pool, run, after, limit),
    writeChunks: (run, epoch, stream, from, chunks) => streams.write(run, epoch, stream, from, chunks),
    readChunks: (run, stream, from) => readChunks(pool, run, stream, from),
    closeStream: (run, stream) => streams.end(run, stream),
    now: () => clock.now(),
    async tidy() {
      await deleteEndedStreams(pool);
      await deleteOldEvents(pool);
      await forgetGates(pool);
      const freed = await freeLostJobs(pool);
      if (freed > 0) log.warn({ freed }, "jobs were lost on their way to a worker and are given out anew");
      const roused = await rouseForgotten(pool);
      metrics.forgotten.inc(roused);
      if (roused > 0) log.warn({ roused }, "runs that something waits for had no job and got one");
    },
    close() {
      for (const timer of soon) clearTimeout(timer);
      clock.stop();
      streams.close();
      claimer.close();
      appender.close();
    },
  };
}

const timerSql = `select graphile_worker.add_job('timer',
    json_build_object('run', $1::text, 'path', $2::text, 'name', $3::text, 'n', $4::int),
    run_at => to_timestamp($5::float8 / 1000), job_key => $6::text, max_attempts => ${endlessAttempts})
  where not exists (select 1 from run_inbox where run_id = $1 and source = $7::text)`;

async function addTimer(
  db: Queryable,
  run: RunId,
  timer: { path: string; name: string; n: number; dueAt: number },
): Promise<void> {
  const { path, name, n, dueAt } = timer;
  await db.query(timerSql, [run, path, name, n, dueAt, timerKey(run, timer), timerSource(timer)]);
}

/** `timer:RUN:PATH:NAME:N`; the queue takes keys of at most 512 characters, so a long path is told by its hash. */
function timerKey(run: RunId, { path, name, n }: { path: string; name: string; n: number }): string {
  const short = path.length <= 400 ? path : createHash("sha256").update(path).digest("hex");
  return `timer:${run}:${short}:${name}:${n}`;
}
