import { hostname, userInfo } from "node:os";
import { BatonError, makeId, type RunId, type WorkerId } from "#base/index.ts";
import { createModelCaller, readablePace } from "#agents/index.ts";
import { createLiveDocuments } from "#collab/index.ts";
import { createEngine } from "#engine/index.ts";
import { machineVersion } from "#flow/machine/index.ts";
import { inputOfSecret, type Flow } from "#flow/index.ts";
import {
  createModelSettings,
  createWorkspace,
  memberScope,
  openRunSecret,
  redactor,
  type Scope,
  systemScope,
} from "#governance/index.ts";
import {
  createPostgresJournal,
  createWatcher,
  migrateQueue,
  registerWorker,
  retireWorker,
  startPulse,
  startQueue,
  type Watcher,
} from "#journal/index.ts";
import { childRuns } from "#api/index.ts";
import { createRunMemory, memoryPorts, sharedMemoryKind } from "#memory/index.ts";
import { approvalPort, openFile } from "#people/index.ts";
import {
  createListener,
  createOutboundFetch,
  type Database,
  log,
  migrate,
  openDatabase,
  parseEgressList,
  randomSource,
  type Settings,
  type EgressPolicy,
  sha256,
  startPostgres,
  transaction,
} from "#platform/index.ts";
import { createTools } from "#tools/index.ts";
import { takeSlot } from "./slot.ts";

/** A Baton of its own for one run: database, journal, engine and queue, in this process. */
export type Installation = {
  readonly db: Database;
  readonly scope: Scope;
  readonly watcher: Watcher;
  close(): Promise<void>;
};

export type InstallationOptions = {
  readonly settings: Settings;
  readonly flow: Flow;
  readonly secrets: ReadonlyMap<string, string>;
  /** Words a second of the simulated model; 0: at once. */
  readonly pace: number;
  /** Told what a tool has to say to people. */
  readonly onNotice: (notice: { to: string; title: string; text: string }) => void;
};

/** A model may think for minutes, and its stream is a few megabytes at most. */
const providerLimits = { timeoutMs: 600_000, maxBytes: 50_000_000 };

/** Starts everything that a run needs, on an embedded database. What was started is ended when a part fails. */
export async function openInstallation(options: InstallationOptions): Promise<Installation> {
  const undo: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const act of undo.splice(0).toReversed()) {
      await Promise.resolve(act()).catch((error: unknown) =>
        log.error({ error: String(error) }, "closing failed"),
      );
    }
  };
  try {
    return { ...(await open(options, undo)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  { settings, flow, secrets, pace, onNotice }: InstallationOptions,
  undo: (() => Promise<void> | void)[],
): Promise<Omit<Installation, "close">> {
  const slot = takeSlot(settings.home);
  undo.push(() => slot.release());
  const server = await startPostgres(slot.folder);
  undo.push(() => server.stop());
  const url = await freshDatabase(server.url);
  const db = openDatabase(url, { connections: 16, name: "baton cli" });
  undo.push(() => db.close());
  await migrate(db);
  await migrateQueue(db);

  const listener = createListener(url);
  undo.push(() => listener.close());
  const worker: WorkerId = makeId("wrk", Date.now(), randomSource);
  await registerWorker(db.pool, { id: worker, host: hostname(), pid: process.pid });
  undo.push(() => retireWorker(db, worker));
  const journal = createPostgresJournal({ db, machineVersion, alone: true });
  undo.push(() => journal.close());
  const watcher = createWatcher(db, listener);
  undo.push(() => watcher.close());

  const { openai, anthropic } = settings.providers;
  const known = [...secrets.values(), openai.apiKey, anthropic.apiKey].filter((value) => value !== undefined);
  let hidden = redactor(known);
  const egress = { public: true, allow: parseEgressList(settings.egress) };
  const live = createLiveDocuments({ db, listener, kinds: [sharedMemoryKind(db)] });
  undo.push(() => live.close());
  const memory = createRunMemory(memoryPorts(db, live, () => journal.now()));
  const tools = createTools({
    memory,
    egress: () => egress,
    openFile: ({ workspace, file }) => openFile(db, systemScope(workspace, "engine"), file.$file.id),
    secret: async ({ workspace, run, name }) => {
      const input = inputOfSecret(name);
      if (input !== null) {
        const given = await openRunSecret(db, workspace, run, input);
        known.push(given);
        hidden = redactor(known);
        return given;
      }
      const value = secrets.get(name);
      if (value !== undefined) return value;
      throw new BatonError("misconfigured", `The flow needs the secret "${name}".`, {
        hint: `Set the environment variable ${name} and add --secret ${name}.`,
      });
    },
    notify: ({ to, title, text }) => {
      onNotice({ to, title, text });
      // Whoever sits at the terminal.
      return Promise.resolve({ notified: 1 });
    },
    now: () => journal.now(),
    scriptLog: ({ path, lines }) => log.info({ path, lines }, "a script wrote"),
  });
  undo.push(() => tools.close());
  const engine = createEngine({
    journal,
    worker,
    models: createModelCaller({
      settings: createModelSettings(db, settings.providers),
      now: () => journal.now(),
      fetch: (baseUrl) => providerFetch(egress, baseUrl),
      simulated: readablePace(pace),
    }),
    tools: { catalog: (workspace, of) => tools.catalog(workspace, of), call: (call) => tools.call(call) },
    revisions: () => Promise.resolve({ flow }),
    approvals: approvalPort(db),
    runs: childRuns(db),
    memory,
    sha256,
    random: randomSource,
    onSignal: (run, wake) => watcher.onSignal(run, wake),
    redaction: () => hidden,
    onProblem: ({ run, error }) => log.error({ run, error: String(error) }, "a run met a problem"),
  });
  const pulse = startPulse(
    db,
    worker,
    () => undefined,
    () => journal.tidy(),
  );
  const queue = await startQueue({
    db,
    journal,
    worker,
    concurrency: 4,
    onRun: (run: RunId) => engine.drive(run),
  });
  undo.push(async () => {
    pulse.stop();
    const stopped = queue.stop();
    await engine.stop();
    await stopped;
  });

  const workspace = await transaction(db, (tx) => createWorkspace(tx, "Command line"));
  const name = userInfo().username;
  return { db, watcher, scope: memberScope(workspace, { kind: "cli", id: `cli:${name}`, name }, ["owner"]) };
}

/** The outbound client for model providers: an address that the environment names is thereby allowed. */
function providerFetch(egress: EgressPolicy, baseUrl: string | null): typeof globalThis.fetch {
  if (baseUrl === null) return createOutboundFetch(egress, providerLimits);
  const { protocol, hostname: host, port } = new URL(baseUrl);
  const entered = `${protocol}//${host}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`;
  return createOutboundFetch({ ...egress, allow: [...egress.allow, entered] }, providerLimits);
}

/** An empty database on our own server: what an earlier run left behind there is over and done. */
async function freshDatabase(server: string): Promise<string> {
  const admin = openDatabase(server, { connections: 1, name: "baton cli" });
  try {
    await admin.pool.query("drop database if exists cli with (force)");
    await admin.pool.query("create database cli");
  } finally {
    await admin.close();
  }
  const url = new URL(server);
  url.pathname = "/cli";
  return url.href;
}
