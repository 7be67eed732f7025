import { messageOf, type RunId, type WorkerId } from "#base/index.ts";
import { canonicalJson } from "#flow/index.ts";
import { type Database, type Queryable, log, metrics, transaction } from "#platform/index.ts";
import { crashesBeforeAlone } from "./runs.ts";
import { addAloneJob, addRunJob } from "./wake.ts";

/** A worker that gave no sign of life for so many seconds is dead. */
export const deadAfterSeconds = 15;
const heartbeatMs = 3000;
/** A sign of life that gets no answer for so long hangs on a connection that nobody is behind any more. By then it is given up. */
const longestBeatMs = 30_000;
/** Looking after others and what is left behind begins anew when it took so long. */
const longestLookMs = 120_000;
/** A run whose lone process is lost with its whole machine again and again ends as well. */
const mostCrashes = 5;

export type WorkerPlace = { readonly id: WorkerId; readonly host: string; readonly pid: number };

/** Registers a worker. To be done before it claims its first run. */
export async function registerWorker(db: Queryable, worker: WorkerPlace): Promise<void> {
  await db.query(
    `insert into worker (id, host, pid, started_at, heartbeat_at)
     values ($1, $2, $3, clock_timestamp(), clock_timestamp()) on conflict (id) do nothing`,
    [worker.id, worker.host, worker.pid],
  );
}

/** Notes under which name the worker's queue locks jobs, so that declaring it dead releases them. */
export async function noteQueueName(db: Queryable, worker: WorkerId, queue: string): Promise<void> {
  await db.query("update worker set queue = $2 where id = $1", [worker, queue]);
}

/** Gives a sign of life. False: the worker was declared dead, and its runs are others' now. */
export async function heartbeat(db: Queryable, worker: WorkerId): Promise<boolean> {
  const { rowCount } = await db.query(
    "update worker set heartbeat_at = clock_timestamp() where id = $1 and died_at is null",
    [worker],
  );
  return (rowCount ?? 0) > 0;
}

export type Death = {
  /** Whether the segments that it had begun count as crashed; false after an orderly stop. True unless given. */
  readonly crashed?: boolean;
  /** It drove one run alone, and that was seen to crash it: the run is dead-lettered. */
  readonly alone?: boolean;
};

/**
 * Declares a worker dead: frees its runs, which fences it, queues them, and releases the jobs that it had
 * locked. For the supervisor that saw it end; doing it twice does nothing more. Answers the runs that it owned.
 */
export async function declareDead(
  db: Database,
  worker: WorkerId,
  death: Death = {},
): Promise<readonly RunId[]> {
  return transaction(db, async (tx) => {
    const { rows } = await tx.query<{ queue: string | null }>(
      `update worker set died_at = clock_timestamp() where id = $1 and died_at is null returning queue`,
      [worker],
    );
    const queue = rows[0]?.queue;
    if (typeof queue === "string") {
      await tx.query("select graphile_worker.force_unlock_workers(array[$1::text])", [queue]);
      // Unlocking tells nobody: without this, the jobs would wait for the next look at the queue.
      await tx.query(`select pg_notify('jobs:insert', '{"r":' || random()::text || ',"count":1}')`);
    }
    return takeOver(tx, worker, death);
  });
}

/** Frees and queues what a worker owned when it stopped in order: nothing counts as crashed. */
export async function retireWorker(db: Database, worker: WorkerId): Promise<void> {
  await declareDead(db, worker, { crashed: false });
}

/**
 * Declares dead whoever gave no sign of life for {@link deadAfterSeconds}, by Postgres' clock, and takes over what a dead worker
 * still owns (it may have claimed at the very moment of being declared dead).
 */
export async function reapDeadWorkers(db: Database): Promise<readonly WorkerId[]> {
  const { rows } = await db.pool.query<{ id: WorkerId }>(
    `select id from worker where died_at is null
        and heartbeat_at < clock_timestamp() - make_interval(secs => ${deadAfterSeconds})
     union
     select run.owner from run join worker on worker.id = run.owner where worker.died_at is not null
        and run.owner is not null and run.finished_at is null`,
  );
  const dead = rows.map((row) => row.id);
  metrics.deaths.inc(dead.length);
  for (const id of dead) await declareDead(db, id);
  return dead;
}

async function takeOver(tx: Queryable, worker: WorkerId, death: Death): Promise<readonly RunId[]> {
  const { rows } = await tx.query<{ id: RunId; crashes: number }>(
    `update run set owner = null, adrift = true, wake = wake + 1, updated_at = clock_timestamp(),
            crashes = crashes + $2::int
      where owner = $1 and finished_at is null returning id, crashes`,
    [worker, death.crashed === false ? 0 : 1],
  );
  metrics.takeovers.inc(rows.length);
  for (const { id, crashes } of rows) {
    if (death.alone === true || crashes >= mostCrashes) await deadLetter(tx, id, crashes);
    else
      await tx.query(
        `select ${crashes >= crashesBeforeAlone ? addAloneJob("$1::text") : addRunJob("$1::text")}`,
        [id],
      );
  }
  return rows.map((row) => row.id);
}

/** Ends a run that crashes whoever drives it. What it did so far stays in its journal. */
async function deadLetter(tx: Queryable, run: RunId, crashes: number): Promise<void> {
  metrics.deadLetters.inc();
  const message = `Stopped for good: ${crashes} workers crashed while they drove this run.`;
  const hint = "Look for the task that was under way in the run's trace and in the log of the worker.";
  await tx.query(
    `with buried as (
       update run set state = 'dead-lettered', headline = $2, error = $3, updated_at = clock_timestamp(),
              finished_at = clock_timestamp(), owner = null, adrift = false
        where id = $1 returning id, workspace_id
     ),
     audited as (
       insert into audit_entry
         (workspace_id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, run_id, body)
       select workspace_id, clock_timestamp(), 'system', 'engine', 'Baton', 'run.dead-lettered', 'run', id, id, $4
         from buried
     )
     select pg_notify('run', id), pg_notify('workspace', workspace_id || ' run ' || id) from buried`,
    [run, message, JSON.stringify({ code: "internal", message, hint }), canonicalJson({ crashes, message })],
  );
}

export type Pulse = { stop(): void };

/**
 * Gives signs of life for `worker`, reaps others that gave none, and clears streams that are over. `onDeclaredDead` is
 * called once when others gave this worker up, or will have, since its signs of life hang; its process should end, as
 * whatever it does is fenced.
 */
export function startPulse(
  db: Database,
  worker: WorkerId,
  onDeclaredDead: () => void,
  tidy: () => Promise<void> = () => Promise.resolve(),
): Pulse {
  let stopped = false;
  let timer: NodeJS.Timeout;
  /** When the look after others began that is still under way. */
  let looking: number | null = null;
  function end(): void {
    if (stopped) return;
    stopped = true;
    onDeclaredDead();
  }
  async function beat(): Promise<void> {
    const hangs = setTimeout(end, longestBeatMs);
    try {
      const isAlive = await heartbeat(db.pool, worker).finally(() => clearTimeout(hangs));
      if (!isAlive) {
        end();
        return;
      }
    } catch (error) {
      log.warn({ error: messageOf(error) }, "a heartbeat failed");
      return;
    }
    void lookAfter();
  }
  /** What takes long, or hangs, holds no sign of life up; one that hangs for good is left for another. */
  async function lookAfter(): Promise<void> {
    const began = performance.now();
    if (looking !== null && began - looking < longestLookMs) return;
    looking = began;
    try {
      const dead = await reapDeadWorkers(db);
      if (dead.length > 0)
        log.warn({ workers: dead }, "workers gave no sign of life; their runs go on elsewhere");
      await tidy();
    } catch (error) {
      log.warn({ error: messageOf(error) }, "looking after other workers and what is left behind failed");
    } finally {
      if (looking === began) looking = null;
    }
  }
  function later(): void {
    timer = setTimeout(() => {
      void beat().finally(() => {
        if (!stopped) later();
      });
    }, heartbeatMs);
  }
  later();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
