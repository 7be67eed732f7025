import { connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeId, messageOf } from "#base/index.ts";
import { migrateQueue } from "#journal/index.ts";
import { openDatabase, randomSource } from "#platform/index.ts";
import { startTestDatabase, type TestDatabase } from "#platform/testing.ts";
import { exitCodeOf, describe as told } from "../lifetime.ts";
import { unavailableExit } from "../start/supervisor.ts";
import { type Connection, startWorker } from "./drive.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
  await migrateQueue(database.db);
});
afterAll(() => database.close());

/** A way to the database on which the first connections break before a word was said. */
async function breakingWay(url: string, breaks: number) {
  const target = new URL(url);
  let left = breaks;
  const open = new Set<Socket>();
  const server: Server = createServer((near) => {
    near.on("error", () => near.destroy());
    if (left > 0) {
      left -= 1;
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    far.on("error", () => near.destroy());
    far.on("close", () => near.destroy());
    near.on("close", () => far.destroy());
    open.add(near);
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("There is no port.");
  const way = new URL(url);
  way.port = String(address.port);
  return {
    url: way.href,
    broken: () => breaks - left,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a worker whose database restarts while it registers goes on when it is back", async () => {
  const way = await breakingWay(database.url, 4);
  const db = openDatabase(way.url, { connections: 6, name: "drive test" });
  const worker = makeId("wrk", Date.now(), randomSource);
  const failures: unknown[] = [];
  const unused = (): never => {
    throw new Error("Nothing runs here.");
  };
  const world: Connection = {
    models: { call: unused },
    tools: { catalog: unused, call: unused },
    revisions: unused,
    approvals: { open: unused, withdraw: unused },
  };
  const driving = await startWorker({
    db,
    worker,
    concurrency: 1,
    alone: undefined,
    connect: () => world,
    startAlone: unused,
    onDone: unused,
    onDeclaredDead: unused,
    onFailure: (error) => failures.push(error),
  });
  try {
    expect(way.broken()).toBe(4);
    const { rows } = await database.db.pool.query("select died_at, queue from worker where id = $1", [
      worker,
    ]);
    expect(rows).toEqual([{ died_at: null, queue: expect.stringContaining("pool-") }]);
  } finally {
    await driving.stop();
    await way.close();
  }
  expect(failures.map(messageOf)).toEqual([]);
});

test("a process that ends for want of the database says so in words, and nothing counts against its runs", () => {
  const broken = new Error("Connection terminated unexpectedly");
  expect(exitCodeOf(broken)).toBe(unavailableExit);
  expect(told(broken)).toMatch(/^The database went away: Connection terminated/);
  expect(told(broken)).not.toContain("drive.test.ts");
  expect(exitCodeOf(new Error("undefined is not a function"))).toBe(1);
  expect(told(new Error("undefined is not a function"))).toContain("drive.test.ts");
});
