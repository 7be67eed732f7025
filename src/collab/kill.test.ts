import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase } from "#platform/testing.ts";
import { openLive } from "./client.ts";
import type { LiveClient } from "./client.ts";
import { startProcess } from "./testing/processes.ts";
import { socketOf, until } from "./testing/stage.ts";
import { createTypist, seeded, wordsOf } from "./testing/typist.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.close());

describe("kill -9 of the server while people type", () => {
  it(
    "loses nothing that was saved, that a peer had seen, or that its author's tab still has",
    { timeout: 120_000 },
    async () => {
      const random = seeded(7);
      let server = await startProcess(database.url);
      const { url, port } = server;
      for (let round = 0; round < 2; round += 1) {
        const open = (session: string): LiveClient =>
          openLive({
            server: url,
            kind: "flow",
            subject: `killed${round}`,
            user: session,
            offline: false,
            WebSocket: socketOf(session),
            random: () => 0,
          });
        const [ada, bob, eve] = [open("ada"), open("bob"), open("eve")];
        await Promise.all([ada.whenReady, bob.whenReady, eve.whenReady]);
        const typists = [ada, bob, eve].map((client, index) => ({
          client,
          typist: createTypist(`${index}.${round}.`, () => 0.3 + random() * 0.7),
        }));
        const saved = new Set<string>();
        const end = performance.now() + 150 + random() * 250;
        while (performance.now() < end || saved.size === 0) {
          for (const { client, typist } of typists) {
            const typed = typist.type(client.doc);
            client.whenSaved().then(
              () => saved.add(typed),
              () => undefined,
            );
          }
          await new Promise((resolve) => setTimeout(resolve, random() * 6));
        }
        await server.kill();
        // Eve's tab dies in the same moment: of hers, what was saved or seen must be there.
        const seen = new Set([...wordsOf(ada.doc), ...wordsOf(bob.doc)]);
        const mustBe = new Set([...saved, ...seen]);
        for (const { client, typist } of typists.slice(0, 2))
          for (const each of typist.written) if (wordsOf(client.doc).includes(each)) mustBe.add(each);
        eve.destroy();
        server = await startProcess(database.url, port);
        await until(() => ada.status === "saved" && bob.status === "saved", "ada and bob are back");
        const late = open("ada");
        await late.whenReady;
        await until(
          () => new Set([ada, bob, late].map(({ doc }) => wordsOf(doc).join())).size === 1,
          "all agree",
        );
        const now = new Set(wordsOf(late.doc));
        expect(saved.size).toBeGreaterThan(0);
        expect([...mustBe].filter((each) => !now.has(each))).toEqual([]);
        for (const client of [ada, bob, late]) client.destroy();
      }
      await server.kill();
    },
  );
});
