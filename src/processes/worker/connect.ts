/** What calls, people and flows are to a worker in production. */
import { createModelCaller, readablePace } from "#agents/index.ts";
import { createModelSettings, openSecret, systemScope } from "#governance/index.ts";
import type { PostgresJournal } from "#journal/index.ts";
import { childRuns } from "#api/index.ts";
import { approvalPort, notifyMembers, openFile } from "#people/index.ts";
import { type Database, log, parseEgressList, type Settings } from "#platform/index.ts";
import { createTools } from "#tools/index.ts";
import type { Connection } from "./drive.ts";
import { createProviderFetch } from "./provider-fetch.ts";
import { createSecrets } from "./redaction.ts";
import { createRevisions } from "./revisions.ts";

/** Of the simulated model: as fast as one reads. */
const readable = 24;

/** `wordsPerSecond` of the simulated model; null: as fast as it can. */
export function connectWorld(
  db: Database,
  settings: Settings,
  wordsPerSecond: number | null = readable,
): (journal: PostgresJournal) => Connection {
  const { openai, anthropic } = settings.providers;
  const secrets = createSecrets(
    db,
    [openai.apiKey, anthropic.apiKey, settings.secretKey, settings.metricsToken].filter(
      (key) => key !== undefined,
    ),
  );
  const egress = { public: true, allow: parseEgressList(settings.egress) };
  return (journal) => {
    const tools = createTools({
      egress: () => egress,
      openFile: ({ workspace, file }) => openFile(db, systemScope(workspace, "engine"), file.$file.id),
      async secret({ workspace, name }) {
        const value = await openSecret(db, workspace, name);
        secrets.add(value);
        return value;
      },
      async notify({ workspace, run, path, key, to, title, text }) {
        return notifyMembers(db, systemScope(workspace, "engine"), to, {
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
        simulated: wordsPerSecond === null ? {} : readablePace(wordsPerSecond),
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
      runs: childRuns(db),
      redaction: () => secrets.redactor(),
      close: () => tools.close(),
    };
  };
}
