/** Runs Baton on this machine: the database where none is given, migrations, web and worker; until told to stop. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BatonError, makeId, type WorkerId } from "#base/index.ts";
import { setupNeeded, setupTokenKey } from "#governance/index.ts";
import { declareDead, migrateQueue } from "#journal/index.ts";
import {
  type Database,
  migrate,
  openDatabase,
  type PostgresServer,
  projectFolder,
  randomSource,
  randomToken,
  readSettings,
  type Settings,
  sha256,
  startPostgres,
} from "#platform/index.ts";
import { describe } from "./lifetime.ts";
import { startChild } from "./start/child.ts";
import { checkDatabase } from "./start/database.ts";
import { lockHome, prepareHome } from "./start/home.ts";
import { claimPort } from "./start/port.ts";
import { type Child, supervise, type Supervised } from "./start/supervisor.ts";
import { watchSources } from "./start/watch.ts";

const grace = { web: 12_000, worker: 20_000 };
const dev = process.argv.includes("--dev");

/** What to undo at the end, last first. */
const undo: { readonly name: string; act(): Promise<void> | void }[] = [];
let ending = false;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function step<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const began = performance.now();
  const time = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  try {
    const result = await work();
    say(`  ${name.padEnd(44)} ${time()}`);
    return result;
  } catch (error) {
    say(`  ${name.padEnd(44)} failed after ${time()}`);
    throw error;
  }
}

/** Ends everything in order: web, worker, database; then this process. */
async function end(code: number): Promise<never> {
  if (!ending) {
    ending = true;
    for (const { name, act } of undo.toReversed()) {
      try {
        await act();
      } catch (error) {
        process.stderr.write(`Stopping ${name} failed: ${describe(error)}\n`);
      }
    }
  } else {
    await new Promise(() => undefined);
  }
  process.exit(code);
}

async function start(): Promise<void> {
  const file = join(projectFolder, ".env");
  if (existsSync(file)) process.loadEnvFile(file);
  const settings = readSettings(process.env);
  prepareHome(settings.home);
  const lock = lockHome(settings.home);
  undo.push({ name: "the home's lock", act: () => lock.release() });
  const port = await claimPort(settings.host, settings.port);

  const url = settings.databaseUrl ?? (await startEmbedded(settings));
  const db = openDatabase(url, { connections: 3, name: "baton start" });
  undo.push({ name: "the supervisor's connections", act: () => db.close() });
  await checkDatabase(db, settings.databaseUrl !== undefined);
  await step("Migrations", async () => {
    await migrate(db);
    await migrateQueue(db);
  });

  const address = settings.port === port ? settings.url : `http://localhost:${port}`;
  const environment = {
    DATABASE_URL: url,
    BATON_HOME: settings.home,
    BATON_PORT: String(port),
    BATON_URL: address,
    NEXT_TELEMETRY_DISABLED: "1",
    BATON_DEV: dev ? "1" : "",
    NODE_ENV: dev ? "development" : "production",
  };
  await step("Web and worker", async () => {
    // The order here is that of stopping, backwards: web goes first, then the worker.
    const worker = keepWorker(db, environment);
    const web = keepWeb(environment);
    await Promise.all([web.ready, worker.ready]);
    if (dev) {
      const stop = watchSources(join(projectFolder, "src"), () => {
        say("  Sources changed: web and worker begin anew");
        web.restart();
        worker.restart();
      });
      undo.push({ name: "the watcher", act: stop });
    }
  });
  say(`\nBaton runs at ${address}`);
  if (await setupNeeded(db)) {
    say(`Set it up with this link, which works once: ${address}/setup?token=${await newSetupToken(db)}`);
  }
  say("Ctrl-C stops it.");
}

async function startEmbedded(settings: Settings): Promise<string> {
  let server: PostgresServer | null = null;
  await step("Database", async () => {
    server = await startPostgres(settings.home);
  });
  const started = server as PostgresServer | null;
  if (started === null) throw new Error("The database was not started.");
  undo.push({ name: "the database", act: () => started.stop() });
  return started.url;
}

function keepWeb(environment: Readonly<Record<string, string>>): Supervised {
  const web = supervise({
    name: "web",
    say,
    start: () => startChild("web.ts", environment),
  });
  undo.push({ name: "web", act: () => web.stop(grace.web) });
  return web;
}

function keepWorker(db: Database, environment: Readonly<Record<string, string>>): Supervised {
  const ids = new WeakMap<Child, WorkerId>();
  const worker = supervise({
    name: "worker",
    say,
    start() {
      const id: WorkerId = makeId("wrk", Date.now(), randomSource);
      const child = startChild("worker.ts", { ...environment, BATON_WORKER_ID: id });
      ids.set(child, id);
      return child;
    },
    // Its runs go on elsewhere at once, instead of after the heartbeats that it owes.
    async onCrash(child) {
      const id = ids.get(child);
      if (id !== undefined) await declareDead(db, id);
    },
  });
  undo.push({ name: "the worker", act: () => worker.stop(grace.worker) });
  return worker;
}

/** A new one at each start until somebody has used it: what an older terminal shows no longer works. */
async function newSetupToken(db: Database): Promise<string> {
  const token = randomToken();
  await db.pool.query(
    "insert into instance (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value",
    [setupTokenKey, sha256(token)],
  );
  return token;
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!ending) say("\nStopping.");
    void end(0);
  });
}
try {
  await start();
} catch (error) {
  if (!ending) {
    process.stderr.write(`\n${describe(error)}\n`);
    await end(BatonError.isInstance(error) ? 1 : 2);
  }
}
