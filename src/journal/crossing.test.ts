import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeId, type RunId, type WorkspaceId } from "#base/index.ts";
import type { ParentLink } from "#flow/machine/index.ts";
import { startTestDatabase, type TestDatabase } from "#platform/testing.ts";
import {
  createPostgresJournal,
  declareDead,
  migrateQueue,
  registerWorker,
  type PostgresJournal,
} from "./index.ts";

const workspace = "ws_test" as WorkspaceId;
let database: TestDatabase;
let journal: PostgresJournal;

beforeAll(async () => {
  database = await startTestDatabase();
  await migrateQueue(database.db);
  const { pool } = database.db;
  await pool.query("insert into flow (id, workspace_id, slug, title) values ('f', $1, 'f', 'F')", [
    workspace,
  ]);
  journal = createPostgresJournal({ db: database.db, machineVersion: 1 });
});
afterAll(async () => {
  journal.close();
  await database.close();
});

function newId<P extends string>(prefix: P) {
  return makeId(prefix, Date.now(), (count) => new Uint8Array(randomBytes(count)));
}

async function newRun(more: { parent?: ParentLink; limit?: number } = {}): Promise<RunId> {
  const id = newId("run");
  const by = { kind: "user", id: "user_1", name: "Ada" } as const;
  const { parent, limit } = more;
  await journal.create({
    id,
    workspace,
    flow: "f",
    revision: "rev_1",
    start: {
      type: "run-started",
      flowId: "f",
      revisionId: "rev_1",
      inputs: {},
      vars: {},
      by,
      simulated: true,
      ...(parent ? { parent } : {}),
    },
    ...(limit === undefined ? {} : { slot: { key: "k", limit, onFull: "queue" } }),
  });
  return id;
}

async function claimed(run: RunId) {
  const id = newId("wrk");
  await registerWorker(database.db.pool, { id, host: "here", pid: 1 });
  const claim = await journal.claim(run, id);
  return { id, epoch: claim?.epoch ?? 0 };
}

const kinds = async (run: RunId) => (await journal.inbox(run)).items.map(({ signal }) => signal.kind);

test("a run that is dead-lettered gives up its locks and its place, and tells its parent", async () => {
  const parent = await newRun();
  const link = {
    run: parent,
    path: "call",
    key: `${parent}:call:1:1:run`,
    waits: true,
    depth: 1,
    internal: false,
  };
  const child = await newRun({ parent: link, limit: 1 });
  const queued = await newRun({ limit: 1 });
  const other = await newRun();
  const owner = await claimed(child);
  const waiting = await claimed(other);
  const lock = { workspace, path: "a", name: "order" };
  await journal.askLock({ ...lock, run: child, epoch: owner.epoch, key: "one" });
  await journal.askLock({ ...lock, run: other, epoch: waiting.epoch, key: "two" });
  expect(await kinds(child)).toContain("lock-granted");
  expect(await kinds(other)).toEqual(["start"]);
  expect(await kinds(queued)).toEqual([]);
  await declareDead(database.db, owner.id, { alone: true });
  expect(await kinds(other)).toContain("lock-granted");
  expect(await kinds(queued)).toEqual(["start"]);
  const { items } = await journal.inbox(parent);
  const [told] = items.filter(({ signal }) => signal.kind === "child-ended");
  expect(told?.signal).toMatchObject({ outcome: "failed", error: { code: "internal" } });
});

test("a worker that lost its run asks for no lock in its name", async () => {
  const run = await newRun();
  const { epoch } = await claimed(run);
  await journal.askLock({ workspace, path: "a", name: "late", run, epoch: epoch - 1, key: "stale" });
  const { rows } = await database.db.pool.query("select 1 from run_lock where key = 'stale'");
  expect(rows).toEqual([]);
});

test("a start that is asked for again once its run is over takes no place that nobody gives up", async () => {
  const { pool } = database.db;
  const id = await newRun({ limit: 1 });
  const again = () =>
    pool.query<{ taken: string }>("select take_slot($1, $2, 'f', 'k', 1, true, '{}') as taken", [
      id,
      workspace,
    ]);
  await pool.query("update run set finished_at = now(), state = 'failed' where id = $1", [id]);
  expect((await again()).rows).toEqual([{ taken: "held" }]);
  expect((await pool.query("select 1 from run_slot where run_id = $1", [id])).rows).toEqual([]);
});

test("a start takes the flow before the queue for its places, as where a schedule fires", async () => {
  const { pool } = database.db;
  const schedule = await pool.connect();
  try {
    await schedule.query("begin");
    await schedule.query("select 1 from flow where id = 'f' for no key update");
    const started = newRun({ limit: 1000 });
    for (let blocked = 0; blocked === 0;) {
      const { rows } = await pool.query<{ n: number }>(
        `select count(*)::int as n from pg_locks where not granted
            and pid in (select pid from pg_stat_activity where datname = current_database())`,
      );
      blocked = rows[0]?.n ?? 0;
    }
    await schedule.query("select take_slot($1, $2, 'f', 'k', 1000, true, '{}')", [newId("run"), workspace]);
    await schedule.query("rollback");
    await started;
  } finally {
    schedule.release();
  }
});

/** Resolves when another connection waits for a lock that somebody holds. */
async function somebodyWaits(): Promise<void> {
  for (;;) {
    const { rows } = await database.db.pool.query<{ waiting: number }>(
      `select count(*)::int as waiting from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if ((rows[0]?.waiting ?? 0) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test.each(["an event", "a signal"])(
  "%s that comes as its run ends is not counted as one that it got",
  async (what) => {
    const run = await newRun();
    const ending = await database.db.pool.connect();
    try {
      await ending.query("begin");
      await ending.query("update run set finished_at = now(), state = 'succeeded' where id = $1", [run]);
      const sent =
        what === "an event"
          ? database.db.pool
              .query<{ got: boolean }>("select wake_run($1, 'late', '{}') as got", [run])
              .then(({ rows }) => rows[0]?.got)
          : journal.signal(run, "late", { kind: "cancel", by: ada, reason: "" });
      await somebodyWaits();
      await ending.query("commit");
      expect(await sent).toBe(false);
    } finally {
      ending.release();
    }
    const { rows } = await database.db.pool.query(
      "select 1 from run_inbox where run_id = $1 and source = 'late'",
      [run],
    );
    expect(rows).toEqual([]);
  },
);

const ada = { kind: "user", id: "user_1", name: "Ada" } as const;
