import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { BatonError, isObject, messageOf } from "#base/index.ts";
import { type Binaries, copyBinaries, findBinaries, openToOthers } from "./binaries.ts";

const run = promisify(execFile);

/** A Postgres server of our own. */
export type PostgresServer = {
  /** Of the database `baton`, with user and password. */
  readonly url: string;
  /** Process id of the server. */
  readonly pid: number;
  /** It was running already. */
  readonly adopted: boolean;
  /** Stops it: running statements are cancelled, nothing that was committed is lost. */
  stop(): Promise<void>;
};

export type PostgresOptions = {
  /** For tests alone: doesn't wait for the disk, so a power cut could lose data. */
  readonly volatile?: boolean;
};

/** What we wrote down about the server: where its data is, as whom it runs. Kept with mode 0600. */
type ServerRecord = {
  readonly directory: string;
  readonly password: string;
  readonly user: { readonly uid: number; readonly gid: number } | null;
};

/** Where data is when the user that Postgres runs as can't reach the home. */
const elsewhere = "/var/lib/baton";
const databaseUser = "baton";
const database = "baton";
const milliseconds = { start: 60_000, orphans: 15_000 };

/**
 * Starts the Postgres server of `home`, making it the first time, or adopts it when it is running already (as after a
 * crash of ours). Listens on 127.0.0.1 at a free port and asks for a password that is kept in `home`.
 */
export async function startPostgres(home: string, options: PostgresOptions = {}): Promise<PostgresServer> {
  const original = await findBinaries();
  const record = (await readRecord(home)) ?? (await makeRecord(home));
  const data = join(record.directory, "data");
  const binaries = await reachable(original, record);
  const made = await readText(join(data, "PG_VERSION"));
  if (made === null) await initialise(binaries, record, data, options);
  else await assertVersion(binaries, record, made.trim(), data);

  const running = await probe(record, data);
  if (running !== null) return handle(binaries, record, data, running, true);
  await clearStalePid(data);
  const port = await freePort();
  await configure(record, data, port, options);
  await start(binaries, record, data, home);
  const started = await probe(record, data);
  if (started === null) throw await startFailure(record, "it accepts no connection");
  await createDatabase(record, started.port);
  return handle(binaries, record, data, started, false);
}

function handle(
  binaries: Binaries,
  record: ServerRecord,
  data: string,
  server: { pid: number; port: number },
  adopted: boolean,
): PostgresServer {
  return {
    url: urlOf(record, server.port, database),
    pid: server.pid,
    adopted,
    async stop() {
      await control(binaries, record, ["-D", data, "-m", "fast", "-w", "-t", "30", "stop"]).catch(
        (error: unknown) => {
          // Stopped by somebody else in the meantime: that is what was wanted.
          if (!/no server running|PID file .* does not exist/i.test(outputOf(error))) throw error;
        },
      );
    },
  };
}

function urlOf(record: ServerRecord, port: number, name: string): string {
  return `postgresql://${databaseUser}:${record.password}@127.0.0.1:${port}/${name}`;
}

// The record

async function readRecord(home: string): Promise<ServerRecord | null> {
  const text = await readText(join(home, "postgres.json"));
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  if (!isObject(value) || typeof value["directory"] !== "string" || typeof value["password"] !== "string") {
    throw new BatonError(
      "misconfigured",
      `${join(home, "postgres.json")} does not say where the database is.`,
      {
        hint: "Restore the file from a backup, or move the folder away to begin with an empty database.",
      },
    );
  }
  const user = isObject(value["user"]) ? value["user"] : null;
  return {
    directory: value["directory"],
    password: value["password"],
    user: user === null ? null : { uid: Number(user["uid"]), gid: Number(user["gid"]) },
  };
}

async function makeRecord(home: string): Promise<ServerRecord> {
  const user = await unprivilegedUser();
  let directory = join(home, "postgres");
  await mkdir(directory, { recursive: true, mode: 0o755 });
  if (user !== null && !(await openToOthers(directory))) {
    // Nobody but root can reach the home, and Postgres refuses to run as root.
    await mkdir(elsewhere, { recursive: true, mode: 0o755 });
    await sweepElsewhere();
    directory = await mkdtemp(join(elsewhere, "postgres-"));
    await chmod(directory, 0o755);
    await writeFile(join(directory, "home"), home);
  }
  if (user !== null) await chown(directory, user.uid, user.gid);
  const record: ServerRecord = { directory, password: randomBytes(24).toString("base64url"), user };
  const file = join(home, "postgres.json");
  await writeFile(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return record;
}

/**
 * Removes what belongs to temporary homes that are gone. Of other homes that are not there, as on a disk that is not
 * mounted, the data is kept.
 */
async function sweepElsewhere(): Promise<void> {
  for (const name of await readdir(elsewhere)) {
    const directory = join(elsewhere, name);
    const home = await readText(join(directory, "home"));
    if (home === null || !home.startsWith(`${tmpdir()}/`) || existsSync(home)) continue;
    const pid = Number((await readText(join(directory, "data/postmaster.pid")))?.split("\n")[0]);
    if (pid > 0 && isAlive(pid)) continue;
    await rm(directory, { recursive: true, force: true });
  }
}

/** Whom to become: null when we are not root (or on Windows, where pg_ctl drops its rights by itself). */
async function unprivilegedUser(): Promise<ServerRecord["user"]> {
  if (process.getuid?.() !== 0) return null;
  for (const name of ["postgres", "nobody"]) {
    try {
      const uid = Number((await run("id", ["-u", name])).stdout);
      const gid = Number((await run("id", ["-g", name])).stdout);
      if (uid > 0) return { uid, gid };
    } catch {
      // No such user here.
    }
  }
  throw new BatonError(
    "misconfigured",
    "Postgres refuses to run as root, and there is no user to run it as.",
    {
      hint: "Start Baton as another user, add a user named postgres, or set DATABASE_URL.",
    },
  );
}

async function reachable(binaries: Binaries, record: ServerRecord): Promise<Binaries> {
  if (record.user === null || (await openToOthers(join(binaries.native, "bin")))) return binaries;
  return copyBinaries(binaries, record.directory);
}

// Making and starting

async function control(binaries: Binaries, record: ServerRecord, args: readonly string[]): Promise<void> {
  await execute(binaries, record, "pg_ctl", args);
}

async function execute(
  binaries: Binaries,
  record: ServerRecord,
  program: string,
  args: readonly string[],
): Promise<void> {
  await run(join(binaries.native, "bin", program), [...args], {
    cwd: record.directory,
    env: {
      NODE_ENV: "production",
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      LC_ALL: "C",
      TZ: "UTC",
      ...windowsEnvironment(),
    },
    ...(record.user ?? {}),
  });
}

function windowsEnvironment(): Record<string, string | undefined> {
  return process.platform === "win32"
    ? { SystemRoot: process.env["SystemRoot"], TEMP: process.env["TEMP"] }
    : {};
}

async function initialise(
  binaries: Binaries,
  record: ServerRecord,
  data: string,
  options: PostgresOptions,
): Promise<void> {
  // Left over from an attempt that was cut off: initdb refuses a folder that is not empty.
  await rm(data, { recursive: true, force: true });
  const passwordFile = join(record.directory, "password.new");
  await writeFile(passwordFile, record.password, { mode: 0o600 });
  if (record.user !== null) await chown(passwordFile, record.user.uid, record.user.gid);
  const unfinished = `${data}.new`;
  await rm(unfinished, { recursive: true, force: true });
  try {
    await execute(binaries, record, "initdb", [
      ...["-D", unfinished, "-U", databaseUser, "--pwfile", passwordFile, "--auth", "scram-sha-256"],
      ...[
        "--encoding",
        "UTF8",
        "--locale",
        "C",
        "--locale-provider",
        "builtin",
        "--builtin-locale",
        "C.UTF-8",
      ],
      ...(options.volatile === true ? ["--no-sync"] : []),
    ]);
    const main = join(unfinished, "postgresql.conf");
    await writeFile(main, `${await readFile(main, "utf8")}\ninclude_if_exists = 'baton.conf'\n`);
    await rename(unfinished, data);
  } catch (cause) {
    throw new BatonError(
      "misconfigured",
      `Postgres could not be set up in ${record.directory}: ${outputOf(cause)}`,
      {
        hint: "Make sure that the folder is writable and the disk has room, or set DATABASE_URL.",
        cause,
      },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function assertVersion(
  binaries: Binaries,
  record: ServerRecord,
  made: string,
  data: string,
): Promise<void> {
  const { stdout } = await run(join(binaries.native, "bin", "postgres"), ["--version"], {
    ...(record.user ?? {}),
    cwd: record.directory,
  });
  const ours = /(\d+)/.exec(stdout)?.[1];
  if (ours !== undefined && ours !== made) {
    throw new BatonError(
      "misconfigured",
      `The database in ${data} was made by Postgres ${made}, this is ${ours}.`,
      {
        hint: `Dump it with Postgres ${made}, move the folder away, start again, and restore the dump.`,
      },
    );
  }
}

async function configure(
  record: ServerRecord,
  data: string,
  port: number,
  options: PostgresOptions,
): Promise<void> {
  const lines = [
    `port = ${port}`,
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    "max_connections = 200",
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    "log_min_messages = 'warning'",
    "jit = off",
    // Parallel queries want more shared memory than small containers give, for tables that are small here.
    "max_parallel_workers_per_gather = 0",
    "max_wal_size = '2GB'",
    "checkpoint_timeout = '15min'",
    "wal_compression = on",
    ...(options.volatile === true
      ? ["fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off"]
      : ["fsync = on", "synchronous_commit = on", "full_page_writes = on"]),
  ];
  const file = join(data, "baton.conf");
  await writeFile(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  if (record.user !== null) await chown(file, record.user.uid, record.user.gid);
}

async function start(binaries: Binaries, record: ServerRecord, data: string, home: string): Promise<void> {
  const log = join(record.directory, "postgres.log");
  const until = Date.now() + milliseconds.orphans;
  for (;;) {
    try {
      await control(binaries, record, ["-D", data, "-l", log, "-w", "-t", "600", "-s", "start"]);
      return;
    } catch (error) {
      const tail = await logTail(record);
      // After the server was killed, its last children need a moment to notice and let go of its memory.
      if (/pre-existing shared memory block/.test(tail.slice(-1000)) && Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        continue;
      }
      throw await startFailure(record, outputOf(error), home);
    }
  }
}

async function startFailure(record: ServerRecord, what: string, home?: string): Promise<BatonError> {
  const tail = (await logTail(record)).trim().split("\n").slice(-3).join(" | ");
  return new BatonError(
    "unavailable",
    `Postgres did not start: ${what.trim()}${tail === "" ? "" : ` (${tail})`}.`,
    {
      hint: `Its log is ${join(record.directory, "postgres.log")}${home === undefined ? "" : `, its settings are in ${home}`}.`,
    },
  );
}

async function logTail(record: ServerRecord): Promise<string> {
  return ((await readText(join(record.directory, "postgres.log"))) ?? "").slice(-4000);
}

// Finding the running one

/** The server that runs on `data`, once it answers to our password; null when none does. */
async function probe(record: ServerRecord, data: string): Promise<{ pid: number; port: number } | null> {
  const until = Date.now() + milliseconds.start;
  for (;;) {
    const lines = (await readText(join(data, "postmaster.pid")))?.split("\n") ?? [];
    const pid = Number(lines[0]);
    const port = Number(lines[3]);
    if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return null;
    if (Number.isInteger(port) && port > 0) {
      const answer = await connectsTo(record, port, data);
      if (answer === "ours") return { pid, port };
      if (answer === "other") return null;
    }
    if (Date.now() > until) return null;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function connectsTo(
  record: ServerRecord,
  port: number,
  data: string,
): Promise<"ours" | "other" | "starting"> {
  const client = new pg.Client({
    connectionString: urlOf(record, port, "postgres"),
    connectionTimeoutMillis: 5000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>("show data_directory");
    return rows[0]?.data_directory === data ? "ours" : "other";
  } catch (error) {
    const code = isObject(error) ? error["code"] : undefined;
    // 57P03: starting up or recovering.
    return code === "57P03" ? "starting" : "other";
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Removes a pid file whose process is gone or is another program that got the same number (as in a container that was
 * killed): Postgres would refuse to start for it.
 */
async function clearStalePid(data: string): Promise<void> {
  const file = join(data, "postmaster.pid");
  const pid = Number((await readText(file))?.split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  if (isAlive(pid)) {
    const command = await readText(`/proc/${pid}/cmdline`);
    if (command === null || /(^|\/)postgres$/.test(command.split("\0", 1)[0] ?? "")) return;
  }
  await rm(file, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isObject(error) && error["code"] === "EPERM";
  }
}

async function createDatabase(record: ServerRecord, port: number): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(record, port, "postgres") });
  await client.connect();
  try {
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [database]);
    if (rowCount === 0) await client.query(`create database ${database}`);
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port was given.");
  return address.port;
}

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isObject(error) && (error["code"] === "ENOENT" || error["code"] === "ESRCH")) return null;
    throw error;
  }
}

function outputOf(error: unknown): string {
  if (isObject(error)) {
    const output = [error["stderr"], error["stdout"]].filter(
      (text) => typeof text === "string" && text !== "",
    );
    if (output.length > 0) return output.join(" ").trim();
  }
  return messageOf(error);
}
