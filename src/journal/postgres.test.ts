import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunId, type WorkerId, type WorkspaceId, makeId } from "#base/index.ts";
import type { RunEventBody, RunState } from "#flow/machine/index.ts";
import { type Listener, createListener } from "#platform/index.ts";
import { type TestDatabase, startTestDatabase } from "#platform/testing.ts";
import {
  type AppendRequest,
  type PostgresJournal,
  type RunSummary,
  cancelInTransaction,
  createPostgresJournal,
  createWatcher,
  declareDead,
  migrateQueue,
  registerWorker,
  retireWorker,
} from "./index.ts";

const workspace = "ws_test" as WorkspaceId;
const flow = "flow_test";
let database: TestDatabase;
let journal: PostgresJournal;
let listener: Listener;

beforeAll(async () => {
  database = await startTestDatabase();
  await migrateQueue(database.db);
  await database.db.pool.query(
    "insert into flow (id, workspace_id, slug, title) values ($1, $2, 'test', 'Test')",
    [flow, workspace],
  );
  journal = createPostgresJournal({ db: database.db, machineVersion: 1 });
  listener = createListener(database.url);
});

afterAll(async () => {
  await listener.close();
  journal.close();
  await database.close();
});

function newId<P extends string>(prefix: P) {
  return makeId(prefix, Date.now(), (count) => new Uint8Array(randomBytes(count)));
}

const start: Extract<RunEventBody, { type: "run-started" }> = {
  type: "run-started",
  flowId: flow,
  revisionId: "rev_1",
  inputs: {},
  vars: {},
  by: { kind: "user", id: "user_1", name: "Ada" },
  simulated: true,
};

async function newRun(): Promise<RunId> {
  const id = newId("run");
  await journal.create({ id, workspace, flow, revision: "rev_1", start });
  return id;
}

async function newWorker(): Promise<WorkerId> {
  const id = newId("wrk");
  await registerWorker(database.db.pool, { id, host: "here", pid: 1 });
  return id;
}

function log(message: string): RunEventBody {
  return { type: "log-written", path: "a", level: "info", message };
}

function request(run: RunId, epoch: number, seq: number, messages: string[]): AppendRequest {
  return {
    run,
    workspace,
    epoch,
    seq,
    events: messages.map(log),
    audit: messages.map((message) => ({
      actor: { kind: "system", id: "engine", name: "Baton" },
      action: "log.written",
      subject: { kind: "run", id: run },
      path: null,
      body: { message },
    })),
    consume: [],
  };
}

const summary: RunSummary = {
  state: "waiting",
  headline: "Waits",
  outputs: null,
  error: null,
  cost: 0,
  unknownCosts: 0,
  tokens: 0,
  steps: 0,
  tasks: 0,
};
const snapshot = { version: 1, seq: 3 } as RunState;

async function claimed(worker?: WorkerId): Promise<{ run: RunId; epoch: number }> {
  const run = await newRun();
  const claim = await journal.claim(run, worker ?? (await newWorker()));
  if (claim === null) throw new Error("The run was not claimed.");
  return { run, epoch: claim.epoch };
}

async function count(sql: string, ...params: unknown[]): Promise<number> {
  const { rows } = await database.db.pool.query<{ count: string }>(`select count(*) from ${sql}`, params);
  return Number(rows[0]?.count);
}

test("a run starts with its number, its start signal and a job, once", async () => {
  const id = await newRun();
  await journal.create({ id, workspace, flow, revision: "rev_1", start });
  const { items, wake } = await journal.inbox(id);
  expect(items.map((item) => item.signal)).toEqual([{ kind: "start", body: start }]);
  expect(wake).toBe(1);
  expect(await count("graphile_worker.jobs where key = $1", `run:${id}`)).toBe(1);
});

test("an append writes events, audit and summary, consumes the inbox, and answers the instant of the events", async () => {
  const { run, epoch } = await claimed();
  const { items } = await journal.inbox(run);
  const answer = await journal.append({
    ...request(run, epoch, 1, ["one", 'tw"o\\ \u0000 {x,y} null']),
    consume: items.map((item) => item.id),
    summary: { ...summary, state: "running", headline: "Runs", outputs: { a: 1 } },
  });
  const events = await journal.events(run, 0, 10);
  expect(answer).toEqual({ result: "appended", at: events[0]?.at });
  expect(events.map((event) => event.body)).toEqual([log("one"), log('tw"o\\ \u0000 {x,y} null')]);
  expect(Math.abs(journal.now() - (events[0]?.at ?? 0))).toBeLessThan(60_000);
  expect((await journal.inbox(run)).items).toEqual([]);
  expect(await count("audit_entry where run_id = $1 and workspace_id = $2", run, workspace)).toBe(2);
  expect(await count("run where id = $1 and headline = 'Runs' and outputs = '{\"a\":1}'", run)).toBe(1);
});

test("a stale epoch records nothing", async () => {
  const { run, epoch } = await claimed();
  expect(await journal.append(request(run, epoch - 1, 1, ["old"]))).toEqual({ result: "fenced" });
  expect(await count("event_batch where run_id = $1", run)).toBe(0);
  expect(await count("audit_entry where run_id = $1", run)).toBe(0);
});

test("an append that was sent twice is recorded once", async () => {
  const { run, epoch } = await claimed();
  const first = await journal.append(request(run, epoch, 1, ["one"]));
  expect(await journal.append(request(run, epoch, 1, ["one"]))).toEqual(first);
  expect(await count("event_batch where run_id = $1", run)).toBe(1);
  expect(await count("audit_entry where run_id = $1", run)).toBe(1);
  await expect(journal.append(request(run, epoch, 1, ["other"]))).rejects.toThrow(/are others/);
});

test("a gap is refused and does not hurt the others of the group", async () => {
  const one = await claimed();
  const two = await claimed();
  const answers = await Promise.allSettled([
    journal.append(request(one.run, one.epoch, 2, ["too early"])),
    journal.append(request(two.run, two.epoch, 1, ["fine"])),
  ]);
  expect(answers.map((answer) => answer.status)).toEqual(["rejected", "fulfilled"]);
  expect(await count("event_batch where run_id = $1", one.run)).toBe(0);
  expect(await count("event_batch where run_id = $1", two.run)).toBe(1);
});

/** A text with everything that an array literal or JSON has to quote. */
const odd = (n: number): string => `${n} "q" \\ {a,b} \n\t\u0000\u2028 é \ud800 null`;

test("many runs append at once, each in order", async () => {
  const runs = await Promise.all(Array.from({ length: 40 }, () => claimed()));
  await Promise.all(
    runs.map(async ({ run, epoch }) => {
      for (let seq = 1; seq <= 20; seq += 2)
        await journal.append(request(run, epoch, seq, [odd(seq), odd(seq + 1)]));
    }),
  );
  for (const { run } of runs) {
    const events = await journal.events(run, 0, 100);
    expect(events.map((event) => event.body)).toEqual(Array.from({ length: 20 }, (_, i) => log(odd(i + 1))));
  }
});

test("only one worker claims a run, and a dead one's runs are claimed again under a new epoch", async () => {
  const dead = await newWorker();
  const { run, epoch } = await claimed(dead);
  await journal.append(request(run, epoch, 1, ["one"]));
  expect(await journal.claim(run, await newWorker())).toBeNull();
  expect(await journal.claim(run, dead)).toBeNull();
  expect(await declareDead(database.db, dead)).toEqual([run]);
  expect(await declareDead(database.db, dead)).toEqual([]);
  expect(await journal.append(request(run, epoch, 2, ["zombie"]))).toEqual({ result: "fenced" });
  expect(await journal.claim(run, dead)).toBeNull();
  const claim = await journal.claim(run, await newWorker());
  expect(claim?.epoch).toBeGreaterThan(epoch);
  expect(claim?.crashes).toBe(1);
  expect(claim?.events.map((event) => event.body)).toEqual([log("one")]);
});

test("a run that crashed two workers is driven alone, and ends for good when it crashes that one too", async () => {
  const run = await newRun();
  for (let i = 0; i < 2; i += 1) {
    const worker = await newWorker();
    expect(await journal.claim(run, worker)).not.toBeNull();
    await declareDead(database.db, worker);
  }
  expect(await journal.claim(run, await newWorker())).toBeNull();
  expect(await count("graphile_worker.jobs where key = $1", `alone:${run}`)).toBe(1);
  const alone = createPostgresJournal({ db: database.db, machineVersion: 1, alone: true });
  const worker = await newWorker();
  expect((await alone.claim(run, worker))?.crashes).toBe(2);
  alone.close();
  await declareDead(database.db, worker, { alone: true });
  expect(await count("run where id = $1 and state = 'dead-lettered' and finished_at is not null", run)).toBe(
    1,
  );
  expect(await count("audit_entry where run_id = $1 and action = 'run.dead-lettered'", run)).toBe(1);
  expect(await journal.signal(run, "late", { kind: "cancel", by: start.by, reason: "" })).toBe(false);
});

test("a NUL in what a model or a tool said stops no append and no park", async () => {
  const { run, epoch } = await claimed();
  const odd = "a\0b";
  const audit = (name: string): AppendRequest["audit"] => [
    {
      actor: { kind: "agent", id: name, name },
      action: "tool-call.denied",
      subject: { kind: "tool", id: name },
      path: null,
      body: { name },
    },
  ];
  const first = {
    ...request(run, epoch, 1, [odd]),
    audit: audit(odd),
    summary: { ...summary, headline: odd },
  };
  expect(await journal.append(first)).toMatchObject({ result: "appended" });
  // More rows than a statement of its own takes: the way of a group.
  const many = {
    ...request(
      run,
      epoch,
      2,
      Array.from({ length: 12 }, () => odd),
    ),
    audit: audit(odd),
  };
  expect(await journal.append({ ...many, summary: first.summary })).toMatchObject({ result: "appended" });
  const { wake } = await journal.inbox(run);
  expect(await journal.park({ run, epoch, wake, snapshot, summary: first.summary })).toBe("parked");
  expect(await count("audit_entry where run_id = $1 and subject_id = $2", run, "a\uFFFDb")).toBe(2);
});

test("the snapshot of a run that was parked goes with the run's end", async () => {
  const { run, epoch } = await claimed();
  await journal.append(request(run, epoch, 1, ["x"]));
  const { wake } = await journal.inbox(run);
  await journal.park({ run, epoch, wake, snapshot: { ...snapshot, seq: 1 }, summary });
  expect(await count("run_snapshot where run_id = $1", run)).toBe(1);
  const again = await journal.claim(run, await newWorker());
  const ended: RunSummary = { ...summary, state: "succeeded" };
  await journal.append({ ...request(run, again?.epoch ?? 0, 2, ["y"]), summary: ended });
  const last = { run, epoch: again?.epoch ?? 0, wake, snapshot: { ...snapshot, seq: 2 }, summary: ended };
  expect(await journal.park(last)).toBe("parked");
  expect(await count("run_snapshot where run_id = $1", run)).toBe(0);
});

test("a request to cancel counts once, and again when it comes some seconds later", async () => {
  const { run } = await claimed();
  const cancel = { kind: "cancel", by: start.by, reason: "enough" } as const;
  const { pool } = database.db;
  expect(await cancelInTransaction(pool, run, cancel)).toBe(true);
  expect(await cancelInTransaction(pool, run, cancel)).toBe(false);
  for (let round = 2; round <= 3; round += 1) {
    await pool.query(
      "update run_inbox set created_at = created_at - interval '7 seconds' where run_id = $1",
      [run],
    );
    expect(await cancelInTransaction(pool, run, cancel)).toBe(true);
    expect(await cancelInTransaction(pool, run, cancel)).toBe(false);
    expect(await count("run_inbox where run_id = $1 and source like 'cancel%'", run)).toBe(round);
  }
});

test("an orderly stop counts no crash", async () => {
  const worker = await newWorker();
  const { run } = await claimed(worker);
  await retireWorker(database.db, worker);
  expect((await journal.claim(run, await newWorker()))?.crashes).toBe(0);
});

test("a signal comes once, and a park that it races is told", async () => {
  const { run, epoch } = await claimed();
  const { wake } = await journal.inbox(run);
  const cancel = { kind: "cancel", by: start.by, reason: "enough" } as const;
  expect(await journal.signal(run, "cancel:1", cancel)).toBe(true);
  expect(await journal.signal(run, "cancel:1", cancel)).toBe(false);
  expect(await journal.park({ run, epoch, wake, snapshot, summary })).toBe("woken");
  const again = await journal.inbox(run);
  expect(again.items.at(-1)?.signal).toEqual(cancel);
  expect(await journal.park({ run, epoch: epoch - 1, wake: again.wake, snapshot, summary })).toBe("fenced");
  await journal.append({
    ...request(run, epoch, 1, ["1", "2", "3", "4"]),
    consume: again.items.map((item) => item.id),
  });
  expect(await journal.park({ run, epoch, wake: again.wake, snapshot, summary })).toBe("parked");
  const claim = await journal.claim(run, await newWorker());
  expect(claim?.snapshot).toEqual(snapshot);
  expect(claim?.events.map((event) => event.seq)).toEqual([4]);
});

test("a finished run is over: no claim, no signal", async () => {
  const { run, epoch } = await claimed();
  const { wake } = await journal.inbox(run);
  const over = { ...summary, state: "succeeded" as const };
  expect(await journal.park({ run, epoch, wake, snapshot, summary: over })).toBe("parked");
  expect(await journal.claim(run, await newWorker())).toBeNull();
  expect(await journal.signal(run, "late", { kind: "cancel", by: start.by, reason: "" })).toBe(false);
});

test("timers are queued under their date, once", async () => {
  const run = await newRun();
  await claimed();
  const dueAt = journal.now() + 3_600_000;
  await journal.setTimer(run, { path: "a", name: "wait", n: 1, dueAt });
  await journal.setTimer(run, { path: "a", name: "wait", n: 1, dueAt });
  const jobs = "graphile_worker.jobs where key = $1 and run_at = to_timestamp($2::float8 / 1000)";
  expect(await count(jobs, `timer:${run}:a:wait:1`, dueAt)).toBe(1);
});

test("a timer that is due soon fires from this process", async () => {
  const run = await newRun();
  await claimed();
  const { promise: told, resolve } = Promise.withResolvers<void>();
  await listener.listen("inbox", (payload) => {
    if (payload === run) resolve();
  });
  await journal.setTimer(run, { path: "a", name: "wait", n: 1, dueAt: journal.now() });
  await told;
  expect((await journal.inbox(run)).items.at(-1)?.signal).toEqual({
    kind: "timer",
    path: "a",
    name: "wait",
    n: 1,
  });
});

test("blobs are kept by their content", async () => {
  const text = JSON.stringify({ long: "x".repeat(1000) });
  const ref = await journal.saveBlob(workspace, text);
  expect(await journal.saveBlob(workspace, text)).toEqual(ref);
  expect(ref.$blob.bytes).toBe(text.length);
  const loaded = await journal.loadBlobs(workspace, [ref.$blob.hash, "none"]);
  expect([...loaded]).toEqual([[ref.$blob.hash, JSON.parse(text)]]);
  expect(await journal.loadBlobs("ws_other" as WorkspaceId, [ref.$blob.hash])).toEqual(new Map());
});

async function first<T>(items: AsyncIterable<T>, wanted: number): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) {
    found.push(item);
    if (found.length === wanted) break;
  }
  return found;
}

test("who watches a run gets what was there and what comes, each once", async () => {
  const { run, epoch } = await claimed();
  const watcher = createWatcher(database.db, listener);
  await journal.append(request(run, epoch, 1, ["1", "2"]));
  const watched = first(watcher.watchRun(run, 1), 4);
  for (let seq = 3; seq <= 5; seq += 1) await journal.append(request(run, epoch, seq, [`${seq}`]));
  expect((await watched).map((event) => event.seq)).toEqual([2, 3, 4, 5]);
  watcher.close();
});

test("who watches a stream gets every chunk and its end, also a late viewer", async () => {
  const { run, epoch } = await claimed();
  const watcher = createWatcher(database.db, listener);
  const collect = async (from: number): Promise<unknown[]> => {
    const chunks: unknown[] = [];
    for await (const { n, chunk } of watcher.watchStream(run, "key", from)) chunks.push([n, chunk]);
    return chunks;
  };
  const early = collect(0);
  await Promise.all([
    journal.writeChunks(run, epoch, "key", 0, ["a", { b: 1 }]),
    journal.writeChunks(run, epoch, "key", 2, ["c"]),
  ]);
  const late = collect(1);
  await journal.writeChunks(run, epoch, "key", 3, ["d"]);
  expect((await journal.readChunks(run, "key", 2)).map((item) => item.chunk)).toEqual(["c", "d"]);
  await journal.closeStream(run, "key");
  const all = [
    [0, "a"],
    [1, { b: 1 }],
    [2, "c"],
    [3, "d"],
  ];
  expect(await early).toEqual(all);
  expect(await late).toEqual(all.slice(1));
  expect(await journal.readChunks(run, "key", 0)).toEqual([]);
  watcher.close();
});

test("a step that is carried out again starts its stream anew", async () => {
  const { run, epoch } = await claimed();
  await journal.writeChunks(run, epoch, "again", 0, ["a", "b", "c"]);
  await journal.writeChunks(run, epoch, "again", 0, ["x"]);
  expect((await journal.readChunks(run, "again", 0)).map((item) => item.chunk)).toEqual(["x"]);
});
