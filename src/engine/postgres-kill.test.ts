import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RunId, type WorkerId, type WorkspaceId, makeId } from "#base/index.ts";
import type { ForkOrigin, RunEvent } from "#flow/machine/index.ts";
import { createPostgresJournal, declareDead, migrateQueue } from "#journal/index.ts";
import { type TestDatabase, startTestDatabase } from "#platform/testing.ts";
import { type KillPoint, driveOnce } from "./postgres-kill-worker.ts";

const program = fileURLToPath(new URL("postgres-kill-worker.ts", import.meta.url));
const workspace = "ws_kill" as WorkspaceId;
let database: TestDatabase;
let journal: ReturnType<typeof createPostgresJournal>;
let server: Server;
let receiver: string;
/** How often each key was asked for. */
let asked: Map<string, number>;
/** Answers a request; a test may hold it back. */
let answer: (key: string, response: ServerResponse) => void;

beforeAll(async () => {
  database = await startTestDatabase();
  await migrateQueue(database.db);
  await database.db.pool.query(
    "insert into flow (id, workspace_id, slug, title) values ('kill', $1, 'kill', 'Kill')",
    [workspace],
  );
  journal = createPostgresJournal({ db: database.db, machineVersion: 1 });
  server = createServer((request, response) => {
    const key = new URL(request.url ?? "/", "http://receiver").searchParams.get("key") ?? "";
    asked.set(key, (asked.get(key) ?? 0) + 1);
    answer(key, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  receiver = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  asked = new Map();
  answer = (_key, response) => response.end();
});

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  journal.close();
  await database.close();
});

function newId<P extends string>(prefix: P) {
  return makeId(prefix, Date.now(), (count) => new Uint8Array(randomBytes(count)));
}

async function newRun(forkedFrom?: ForkOrigin): Promise<RunId> {
  const id = newId("run");
  await journal.create({
    id,
    workspace,
    flow: "kill",
    revision: "rev_kill",
    start: {
      type: "run-started",
      flowId: "kill",
      revisionId: "rev_kill",
      inputs: {},
      vars: {},
      by: { kind: "user", id: "user_1", name: "Ada" },
      simulated: false,
      ...(forkedFrom === undefined ? {} : { forkedFrom }),
    },
  });
  return id;
}

function startWorker(run: RunId, worker: WorkerId, kill: KillPoint | null): ChildProcess {
  const given = JSON.stringify({ url: database.url, receiver, run, worker, kill });
  return spawn(process.execPath, [program, given], { stdio: ["ignore", "pipe", "inherit"] });
}

function finishedKeys(events: readonly RunEvent[]): string[] {
  return events.flatMap(({ body }) =>
    body.type === "model-call-finished" || body.type === "tool-call-finished" ? [body.key] : [],
  );
}

/** Six appends and five effects: the flow's two tools, the agent's two model calls and its tool call. */
const points: readonly KillPoint[] = [
  { what: "append", number: 1, when: "before" },
  { what: "append", number: 1, when: "in" },
  { what: "append", number: 1, when: "after" },
  { what: "append", number: 2, when: "in" },
  { what: "append", number: 3, when: "before" },
  { what: "append", number: 4, when: "after" },
  { what: "append", number: 6, when: "in" },
  { what: "effect", number: 1, when: "before" },
  { what: "effect", number: 2, when: "in" },
  { what: "effect", number: 3, when: "after" },
  { what: "effect", number: 5, when: "in" },
];

test.each(points)("a worker killed $when $what $number: another one finishes the run", async (kill) => {
  const run = await newRun();
  const worker = newId("wrk");
  const child = startWorker(run, worker, kill);
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  // What the server was still doing for the dead worker ends before anyone looks.
  const owned = await declareDead(database.db, worker);
  const before = await journal.events(run, 0, 1000);
  // Its last append may have been recorded: that one gives the run up.
  expect(owned).toEqual(before.at(-1)?.body.type === "run-finished" ? [] : [run]);
  const finished = finishedKeys(before);

  await driveOnce({ url: database.url, receiver, run, worker: newId("wrk"), kill: null });

  const events = await journal.events(run, 0, 1000);
  expect(events.slice(0, before.length)).toEqual(before);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1));
  expect(events.at(-1)?.body).toMatchObject({
    type: "run-finished",
    outcome: "succeeded",
    outputs: { text: "Posted." },
  });
  // The same five effects as without the kill, under the same keys; those whose result was recorded were done once.
  expect(asked.size).toBe(5);
  for (const key of finished) expect(asked.get(key)).toBe(1);
  expect([...asked.values()].filter((times) => times > 1).length).toBeLessThanOrEqual(1);
  expect(Math.max(...asked.values())).toBeLessThanOrEqual(2);
});

test("a worker that only seemed dead records nothing when it wakes up", async () => {
  const run = await newRun();
  const worker = newId("wrk");
  const held = Promise.withResolvers<ServerResponse>();
  answer = (_key, response) => (asked.size === 2 ? held.resolve(response) : void response.end());
  const zombie = startWorker(run, worker, null);
  const response = await held.promise;
  zombie.kill("SIGSTOP");
  answer = (_key, other) => other.end();
  expect(await declareDead(database.db, worker)).toEqual([run]);
  await driveOnce({ url: database.url, receiver, run, worker: newId("wrk"), kill: null });
  const events = await journal.events(run, 0, 1000);
  const count = async (): Promise<unknown> =>
    (await database.db.pool.query("select count(*) from audit_entry where run_id = $1", [run])).rows[0];
  const audited = await count();

  zombie.kill("SIGCONT");
  response.end();
  const [code] = (await once(zombie, "exit")) as [number | null];
  expect(code).toBe(0);
  expect(await journal.events(run, 0, 1000)).toEqual(events);
  expect(await count()).toEqual(audited);
  expect(events.at(-1)?.body).toMatchObject({ type: "run-finished", outcome: "succeeded" });
});

const forkPoints: readonly KillPoint[] = [
  { what: "append", number: 1, when: "before" },
  { what: "append", number: 1, when: "in" },
  { what: "append", number: 1, when: "after" },
  { what: "append", number: 2, when: "in" },
  { what: "effect", number: 1, when: "before" },
  { what: "effect", number: 1, when: "after" },
];

test.each(forkPoints)(
  "a worker killed $when $what $number of a fork: what it takes over is taken over once, and done no more",
  async (kill) => {
    const source = await newRun();
    await driveOnce({ url: database.url, receiver, run: source, worker: newId("wrk"), kill: null });
    const origin = await journal.events(source, 0, 1000);
    asked = new Map();
    const run = await newRun({ run: source, number: 1, seq: origin.at(-1)?.seq ?? 0, path: "last" });
    const worker = newId("wrk");
    const child = startWorker(run, worker, kill);
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
    await declareDead(database.db, worker);
    const before = await journal.events(run, 0, 1000);
    // What was begun with all that it takes over needs its source no more.
    if (before.length > 0) {
      await database.db.pool.query("delete from event_batch where run_id = $1", [source]);
      await database.db.pool.query("delete from run where id = $1", [source]);
    }
    await driveOnce({ url: database.url, receiver, run, worker: newId("wrk"), kill: null });

    const events = await journal.events(run, 0, 1000);
    expect(events.slice(0, before.length)).toEqual(before);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1));
    const copied = events.flatMap(({ body }) => (body.type === "event-copied" ? [body.from.seq] : []));
    expect(new Set(copied).size).toBe(copied.length);
    expect(copied.length).toBeGreaterThan(5);
    expect(events.at(-1)?.body).toMatchObject({ outcome: "succeeded", outputs: { text: "Posted." } });
    // Only the last tool: the first one and the agent were the source's.
    expect([...asked.keys()]).toEqual([expect.stringContaining(`${run}:last:`)]);
  },
);
