/** What calls, people and flows are to a worker in production. */
import { createModelCaller, readablePace } from "#agents/index.ts";
import { childRuns } from "#api/index.ts";
import type { WorkspaceId } from "#base/index.ts";
import { createLiveDocuments } from "#collab/index.ts";
import { inputOfSecret } from "#flow/index.ts";
import {
  createModelSettings,
  defaultAlias,
  egressOf,
  openRunSecret,
  openSecret,
  systemScope,
} from "#governance/index.ts";
import { createRunMemory, memoryPorts, sharedMemoryKind } from "#memory/index.ts";
import type { Gates, PostgresJournal } from "#journal/index.ts";
import { approvalPort, notifyMembers, openFile } from "#people/index.ts";
import {
  createListener,
  type Database,
  log,
  parseEgressList,
  type Settings,
  throughOutage,
} from "#platform/index.ts";
import { createTools } from "#tools/index.ts";
import type { Connection } from "./drive.ts";
import { type GateOf, gatedModels, gatedTools } from "./gated.ts";
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
): (journal: PostgresJournal, gates: Gates) => Connection {
  const { openai, anthropic } = settings.providers;
  const secrets = createSecrets(
    db,
    [openai.apiKey, anthropic.apiKey, settings.secretKey, settings.metricsToken].filter(
      (key) => key !== undefined,
    ),
  );
  const egress = { public: true, allow: parseEgressList(settings.egress) };
  const modelSettings = createModelSettings(db, settings.providers);
  return (journal, gates) => {
    const listener = createListener(db.url);
    const live = createLiveDocuments({ db, listener, kinds: [sharedMemoryKind(db)] });
    const memory = createRunMemory(memoryPorts(db, live, () => journal.now()));
    // What a tool needs of Baton itself, each safe to be done twice: the task must not fail because the database was away.
    const tools = createTools({
      memory: {
        call: (call, operation, args) =>
          throughOutage(() => memory.call(call, operation, args), { what: "to use shared memory" }),
      },
      egress: async (workspace) => {
        const { only } = await throughOutage(() => egressOf(db, workspace), {
          what: "to read which places may be reached",
        });
        return only === null ? egress : { ...egress, only };
      },
      openFile: ({ workspace, file }) =>
        throughOutage(() => openFile(db, systemScope(workspace, "engine"), file.$file.id), {
          what: "to read a file",
        }),
      async secret({ workspace, run, name }) {
        const input = inputOfSecret(name);
        const value = await throughOutage(
          () => (input === null ? openSecret(db, workspace, name) : openRunSecret(db, workspace, run, input)),
          { what: "to read a secret" },
        );
        secrets.add(value);
        return value;
      },
      async notify({ workspace, run, path, key, to, title, text }) {
        const message = {
          kind: "message" as const,
          title,
          text,
          href: `/runs/${run}?task=${encodeURIComponent(path)}`,
          source: key,
        };
        return throughOutage(() => notifyMembers(db, systemScope(workspace, "engine"), to, message), {
          what: "to notify members",
        });
      },
      now: () => journal.now(),
      scriptLog: ({ run, path, lines }) => log.info({ run, path, lines }, "a script wrote"),
    });
    return {
      models: gatedModels(
        createModelCaller({
          settings: modelSettings,
          now: () => journal.now(),
          fetch: createProviderFetch(egress),
          simulated: wordsPerSecond === null ? {} : readablePace(wordsPerSecond),
        }),
        gates,
        gateOf(modelSettings),
      ),
      tools: gatedTools(
        {
          async catalog(workspace, flow) {
            await secrets.learn(workspace);
            return tools.catalog(workspace, flow);
          },
          call: (call) => tools.call(call),
        },
        gates,
      ),
      revisions: createRevisions(db),
      approvals: approvalPort(db),
      runs: childRuns(db),
      redaction: () => secrets.redactor(),
      memory,
      async close() {
        tools.close();
        await live.close();
        await listener.close();
      },
    };
  };
}

/** Milliseconds for which an alias is taken for what it was. */
const freshFor = 2000;

/** The gate behind an alias, looked up now and then. */
function gateOf(settings: ReturnType<typeof createModelSettings>): GateOf {
  const known = new Map<WorkspaceId, { at: number; found: ReturnType<typeof settings> }>();
  const find = (workspace: WorkspaceId): ReturnType<typeof settings> => {
    let entry = known.get(workspace);
    if (entry === undefined || performance.now() - entry.at > freshFor) {
      entry = { at: performance.now(), found: settings(workspace) };
      entry.found.catch(() => known.delete(workspace));
      known.set(workspace, entry);
    }
    return entry.found;
  };
  return async (workspace, alias) => {
    const { aliases } = await throughOutage(() => find(workspace), { what: "to look up a model" });
    const found =
      aliases.find((each) => each.alias === alias) ?? aliases.find((each) => each.alias === defaultAlias);
    const limits = found?.limits;
    return {
      provider: found?.provider ?? "simulated",
      model: found?.model ?? "simulated",
      limits: {
        most: limits?.maxCalls ?? null,
        callsPerMinute: limits?.callsPerMinute ?? null,
        tokensPerMinute: limits?.tokensPerMinute ?? null,
      },
    };
  };
}
