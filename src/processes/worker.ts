/** Drives runs: claims them from the queue, calls models and tools, asks people. Serves no page. */
import { hostname } from "node:os";
import { isId, makeId, type WorkerId } from "#base/index.ts";
import { createModelCaller, readablePace } from "#agents/index.ts";
import { createEngine } from "#engine/index.ts";
import { machineVersion } from "#flow/machine/index.ts";
import { createModelSettings, openSecret, systemScope } from "#governance/index.ts";
import {
  createPostgresJournal,
  createWatcher,
  declareDead,
  registerWorker,
  retireWorker,
  startPulse,
  startQueue,
} from "#journal/index.ts";
import { approvalPort, notifyMembers, openFile } from "#people/index.ts";
import {
  createListener,
  log,
  openDatabase,
  parseEgressList,
  randomSource,
  settings as readSettings,
  sha256,
} from "#platform/index.ts";
import { createTools } from "#tools/index.ts";
import { fail, live } from "./lifetime.ts";
import { startChild } from "./start/child.ts";
import { driveAlone } from "./worker/alone.ts";
import { createProviderFetch } from "./worker/provider-fetch.ts";
import { createSecrets } from "./worker/redaction.ts";
import { createRevisions } from "./worker/revisions.ts";

/** Connections that the journal keeps to itself. */
const journalConnections = 5;
/** Of the simulated model: as fast as one reads. */
const wordsPerSecond = 24;

async function begin(): Promise<{ stop(): Promise<void> }> {
  const settings = readSettings();
  const { databaseUrl } = settings;
  if (databaseUrl === undefined) throw new Error("The worker needs DATABASE_URL; `npm start` sets it.");
  const worker = workerId();
  const alone = process.env["BATON_ALONE_RUN"];
  const db = openDatabase(databaseUrl, {
    connections: journalConnections + settings.concurrency + 5,
    name: `baton ${worker}`,
  });
  const listener = createListener(databaseUrl);
  await registerWorker(db.pool, { id: worker, host: hostname(), pid: process.pid });

  const journal = createPostgresJournal({ db, machineVersion, alone: alone !== undefined });
  const watcher = createWatcher(db, listener);
  const { openai, anthropic } = settings.providers;
  const secrets = createSecrets(
    db,
    [openai.apiKey, anthropic.apiKey, settings.secretKey].filter((key) => key !== undefined),
  );
  const egress = { public: true, allow: parseEgressList(settings.egress) };
  const tools = createTools({
    egress: () => egress,
    openFile: ({ workspace, file }) => openFile(db, systemScope(workspace, "engine"), file.$file.id),
    async secret({ workspace, name }) {
      const value = await openSecret(db, workspace, name);
      secrets.add(value);
      return value;
    },
    async notify({ workspace, run, path, key, to, title, text }) {
      await notifyMembers(db, systemScope(workspace, "engine"), to, {
        kind: "message",
        title,
        text,
        href: `/runs/${run}?task=${encodeURIComponent(path)}`,
        source: key,
      });
    },
    now: () => journal.now(),
    scriptLog: ({ run, path, lines }) => log.info({ run, path, lines }, "a script wrote"),
  });
  const engine = createEngine({
    journal,
    worker,
    models: createModelCaller({
      settings: createModelSettings(db, settings.providers),
      now: () => journal.now(),
      fetch: createProviderFetch(egress),
      simulated: readablePace(wordsPerSecond),
    }),
    tools: {
      async catalog(workspace, flow) {
        await secrets.learn(workspace);
        return tools.catalog(workspace, flow);
      },
      call: (call) => tools.call(call),
    },
    revisions: createRevisions(db),
    approvals: approvalPort(db),
    sha256,
    random: randomSource,
    onSignal: (run, wake) => watcher.onSignal(run, wake),
    redaction: () => secrets.redactor(),
    onProblem: ({ run, error }) =>
      log.error({ run, error: error instanceof Error ? error.stack : String(error) }, "a run met a problem"),
  });

  const pulse = startPulse(
    db,
    worker,
    () => fail(new Error("This worker was declared dead by another; its runs go on there.")),
    () => journal.tidy(),
  );
  const close = async (): Promise<void> => {
    pulse.stop();
    await engine.stop();
    tools.close();
    watcher.close();
    await listener.close();
    await retireWorker(db, worker);
    journal.close();
    await db.close();
  };

  if (alone !== undefined && isId("run", alone)) {
    void engine
      .drive(alone)
      .then(close)
      .then(
        () => process.exit(0),
        (error: unknown) => fail(error),
      );
    return { stop: close };
  }

  const queue = await startQueue({
    db,
    journal,
    worker,
    concurrency: settings.concurrency,
    onRun: (run) => engine.drive(run),
    onAlone: (run) =>
      driveAlone(run, {
        newWorker: () => makeId("wrk", journal.now(), randomSource),
        async start(id, alone) {
          const child = startChild("worker.ts", { BATON_WORKER_ID: id, BATON_ALONE_RUN: alone });
          return (await child.ended).code;
        },
        bury: (id) => declareDead(db, id, { alone: true }),
      }),
  });
  return {
    async stop() {
      // Segments let go of their runs first: the queue waits for those under way.
      const stopped = queue.stop();
      await engine.stop();
      await stopped;
      await close();
    },
  };
}

function workerId(): WorkerId {
  const given = process.env["BATON_WORKER_ID"];
  return isId("wrk", given) ? given : makeId("wrk", Date.now(), randomSource);
}

await live(begin);
