import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RunId, type WorkerId, type WorkspaceId, makeId } from "#base/index.ts";
import { type TestDatabase, startTestDatabase } from "#platform/testing.ts";
import {
  type Claim,
  type PostgresJournal,
  createPostgresJournal,
  declareDead,
  migrateQueue,
  registerWorker,
  startQueue,
} from "./index.ts";

const workspace = "ws_queue" as WorkspaceId;
const machineVersion = 1;
let database: TestDatabase;
let journal: PostgresJournal;

beforeAll(async () => {
  database = await startTestDatabase();
  await migrateQueue(database.db);
  await database.db.pool.query(
    "insert into flow (id, workspace_id, slug, title) values ('queue', $1, 'queue', 'Queue')",
    [workspace],
  );
  journal = createPostgresJournal({ db: database.db, machineVersion });
});

afterAll(async () => {
  journal.close();
  await database.close();
});

function newId<P extends string>(prefix: P) {
  return makeId(prefix, Date.now(), (count) => new Uint8Array(randomBytes(count)));
}

async function newWorker(): Promise<WorkerId> {
  const id = newId("wrk");
  await registerWorker(database.db.pool, { id, host: "test", pid: 1 });
  return id;
}

async function newRun(): Promise<RunId> {
  const id = newId("run");
  await journal.create({
    id,
    workspace,
    flow: "queue",
    revision: "rev",
    start: {
      type: "run-started",
      flowId: "queue",
      revisionId: "rev",
      inputs: {},
      vars: {},
      by: { kind: "user", id: "user_1", name: "Ada" },
      simulated: true,
    },
  });
  return id;
}

/** Takes jobs for a worker and hands each run over as it comes. */
async function taking(worker: WorkerId, alone: RunId[] = []) {
  const waiting = new Map<RunId, () => void>();
  const seen: RunId[] = [];
  const queue = await startQueue({
    db: database.db,
    journal,
    worker,
    concurrency: 4,
    onRun: async (run) => {
      seen.push(run);
      waiting.get(run)?.();
    },
    onAlone: async (run) => {
      alone.push(run);
      waiting.get(run)?.();
    },
  });
  return {
    queue,
    seen,
    /** Resolves when the run is handed over the next time, or the first time if it was already. */
    come: (run: RunId, first = false) =>
      new Promise<void>((resolve) => {
        if (first && seen.includes(run)) resolve();
        else waiting.set(run, resolve);
      }),
  };
}

test("a new run is handed over, and again when a signal comes while nobody owns it", async () => {
  const { queue, come } = await taking(await newWorker());
  const started = await newRun();
  await come(started, true);
  const again = come(started);
  await journal.signal(started, "again", {
    kind: "cancel",
    by: { kind: "user", id: "u", name: "Ada" },
    reason: "",
  });
  await again;
  await queue.stop();
});

test("a timer puts its signal into the inbox and wakes the run", async () => {
  const run = await newRun();
  const { queue, come } = await taking(await newWorker());
  await come(run, true);
  const woken = come(run);
  // Set by a process that is gone: only the queue can fire it.
  const other = createPostgresJournal({ db: database.db, machineVersion: 1 });
  const set = other.setTimer(run, { path: "a", name: "wait", n: 2, dueAt: Date.now() - 1000 });
  other.close();
  await set;
  await woken;
  const { items } = await journal.inbox(run);
  expect(items.map((item) => item.signal)).toContainEqual({ kind: "timer", path: "a", name: "wait", n: 2 });
  await queue.stop();
});

test("a segment that throws gives its run back; after the second time the run goes on alone", async () => {
  const run = await newRun();
  const worker = await newWorker();
  const alone = Promise.withResolvers<RunId>();
  let attempts = 0;
  const queue = await startQueue({
    db: database.db,
    journal,
    worker,
    concurrency: 4,
    async onRun(id) {
      if (id !== run) return;
      if ((await journal.claim(id, worker)) === null) return;
      attempts += 1;
      throw new Error("The segment is broken.");
    },
    async onAlone(id) {
      if (id === run) alone.resolve(id);
    },
  });
  expect(await alone.promise).toBe(run);
  expect(attempts).toBe(2);
  await queue.stop();
});

test("a run whose job comes while the queue stops keeps a job", async () => {
  const run = await newRun();
  const begun = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const queue = await startQueue({
    db: database.db,
    journal,
    worker: await newWorker(),
    concurrency: 4,
    async onRun(id) {
      if (id !== run) return;
      begun.resolve();
      // As an engine that stops: it drives nothing any more.
      await over.promise;
    },
  });
  await begun.promise;
  const stopped = queue.stop();
  over.resolve();
  await stopped;
  const { rowCount } = await database.db.pool.query("select 1 from graphile_worker.jobs where key = $1", [
    `run:${run}`,
  ]);
  expect(rowCount).toBe(1);
});

test("jobs that a dead worker had locked are taken by another", async () => {
  const dead = await newWorker();
  const run = await newRun();
  await database.db.pool.query("update worker set queue = 'pool-dead' where id = $1", [dead]);
  await database.db.pool.query(
    "update graphile_worker._private_jobs set locked_by = 'pool-dead', locked_at = now() where key = $1",
    [`run:${run}`],
  );
  const { queue, seen, come } = await taking(await newWorker());
  expect(seen).not.toContain(run);
  const taken = come(run);
  await declareDead(database.db, dead);
  await taken;
  await queue.stop();
});

test("a run whose job was lost gets one again, once its signal has lain unread for a while", async () => {
  const { pool } = database.db;
  const run = await newRun();
  const jobs = async (): Promise<number> => {
    const { rows } = await pool.query<{ count: number }>(
      "select count(*)::int as count from graphile_worker.jobs where key = $1",
      [`run:${run}`],
    );
    return rows[0]?.count ?? 0;
  };
  await pool.query("delete from graphile_worker._private_jobs where key = $1", [`run:${run}`]);
  await journal.tidy();
  expect(await jobs()).toBe(0);
  await pool.query("update run_inbox set created_at = created_at - interval '20 seconds' where run_id = $1", [
    run,
  ]);
  await journal.tidy();
  expect(await jobs()).toBe(1);
  await journal.tidy();
  expect(await jobs()).toBe(1);
});

test("a run that a newer machine wrote to is handed back by an older worker, and no wake-up is lost", async () => {
  const { pool } = database.db;
  const newer = createPostgresJournal({ db: database.db, machineVersion: machineVersion + 1 });
  const run = await newRun();
  await pool.query("update run set machine_version = $2 where id = $1", [run, machineVersion + 1]);
  const jobs = async (): Promise<unknown[]> => {
    const { rows } = await pool.query<{ task_identifier: string; key: string; locked: boolean }>(
      "select task_identifier, key, locked_at is not null as locked from graphile_worker.jobs where key = $1",
      [`run:${run}`],
    );
    return rows;
  };
  const handedBack = [{ task_identifier: `run-v${machineVersion + 1}`, key: `run:${run}`, locked: false }];
  const oldWorker = await newWorker();
  const by = { kind: "user", id: "user_1", name: "Ada" } as const;
  const claims: unknown[] = [];
  const old = await startQueue({
    db: database.db,
    journal,
    worker: oldWorker,
    machineVersion,
    onRun: async (id) => {
      if (id === run) claims.push(await journal.claim(id, oldWorker));
    },
  });
  await vi.waitFor(async () => expect(await jobs()).toEqual(handedBack));
  await journal.signal(run, "again", { kind: "cancel", by, reason: "" });
  await vi.waitFor(() => expect(claims).toEqual([null, null]));
  await vi.waitFor(async () => expect(await jobs()).toEqual(handedBack));

  const newWorkerId = await newWorker();
  let claim: Claim | null = null;
  const young = await startQueue({
    db: database.db,
    journal: newer,
    worker: newWorkerId,
    machineVersion: machineVersion + 1,
    onRun: async (id) => {
      if (id === run) claim = await newer.claim(id, newWorkerId);
    },
  });
  await vi.waitFor(() => expect(claim).not.toBeNull());
  expect((claim as Claim | null)?.inbox?.items.map(({ signal }) => signal.kind)).toEqual(["start", "cancel"]);
  expect(claims).toEqual([null, null]);
  await Promise.all([old.stop(), young.stop()]);
  newer.close();
});

test("a claim stamps the run with the version of the machine that goes on with it", async () => {
  const newer = createPostgresJournal({ db: database.db, machineVersion: machineVersion + 1 });
  const run = await newRun();
  const stamped = async (): Promise<number | undefined> => {
    const { rows } = await database.db.pool.query<{ version: number }>(
      "select machine_version as version from run where id = $1",
      [run],
    );
    return rows[0]?.version;
  };
  const first = await newWorker();
  await journal.claim(run, first);
  expect(await stamped()).toBe(machineVersion);
  await declareDead(database.db, first);
  expect(await newer.claim(run, await newWorker())).not.toBeNull();
  expect(await stamped()).toBe(machineVersion + 1);
  newer.close();
});

test("a job that a worker took without hearing of it is given out anew; one of a driven run is left", async () => {
  const lost = await newRun();
  const driven = await newRun();
  const owner = await newWorker();
  await journal.claim(driven, owner);
  const { pool } = database.db;
  // As when the connection broke between taking the jobs and hearing which.
  await pool.query(
    `update graphile_worker._private_jobs set locked_at = clock_timestamp() - interval '1 minute', locked_by = 'somebody alive'
      where key = any($1::text[])`,
    [[`run:${lost}`, `run:${driven}`]],
  );
  await journal.tidy();
  const { rows } = await pool.query<{ key: string; locked: boolean }>(
    "select key, locked_at is not null as locked from graphile_worker._private_jobs where key = any($1::text[]) order by 2",
    [[`run:${lost}`, `run:${driven}`]],
  );
  expect(rows).toEqual([
    { key: `run:${lost}`, locked: false },
    { key: `run:${driven}`, locked: true },
  ]);
  const { queue, come } = await taking(await newWorker());
  await come(lost, true);
  await queue.stop();
});

test("so are jobs of schedules, of ends of runs and of work on many runs", async () => {
  const { pool } = database.db;
  const keys = ["schedule:s", "completion:c", "bulk:b"];
  const add = (key: string) =>
    pool.query("select graphile_worker.add_job($1, '{}', job_key => $2)", [key.split(":", 1)[0], key]);
  const locked = async (seconds: number) => {
    await pool.query(
      `update graphile_worker._private_jobs set locked_by = 'somebody alive',
              locked_at = clock_timestamp() - make_interval(secs => $2) where key = any($1::text[])`,
      [keys, seconds],
    );
    await journal.tidy();
    const { rows } = await pool.query<{ key: string }>(
      "select key from graphile_worker._private_jobs where key = any($1::text[]) and locked_at is not null order by key",
      [keys],
    );
    return rows.map(({ key }) => key);
  };
  for (const key of keys) await add(key);
  expect(await locked(30)).toEqual(["bulk:b", "completion:c", "schedule:s"]);
  expect(await locked(70)).toEqual(["bulk:b"]);
  expect(await locked(400)).toEqual([]);
  for (const key of keys) await pool.query("select graphile_worker.remove_job($1)", [key]);
});

test("a run that is a worker's without its knowing is given back and driven; one that it drives is left", async () => {
  const [stray, driven] = [await newRun(), await newRun()];
  const worker = await newWorker();
  const begun = Promise.withResolvers<void>();
  const found = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const queue = await startQueue({
    db: database.db,
    journal,
    worker,
    concurrency: 4,
    lookMs: 20,
    async onRun(id) {
      if (id === stray) {
        if ((await journal.claim(id, worker)) !== null) found.resolve();
      } else if (id === driven) {
        await journal.claim(id, worker);
        begun.resolve();
        await over.promise;
      }
    },
  });
  await begun.promise;
  const { pool } = database.db;
  // As when a claim is carried out after its run was given back.
  await found.promise;
  await pool.query(
    "update run set owner = $2, updated_at = clock_timestamp() - interval '1 minute' where id = any($1::text[])",
    [[stray, driven], worker],
  );
  const epochs = async () => {
    const { rows } = await pool.query<{ epoch: number }>(
      "select epoch from run where id = any($1::text[]) order by id = $2 desc",
      [[stray, driven], stray],
    );
    return rows.map(({ epoch }) => epoch);
  };
  await vi.waitFor(async () => expect(await epochs()).toEqual([2, 1]), { timeout: 15_000 });
  over.resolve();
  await queue.stop();
});

test("a run that was taken from its owner gets another job where the first came to nothing", async () => {
  const { pool } = database.db;
  const jobs = async (run: RunId): Promise<number> =>
    (await pool.query("select 1 from graphile_worker.jobs where key = $1", [`run:${run}`])).rowCount ?? 0;
  const run = await newRun();
  const [first, second, third] = [await newWorker(), await newWorker(), await newWorker()];
  const claim = await journal.claim(run, first);
  if (claim === null) throw new Error("Nothing was claimed.");
  const [item] = claim.inbox?.items ?? [];
  await pool.query("update run_inbox set consumed_at = now() where id = $1", [item?.id]);
  await declareDead(database.db, first);
  expect(await jobs(run)).toBe(1);
  // Taken by one that is dead without knowing it: it can claim nothing, and the job is done with.
  await declareDead(database.db, second);
  expect(await journal.claim(run, second)).toBeNull();
  await pool.query("select graphile_worker.remove_job($1)", [`run:${run}`]);
  await journal.tidy();
  expect(await jobs(run)).toBe(1);
  expect((await journal.claim(run, third))?.epoch).toBe(claim.epoch + 1);
  await pool.query("select graphile_worker.remove_job($1)", [`run:${run}`]);
  await journal.tidy();
  expect(await jobs(run)).toBe(0);
});

/** The database, whose connections fail the queue's statements that note the end of a job, as long as there is an error left. */
function failingAtEnds(errors: Error[]): typeof database.db {
  const pool = new Proxy(database.db.pool, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (property !== "connect") return typeof value === "function" ? value.bind(target) : value;
      return async (listener?: Parameters<typeof target.connect>[0]) => {
        if (listener !== undefined) return target.connect(listener);
        const client = await target.connect();
        const query = client.query.bind(client) as (...given: unknown[]) => Promise<unknown>;
        return {
          release: (broken?: boolean) => client.release(broken),
          async query(...given: unknown[]) {
            const [statement] = given as [{ name?: string }];
            const isEnd = statement.name?.startsWith("complete_job") === true;
            const error = isEnd ? errors.shift() : undefined;
            if (error !== undefined) throw error;
            return query(...given);
          },
        };
      };
    },
  });
  return { ...database.db, pool };
}

async function jobsOf(run: RunId): Promise<number> {
  const { rows } = await database.db.pool.query<{ count: number }>(
    "select count(*)::int as count from graphile_worker._private_jobs where payload->>'run' = $1",
    [run],
  );
  return rows[0]?.count ?? 0;
}

test("a queue outlasts connections that break as it notes the end of a job", async () => {
  const cut = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  const errors: Error[] = [cut, cut, cut];
  const onStopped = vi.fn();
  const driven: RunId[] = [];
  const queue = await startQueue({
    db: failingAtEnds(errors),
    journal,
    worker: await newWorker(),
    concurrency: 4,
    onRun: async (run) => void driven.push(run),
    onStopped,
  });
  const first = await newRun();
  await vi.waitFor(async () => expect(await jobsOf(first)).toBe(0), { timeout: 10_000 });
  expect(errors).toEqual([]);
  const second = await newRun();
  await vi.waitFor(async () => expect(await jobsOf(second)).toBe(0), { timeout: 10_000 });
  expect(driven).toEqual(expect.arrayContaining([first, second]));
  expect(onStopped).not.toHaveBeenCalled();
  await queue.stop();
});

test("a queue that cannot go on says so at once, also while a job of its is under way", async () => {
  const stopped = Promise.withResolvers<Error>();
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const lasting = await newRun();
  const queue = await startQueue({
    db: failingAtEnds([Object.assign(new Error("no room on the disk"), { code: "53100" })]),
    journal,
    worker: await newWorker(),
    concurrency: 4,
    async onRun(run) {
      if (run !== lasting) return;
      begun.resolve();
      await end.promise;
    },
    onStopped: stopped.resolve,
  });
  await begun.promise;
  await newRun();
  await expect(stopped.promise).resolves.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("no room on the disk"),
  });
  end.resolve();
  await queue.stop().catch(() => undefined);
});
