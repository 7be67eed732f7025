import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startRun } from "#api/index.ts";
import type { Json, RunId, UserId, WorkspaceId } from "#base/index.ts";
import { addMember, createWorkspace, memberScope, newId, type Scope } from "#governance/index.ts";
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
  await chmod(home, 0o755);
  let postgres = await startPostgres(home);
  return {
    home,
    postgres: () => postgres,
    async restart(how) {
      if (how === "in order") await postgres.stop();
      // As a power cut for the server: nothing is flushed, its children are killed.
      else await gone(postgres.pid);
      postgres = await startPostgres(home);
    },
    pause: () => postgres.stop(),
    async goOn() {
      postgres = await startPostgres(home);
    },
    async stop() {
      await postgres.stop();
      await rm(home, { recursive: true, force: true });
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
  /** Its address on the server as it is now. */
  url(): string;
  /** Connects anew after the server was restarted. */
  reopen(): Promise<void>;
  close(): Promise<void>;
};

let count = 0;

export async function openSite(server: Server, connections = 20): Promise<Site> {
  count += 1;
  const name = `faults_${count}`;
  const urlOf = (database: string): string => {
    const url = new URL(server.postgres().url);
    url.pathname = `/${database}`;
    return url.href;
  };
  const admin = new pg.Client({ connectionString: urlOf("postgres") });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  let db = openDatabase(urlOf(name), { connections, name: "faults" });
  await migrate(db);
  await migrateQueue(db);
  const id: UserId = newId("user");
  const person = { kind: "user" as const, id, name: "Ada", email: "ada@example.com" };
  const workspace = await transaction(db, async (tx) => {
    const made = await createWorkspace(tx, "Faults");
    await tx.prisma.user.create({
      data: { id, name: person.name, email: person.email, emailVerified: true },
    });
    await addMember(tx, memberScope(made, person, ["owner"]), id, ["owner"]);
    return made;
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
    url: () => urlOf(name),
    async reopen() {
      await db.close().catch(() => undefined);
      db = openDatabase(urlOf(name), { connections, name: "faults" });
    },
    close: () => db.close(),
  };
}
