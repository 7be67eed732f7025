import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startRun } from "#api/index.ts";
import { publish } from "#library/index.ts";
import { decideApproval, listApprovals } from "#people/index.ts";
import { type Database, openDatabase } from "#platform/index.ts";
import { percentile, rounded } from "./figures.ts";
import { makeMember } from "./member.ts";

const parked = 2000;
const decisions = 300;
const quietSeconds = 10;

const flow = `id: parked
tasks:
  - id: ask
    approval: Go on?
  - id: told
    tool: notify
    with: { to: admin, text: Decided }
`;

export type ParkedFigures = {
  readonly bytesPerRun: number;
  readonly idleStatementsPerSecond: number;
  readonly resumeP50Ms: number;
  readonly resumeP99Ms: number;
};

/** What runs that wait for a person cost a worker, and how soon one goes on once it was decided. */
export async function measureParked(url: string): Promise<ParkedFigures> {
  const db = openDatabase(url, { connections: 20 });
  const scope = await makeMember(db);
  await publish(db, scope, { text: flow, message: "", into: "any" });
  const start = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= 50) {
      await Promise.all(
        Array.from({ length: Math.min(50, left) }, () => startRun(db, scope, { slug: "parked", inputs: {} })),
      );
    }
  };
  const worker = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), [url], {
    execArgv: ["--expose-gc"],
  });
  try {
    await once(worker, "message");
    // Warms the worker up, so that compiled code and caches are not charged to those that follow.
    const warm = 300;
    await start(warm);
    await isParked(db, warm);
    await decide(db, scope, 100);
    await isParked(db, warm - 100);
    const idle = await statementsPerSecond(db);
    const before = await memoryOf(worker);
    await start(parked);
    await isParked(db, warm - 100 + parked);
    const after = await memoryOf(worker);
    const quiet = await statementsPerSecond(db);
    const { rows: last } = await db.pool.query<{ at: Date }>("select clock_timestamp() as at");
    await decide(db, scope, decisions);
    await isParked(db, warm - 100 + parked - decisions);
    const { rows } = await db.pool.query<{ ms: number }>(
      `select extract(epoch from batch.at - decided.created_at)::float8 * 1000 as ms
         from run_inbox as decided
         join event_batch as batch on batch.run_id = decided.run_id
          and batch.bodies like '%"task-started"%' and batch.bodies like '%"path":"told"%'
        where decided.created_at > $1 and decided.source like 'approval%'`,
      [last[0]?.at],
    );
    if (rows.length !== decisions) throw new Error(`${rows.length} of ${decisions} decisions went on.`);
    const found = rows.map(({ ms }) => ms);
    return {
      bytesPerRun: Math.max(0, Math.round((after - before) / parked)),
      idleStatementsPerSecond: Math.max(0, rounded(quiet - idle)),
      resumeP50Ms: rounded(percentile(found, 0.5)),
      resumeP99Ms: rounded(percentile(found, 0.99)),
    };
  } finally {
    worker.disconnect();
    await once(worker, "exit");
    await db.close();
  }
}

/** Waits until so many runs wait, and no other is under way. */
async function isParked(db: Database, count: number): Promise<void> {
  for (;;) {
    const { rows } = await db.pool.query<{ waiting: number; others: number }>(
      `select count(*) filter (where state = 'waiting' and owner is null)::int as waiting,
              count(*) filter (where state <> 'waiting' or owner is not null)::int as others
         from run where finished_at is null and flow_id in (select id from flow where slug = 'parked')`,
    );
    if (rows[0]?.waiting === count && rows[0].others === 0) return;
    await delay(50);
  }
}

/** One after another, each as a member in the browser does it. */
async function decide(
  db: Database,
  scope: Awaited<ReturnType<typeof makeMember>>,
  count: number,
): Promise<void> {
  for (let done = 0; done < count;) {
    const rows = await listApprovals(db, scope, "pending");
    for (const { id, hash } of rows.slice(0, count - done)) {
      await decideApproval(db, scope, { id, hash, decision: "approve", comment: "", answer: null });
      done += 1;
    }
  }
}

async function memoryOf(worker: ChildProcess): Promise<number> {
  worker.send("memory");
  const [{ bytes }] = (await once(worker, "message")) as [{ bytes: number }];
  return bytes;
}

/** Whether the server vacuums and analyses tables by itself. */
async function setCleaning(db: Database, value: "on" | "off"): Promise<void> {
  await db.pool.query(`alter system set autovacuum = ${value}`);
  await db.pool.query("select pg_reload_conf()");
}

/**
 * Of the whole database, but for the server's own cleaning, which commits hundreds of times after much was written: each
 * statement outside of a transaction is one, and so is each transaction.
 */
async function statementsPerSecond(db: Database): Promise<number> {
  const count = async (): Promise<number> => {
    // What a connection did is told a moment after it fell silent.
    await delay(1500);
    const { rows } = await db.pool.query<{ count: string }>(
      "select xact_commit + xact_rollback as count from pg_stat_database where datname = current_database()",
    );
    return Number(rows[0]?.count);
  };
  await setCleaning(db, "off");
  try {
    const first = await count();
    await delay(quietSeconds * 1000);
    return ((await count()) - first) / (quietSeconds + 1.5);
  } finally {
    await setCleaning(db, "on");
  }
}
