import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startRun } from "#api/index.ts";
import type { Json, RunId, WorkspaceId } from "#base/index.ts";
import { addMember, createUser, createWorkspace, memberScope, type Scope } from "#governance/index.ts";
import { migrateQueue } from "#journal/index.ts";
import { publish } from "#library/index.ts";
import {
  type Database,
  migrate,
  openDatabase,
  type PostgresServer,
  startPostgres,
  transaction,
} from "#platform/index.ts";
import { note } from "./leave-nothing.ts";
import { insist } from "./wait.ts";

/** A Postgres server of the harness, which waits for the disk as in production. */
export type Server = {
  readonly home: string;
  readonly postgres: () => PostgresServer;
  /** Stops it, in order or as a crash does, and starts it again. Its port changes. */
  restart(how: "in order" | "crash"): Promise<void>;
  /** Stops it in order, and starts it again on what is then in its home. */
  pause(): Promise<void>;
  goOn(): Promise<void>;
  stop(): Promise<void>;
};

export async function startServer(): Promise<Server> {
  const home = await mkdtemp(join(tmpdir(), "baton-faults-"));
  note({ folder: home });
  await chmod(home, 0o755);
  const begin = async (): Promise<PostgresServer> => {
    const begun = await startPostgres(home);
    note({ server: begun.pid });
    return begun;
  };
  const end = async (how: () => Promise<void>): Promise<void> => {
    const { pid } = postgres;
    await how();
    note({ gone: pid });
  };
  let postgres = await begin();
  return {
    home,
    postgres: () => postgres,
    async restart(how) {
      // As a power cut for the server: nothing is flushed, its children are killed.
      await end(() => (how === "in order" ? postgres.stop() : gone(postgres.pid)));
      postgres = await begin();
    },
    pause: () => end(() => postgres.stop()),
    async goOn() {
      postgres = await begin();
    },
    async stop() {
      await end(() => postgres.stop());
      await rm(home, { recursive: true, force: true });
      note({ gone: home });
    },
  };
}

async function gone(pid: number): Promise<void> {
  process.kill(pid, "SIGQUIT");
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A database of its own with a workspace and one person in it, who may do everything. */
export type Site = {
  readonly name: string;
  /** Straight to the server, whatever is done to the workers' way there. */
  readonly db: Database;
  readonly workspace: WorkspaceId;
  readonly scope: Scope;
  publish(text: string): Promise<void>;
  /** Resolves when the start is acknowledged. */
  start(slug: string, inputs?: Readonly<Record<string, Json>>): Promise<RunId>;
  /** Starts so many, a few at a time; `n` is among their inputs where the flow has it. */
  startMany(slug: string, count: number, numbered?: boolean): Promise<RunId[]>;
  /** Its address on the server as it is now. */
  url(): string;
  /** Connects anew after the server was restarted. */
  reopen(): Promise<void>;
  close(): Promise<void>;
};

/** Who may do everything in a site. */
export const email = "ada@example.com";
export const password = "correct horse battery";

let count = 0;

/** Of each server: the migrated database that sites are copies of, and the copying under way. */
const templates = new WeakMap<Server, Promise<unknown>>();
const template = "faults_template";

async function makeTemplate(url: (database: string) => string): Promise<void> {
  await administrate(url("postgres"), `create database ${template}`);
  const db = openDatabase(url(template), { connections: 2, name: "faults" });
  await migrate(db);
  await migrateQueue(db);
  await db.close();
}

async function administrate(url: string, sql: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await admin.query(sql);
  } finally {
    await admin.end();
  }
}

/** One copy at a time: Postgres refuses more. */
async function copyTemplate(server: Server, name: string, url: (database: string) => string): Promise<void> {
  const made = (templates.get(server) ?? makeTemplate(url)).then(() =>
    insist(() => administrate(url("postgres"), `create database ${name} template ${template}`), 20),
  );
  templates.set(server, made);
  await made;
}

export async function openSite(server: Server, connections = 20): Promise<Site> {
  count += 1;
  const name = `faults_${count}`;
  const urlOf = (database: string): string => {
    const url = new URL(server.postgres().url);
    url.pathname = `/${database}`;
    return url.href;
  };
  await copyTemplate(server, name, urlOf);
  let db = openDatabase(urlOf(name), { connections, name: "faults" });
  // Guards its connections as well; its tables are there.
  await migrateQueue(db);
  const { workspace, person } = await transaction(db, async (tx) => {
    const made = await createWorkspace(tx, "Faults");
    const id = await createUser(tx, { name: "Ada", email, password });
    const ada = { kind: "user" as const, id, name: "Ada", email };
    await addMember(tx, memberScope(made, ada, ["owner"]), id, ["owner"]);
    return { workspace: made, person: ada };
  });
  const scope = memberScope(workspace, person, ["owner"]);
  return {
    name,
    get db() {
      return db;
    },
    workspace,
    scope,
    async publish(text) {
      await publish(db, scope, { text, message: "", into: "any" });
    },
    start: async (slug, inputs = {}) => (await startRun(db, scope, { slug, inputs })).id,
    async startMany(slug, many, numbered = false) {
      const runs: RunId[] = [];
      let next = 0;
      const begin = async (): Promise<void> => {
        while (next < many) {
          const inputs: Readonly<Record<string, Json>> = numbered ? { n: next } : {};
          next += 1;
          runs.push((await startRun(db, scope, { slug, inputs })).id);
        }
      };
      await Promise.all(Array.from({ length: Math.min(8, many) }, begin));
      return runs;
    },
    url: () => urlOf(name),
    async reopen() {
      await db.close().catch(() => undefined);
      db = openDatabase(urlOf(name), { connections, name: "faults" });
    },
    close: () => db.close(),
  };
}
