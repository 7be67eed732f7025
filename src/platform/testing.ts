import { existsSync } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { type Database, openDatabase } from "./database/database.ts";
import { migrate } from "./database/migrate.ts";
import { startPostgres } from "./postgres/server.ts";

/** A database of its own for one test file. */
export type TestDatabase = { readonly url: string; readonly db: Database; close(): Promise<void> };

/** Where this vitest run keeps its server; set by the global set-up. */
export const testHomeVariable = "BATON_TEST_HOME";
const template = "baton_template";
let count = 0;

/**
 * Answers a fresh, migrated database. The first call of a vitest run starts an embedded server, which the run's
 * global tear-down stops; each call clones a migrated template, in some 50 ms. Call `close` in `afterAll`.
 */
export async function startTestDatabase(): Promise<TestDatabase> {
  const home = process.env[testHomeVariable];
  if (home === undefined)
    throw new Error(`${testHomeVariable} is not set: run tests by vitest with this project's configuration.`);
  const server = await locked(home, async () => {
    const started = await startPostgres(home, { volatile: true });
    await makeTemplate(started.url);
    return started;
  });
  count += 1;
  const name = `test_${process.pid}_${process.env["VITEST_WORKER_ID"] ?? "0"}_${count}_${Date.now()}`;
  await administrate(server.url, async (client) => {
    // One at a time: Postgres refuses to clone a database while another session clones it.
    await client.query("select pg_advisory_lock(1)");
    await client.query(`create database ${name} template ${template}`);
  });
  const url = withDatabase(server.url, name);
  const db = openDatabase(url, { connections: 8, name });
  return {
    url,
    db,
    async close() {
      await db.close();
      await administrate(server.url, (client) =>
        client.query(`drop database if exists ${name} with (force)`),
      );
    },
  };
}

async function makeTemplate(url: string): Promise<void> {
  const made = await administrate(url, async (client) => {
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [template]);
    if (rowCount === 0) await client.query("create database baton_template_new");
    return rowCount !== 0;
  });
  if (made) return;
  const db = openDatabase(withDatabase(url, "baton_template_new"), { connections: 1 });
  await migrate(db);
  await db.close();
  await administrate(url, (client) =>
    client.query(`alter database baton_template_new rename to ${template}`),
  );
}

async function administrate<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: withDatabase(url, "postgres") });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** Test files run in processes of their own: a folder that only one of them can make is their lock. */
async function locked<Result>(home: string, work: () => Promise<Result>): Promise<Result> {
  const lock = join(home, "starting");
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch {
      const age = Date.now() - ((await stat(lock).catch(() => null))?.mtimeMs ?? Date.now());
      // Its maker was killed.
      if (age > 120_000) await rm(lock, { recursive: true, force: true });
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** Stops the run's server, if a test started it, and removes its folder. */
export async function removeTestServer(home: string): Promise<void> {
  if (existsSync(join(home, "postgres.json"))) {
    const server = await startPostgres(home, { volatile: true });
    await server.stop();
  }
  await rm(home, { recursive: true, force: true });
}
