/** Drives runs: claims them from the queue, calls models and tools, asks people. Serves no page. */
import { isId, makeId, type WorkerId } from "#base/index.ts";
import { createModelCaller, readablePace } from "#agents/index.ts";
import { createModelSettings, openSecret, systemScope } from "#governance/index.ts";
import { measureJournal } from "#journal/index.ts";
import { approvalPort, notifyMembers, openFile } from "#people/index.ts";
import {
  log,
  measurePool,
  measureProcess,
  openDatabase,
  parseEgressList,
  randomSource,
  settings as readSettings,
} from "#platform/index.ts";
import { createTools } from "#tools/index.ts";
import { fail, live } from "./lifetime.ts";
import { openMonitor } from "./monitor.ts";
import { startChild } from "./start/child.ts";
import { startWorker } from "./worker/drive.ts";
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
  const given = process.env["BATON_ALONE_RUN"];
  const alone = isId("run", given) ? given : undefined;
  const db = openDatabase(databaseUrl, {
    connections: journalConnections + settings.concurrency + 5,
    name: `baton ${worker}`,
  });
  const { openai, anthropic } = settings.providers;
  const secrets = createSecrets(
    db,
    [openai.apiKey, anthropic.apiKey, settings.secretKey, settings.metricsToken].filter(
      (key) => key !== undefined,
    ),
  );
  const egress = { public: true, allow: parseEgressList(settings.egress) };
  const driving = await startWorker({
    db,
    worker,
    alone,
    concurrency: settings.concurrency,
    connect(journal) {
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
      return {
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
        redaction: () => secrets.redactor(),
        close: () => tools.close(),
      };
    },
    async startAlone(id, run) {
      const child = startChild("worker.ts", { BATON_WORKER_ID: id, BATON_ALONE_RUN: run });
      return (await child.ended).code;
    },
    onDone: () => process.exit(0),
    onFailure: fail,
    onDeclaredDead: () => fail(new Error("This worker was declared dead by another; its runs go on there.")),
  });
  if (alone !== undefined || settings.metricsPort === 0) return driving;
  measureProcess("worker");
  measurePool(db.pool);
  measureJournal(db);
  const monitor = await openMonitor({
    port: settings.metricsPort,
    host: settings.host,
    token: settings.metricsToken,
    check: async () => void (await db.pool.query("select 1")),
  });
  log.info({ worker, port: monitor?.port ?? null }, "the worker takes runs and answers probes");
  return {
    async stop() {
      monitor?.drain();
      await driving.stop();
      await monitor?.close();
    },
  };
}

function workerId(): WorkerId {
  const given = process.env["BATON_WORKER_ID"];
  return isId("wrk", given) ? given : makeId("wrk", Date.now(), randomSource);
}

await live(begin);
