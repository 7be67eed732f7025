import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { createModelCaller } from "#agents/index.ts";
import { type JsonObject, type RunId, type WorkspaceId, makeId } from "#base/index.ts";
import { createEngine } from "#engine/index.ts";
import { type Flow, parseFlow, validateFlow } from "#flow/index.ts";
import { machineVersion } from "#flow/machine/index.ts";
import { redactor } from "#governance/index.ts";
import {
  type PostgresJournal,
  createPostgresJournal,
  createWatcher,
  migrateQueue,
  registerWorker,
} from "#journal/index.ts";
import {
  type Database,
  createListener,
  migrate,
  openDatabase,
  randomSource,
  sha256,
  startPostgres,
} from "#platform/index.ts";
import { createTools } from "#tools/index.ts";

/** A worker's engine on a database, put together as in production. */
export type Rig = {
  readonly db: Database;
  readonly journal: PostgresJournal;
  /** Makes a run of the flow, without driving it. */
  create(flow: Flow): Promise<RunId>;
  /** Drives one segment of it. */
  drive(run: RunId): Promise<void>;
  /** Throws unless all of them succeeded. */
  assertSucceeded(runs: readonly RunId[]): Promise<void>;
  close(): Promise<void>;
};

const workspace = "ws_bench" as WorkspaceId;

/** A flow's text, checked as publishing checks it. */
export function flowOf(text: string): Flow {
  const parsed = parseFlow(text);
  const problems = validateFlow(parsed).filter((problem) => problem.severity === "error");
  if (parsed.flow === null || problems.length > 0) throw new Error(JSON.stringify(problems));
  return parsed.flow;
}

/** For trials: `BENCH_LANES=2,16` sets statements in flight, and the crowd that another one waits for. */
function tuning(): { appender?: { lanes: number; crowd: number } } {
  const [lanes, crowd] = (process.env["BENCH_LANES"] ?? "").split(",").map(Number);
  return lanes && crowd ? { appender: { lanes, crowd } } : {};
}

async function readRevision(db: Database, id: string): Promise<Flow> {
  const { rows } = await db.pool.query<{ text: string }>("select text from revision where id = $1", [id]);
  return flowOf(rows[0]?.text ?? "");
}

export type BenchServer = { readonly url: string; stop(): Promise<void> };

/** A Postgres server of its own that waits for the disk, with all tables. */
export async function startServer(): Promise<BenchServer> {
  const home = await mkdtemp(join(tmpdir(), "baton-bench-"));
  // So that the data lies in this folder also when root runs this, and goes with it.
  await chmod(home, 0o755);
  const server = await startPostgres(home);
  const db = openDatabase(server.url);
  await migrate(db);
  await migrateQueue(db);
  await db.close();
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

export async function openRig(url: string, model: () => LanguageModelV4, connections = 40): Promise<Rig> {
  const db = openDatabase(url, { connections });
  const listener = createListener(url);
  const watcher = createWatcher(db, listener);
  const journal = createPostgresJournal({ db, machineVersion, ...tuning() });
  const worker = makeId("wrk", Date.now(), randomSource);
  await registerWorker(db.pool, { id: worker, host: "bench", pid: process.pid });
  const tools = createTools({
    egress: () => ({ public: false, allow: [] }),
    openFile: () => Promise.reject(new Error("There are no files here.")),
    secret: () => Promise.reject(new Error("There are no secrets here.")),
    // The tools themselves do nothing, so that what is measured is the step around them.
    notify: () => Promise.resolve({ notified: 1 }),
    memory: { call: (_, __, args) => Promise.resolve({ ...(args as JsonObject), found: false }) },
    now: () => journal.now(),
  });
  const flows = new Map<string, Flow>();
  const rows = new Map<string, Promise<unknown>>();
  const secrets = redactor(["a secret of the workspace"]);
  const problems: unknown[] = [];
  const engine = createEngine({
    journal,
    worker,
    models: createModelCaller({
      settings: () =>
        Promise.resolve({
          providers: [],
          aliases: [{ alias: "default", provider: "bench", model: "bench" }],
        }),
      now: () => journal.now(),
      fetch: () => globalThis.fetch,
      simulated: {},
      others: { bench: model },
    }),
    tools: { catalog: (id, flow) => tools.catalog(id, flow), call: (call) => tools.call(call) },
    async revisions(id) {
      const flow = flows.get(id) ?? (await readRevision(db, id));
      flows.set(id, flow);
      return { flow };
    },
    approvals: {
      open: () => Promise.resolve(),
      withdraw: () => Promise.resolve(),
      expire: () => Promise.resolve("expired" as const),
    },
    sha256,
    random: (count) => new Uint8Array(randomBytes(count)),
    onSignal: (run, wake) => watcher.onSignal(run, wake),
    redaction: () => secrets,
    onProblem: ({ error }) => problems.push(error),
  });

  return {
    db,
    journal,
    async create(flow) {
      flows.set(flow.id, flow);
      let row = rows.get(flow.id);
      if (row === undefined) {
        row = db.pool.query(
          "insert into flow (id, workspace_id, slug, title) values ($1, $2, $1, $1) on conflict do nothing",
          [flow.id, workspace],
        );
        rows.set(flow.id, row);
      }
      await row;
      const run = makeId("run", Date.now(), randomSource);
      await journal.create({
        id: run,
        workspace,
        flow: flow.id,
        revision: flow.id,
        start: {
          type: "run-started",
          flowId: flow.id,
          revisionId: flow.id,
          inputs: {},
          vars: {},
          by: { kind: "user", id: "user_bench", name: "Bench" },
          simulated: false,
        },
      });
      return run;
    },
    drive: (run) => engine.drive(run),
    async assertSucceeded(runs) {
      const { rows: failed } = await db.pool.query<{ state: string; error: string | null }>(
        "select state, error from run where id = any($1::text[]) and state <> 'succeeded'",
        [runs],
      );
      const [first] = failed;
      if (first === undefined) return;
      throw new Error(`A run ended as ${first.state}: ${first.error ?? String(problems[0])}`);
    },
    async close() {
      await engine.stop();
      tools.close();
      watcher.close();
      await listener.close();
      journal.close();
      await db.close();
    },
  };
}
