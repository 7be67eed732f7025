import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase } from "#platform/testing.ts";
import { openLive } from "./client.ts";
import type { LiveClient } from "./client.ts";
import { socketOf, until } from "./testing/stage.ts";
import { createTypist, seeded, wordsOf } from "./testing/typist.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.close());

async function serve(port: number): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(join(import.meta.dirname, "testing/serve.ts"), [database.url, String(port)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [],
    env: { ...process.env, BATON_LOG_LEVEL: "fatal" },
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("message", (message) => resolve((message as { url: string }).url));
    child.once("exit", (code) => reject(new Error(`The server ended with ${code}.`)));
  });
  return { child, url };
}

describe("kill -9 of the server while people type", () => {
  it(
    "loses nothing that was saved, that a peer had seen, or that its author's tab still has",
    { timeout: 120_000 },
    async () => {
      const random = seeded(7);
      let { child, url } = await serve(0);
      const port = Number(new URL(url).port);
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
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGKILL");
        await gone;
        // Eve's tab dies in the same moment: of hers, what was saved or seen must be there.
        const seen = new Set([...wordsOf(ada.doc), ...wordsOf(bob.doc)]);
        const mustBe = new Set([...saved, ...seen]);
        for (const { client, typist } of typists.slice(0, 2))
          for (const each of typist.written) if (wordsOf(client.doc).includes(each)) mustBe.add(each);
        eve.destroy();
        ({ child, url } = await serve(port));
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
      child.kill("SIGKILL");
    },
  );
});
