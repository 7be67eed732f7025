import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { startTestDatabase, type TestDatabase } from "#platform/testing.ts";
import { type ServerProcess, startProcess } from "./testing/processes.ts";
import { fingerprint, openStage, type People, socketOf, testWorkspace, until } from "./testing/stage.ts";
import { createTypist, seeded, type Typist, wordsOf } from "./testing/typist.ts";

/** `npm run test:rounds` makes 1000. */
const rounds = Number(process.env["BATON_LIVE_ROUNDS"] ?? 100);
const seed = Number(process.env["BATON_LIVE_SEED"] ?? 20_261_122);

let database: TestDatabase;
const people: People = new Map();
const names = ["ada", "bob", "cyd", "dan"] as const;

beforeAll(async () => {
  database = await startTestDatabase();
  for (const name of names)
    people.set(name, { id: `user_${name}`, name, roles: new Map([[testWorkspace, ["builder"]]]) });
});
afterAll(() => database.close());

type Tab = {
  readonly provider: WebsocketProvider;
  readonly doc: Y.Doc;
  readonly typist: Typist;
  online: boolean;
};

describe("random edits, random disconnects, two server processes, kill -9 in the middle", () => {
  it(
    `leave all replicas equal and nothing lost, in ${rounds} rounds`,
    { timeout: 120_000 + rounds * 2000 },
    async () => {
      const random = seeded(seed);
      const options = { compactEvery: 40, limits: { updates: { perSecond: 5000, burst: 5000 } } };
      const servers: ServerProcess[] = [
        await startProcess(database.url, 0, options),
        await startProcess(database.url, 0, options),
      ];
      const refusals: unknown[] = [];
      const perDocument = 20;
      let tabs: Tab[] = [];
      let subject = "";
      const openTabs = (round: number): void => {
        subject = `fuzz${round}`;
        tabs = names.map((name, index) => {
          const doc = new Y.Doc();
          const provider = new WebsocketProvider(
            `${servers[index % 2]?.url}/collab`,
            `flow/${subject}`,
            doc,
            {
              WebSocketPolyfill: socketOf(name),
              disableBc: true,
              maxBackoffTime: 20,
            },
          );
          return { provider, doc, typist: createTypist(`${name}.`, random), online: true };
        });
      };
      const closeTabs = (): void => {
        for (const { provider, doc } of tabs) {
          provider.destroy();
          doc.destroy();
        }
      };

      for (let round = 0; round < rounds; round += 1) {
        if (round % perDocument === 0) {
          closeTabs();
          openTabs(round);
        }
        const dies =
          round % 25 === 24 ? { at: Math.floor(random() * 12), index: Math.floor(random() * 2) } : null;
        for (let step = 0; step < 12; step += 1) {
          const victim = step === dies?.at ? servers[dies.index] : undefined;
          if (dies !== null && victim !== undefined) {
            refusals.push(...(await victim.refusals()));
            // In the middle of what was typed just now.
            for (const { doc, typist } of tabs) typist.type(doc);
            await victim.kill();
            for (const { doc, typist } of tabs) typist.type(doc);
            servers[dies.index] = await startProcess(database.url, victim.port, options);
          }
          const tab = tabs[Math.floor(random() * tabs.length)];
          if (tab === undefined) continue;
          const chance = random();
          if (chance < 0.7) tab.typist.type(tab.doc);
          else if (chance < 0.8) {
            tab.online = !tab.online;
            if (tab.online) tab.provider.connect();
            else tab.provider.disconnect();
          } else if (chance < 0.82) servers[Math.floor(random() * 2)]?.cut();
          // Lets what is on its way come through in between, or not.
          else await new Promise((resolve) => setTimeout(resolve, random() * 8));
        }
        for (const tab of tabs) {
          if (tab.online) continue;
          tab.online = true;
          tab.provider.connect();
        }
        const removed = new Set(tabs.flatMap(({ typist }) => [...typist.removed]));
        const expected = tabs
          .flatMap(({ typist }) => [...typist.written])
          .filter((each) => !removed.has(each))
          .toSorted();
        const wanted = JSON.stringify(expected);
        const agree = (): boolean =>
          tabs.every(({ provider, doc }) => provider.synced && JSON.stringify(wordsOf(doc)) === wanted) &&
          new Set(tabs.map(({ doc }) => fingerprint(doc))).size === 1;
        await until(agree, `all tabs agree in round ${round} of seed ${seed}`, 60_000).catch(
          (error: unknown) => {
            expect(tabs.map(({ doc }) => wordsOf(doc))).toEqual(tabs.map(() => expected));
            throw error;
          },
        );
      }

      // What the log and its snapshots make is what the tabs show, read by a server that never held it.
      const late = await openStage(database.url, people);
      const doc = new Y.Doc();
      const provider = new WebsocketProvider(`${late.url}/collab`, `flow/${subject}`, doc, {
        WebSocketPolyfill: socketOf("ada"),
        disableBc: true,
      });
      await until(() => provider.synced, "a late reader is synced");
      expect(fingerprint(doc)).toBe(fingerprint(tabs[0]?.doc ?? doc));
      const { rows } = await database.db.pool.query<{ snapshots: number }>(
        "select count(*)::int as snapshots from live_snapshot",
      );
      expect(rows[0]?.snapshots).toBeGreaterThan(0);
      for (const server of servers) refusals.push(...(await server.refusals()));
      expect([...refusals, ...late.refusals]).toEqual([]);
      provider.destroy();
      closeTabs();
      for (const server of servers) await server.kill();
      await late.close();
    },
  );
});
