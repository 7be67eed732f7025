/** Runs Baton on this machine: the database where none is given, migrations, web and workers; until told to stop. */
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
  throughOutage,
} from "#platform/index.ts";
import { describe } from "./lifetime.ts";
import { startChild, workerFlags } from "./start/child.ts";
import { checkDatabase, checkKey } from "./start/database.ts";
import { lockHome, prepareHome } from "./start/home.ts";
import { claimPort } from "./start/port.ts";
import { type Plan, planOf } from "./start/role.ts";
import { type Child, supervise, type Supervised, unavailableExit } from "./start/supervisor.ts";
import { watchSources } from "./start/watch.ts";

const grace = { web: 12_000, worker: 20_000 };

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
  const plan = planOf(process.argv.slice(2), settings);
  prepareHome(settings.home);
  // The embedded database has one master. Processes that share another may share a home as well: it holds their key.
  if (settings.databaseUrl === undefined) {
    const lock = lockHome(settings.home);
    undo.push({ name: "the home's lock", act: () => lock.release() });
  }
  const port = plan.web ? await claimPort(settings.host, settings.port) : settings.port;

  const url = settings.databaseUrl ?? (await startEmbedded(settings));
  const db = openDatabase(url, { connections: 3, name: "baton start" });
  undo.push({ name: "the supervisor's connections", act: () => db.close() });
  await checkDatabase(db, settings.databaseUrl !== undefined);
  await step("Migrations", async () => {
    await migrate(db);
    await migrateQueue(db);
  });
  await checkKey(db);

  const address = settings.port === port ? settings.url : `http://localhost:${port}`;
  const environment = {
    DATABASE_URL: url,
    BATON_HOME: settings.home,
    BATON_PORT: String(port),
    BATON_URL: address,
    NEXT_TELEMETRY_DISABLED: "1",
    BATON_DEV: plan.dev ? "1" : "",
    NODE_ENV: plan.dev ? "development" : "production",
  };
  await step(wordsOf(plan), async () => {
    // The order here is that of stopping, backwards: web goes first, then the workers.
    const kept = keepWorkers(db, environment, plan.workers);
    if (plan.web) kept.push(keepWeb(environment));
    await Promise.all(kept.map((each) => each.ready));
    if (plan.dev) {
      const stop = watchSources(join(projectFolder, "src"), () => {
        say("  Sources changed: web and worker begin anew");
        for (const each of kept) each.restart();
      });
      undo.push({ name: "the watcher", act: stop });
    }
  });
  if (plan.web) {
    say(`\nBaton runs at ${address}`);
    if (await setupNeeded(db)) {
      say(`Set it up with this link, which works once: ${address}/setup?token=${await newSetupToken(db)}`);
    }
  } else {
    say(plan.workers === 1 ? "\nThe worker takes runs." : `\n${plan.workers} workers take runs.`);
  }
  say("Ctrl-C stops it.");
}

function wordsOf({ web, workers }: Plan): string {
  const some = workers === 1 ? "worker" : `${workers} workers`;
  if (!web) return some[0]?.toUpperCase() + some.slice(1);
  return workers === 0 ? "Web" : `Web and ${some}`;
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

function keepWorkers(
  db: Database,
  environment: Readonly<Record<string, string>>,
  count: number,
): Supervised[] {
  const workers = Array.from({ length: count }, (_, index) =>
    keepWorker(db, environment, count === 1 ? "worker" : `worker ${index + 1}`),
  );
  // All at once: each may take its time to hand its runs over.
  undo.push({
    name: "the workers",
    act: async () => void (await Promise.all(workers.map((worker) => worker.stop(grace.worker)))),
  });
  return workers;
}

function keepWorker(db: Database, environment: Readonly<Record<string, string>>, name: string): Supervised {
  const ids = new WeakMap<Child, WorkerId>();
  return supervise({
    name,
    say,
    start() {
      const id: WorkerId = makeId("wrk", Date.now(), randomSource);
      const child = startChild("worker.ts", { ...environment, BATON_WORKER_ID: id }, workerFlags);
      ids.set(child, id);
      return child;
    },
    // Its runs go on elsewhere at once, instead of after the heartbeats that it owes.
    async onCrash(child, { code }) {
      const id = ids.get(child);
      // That its database was away says nothing about its runs.
      const crashed = code !== unavailableExit;
      if (id !== undefined)
        await throughOutage(() => declareDead(db, id, { crashed }), { what: "to hand over its runs" });
    },
  });
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
