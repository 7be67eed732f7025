import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type WorkerId, makeId } from "#base/index.ts";
import { createListener, type Listener } from "#platform/index.ts";
import { type TestDatabase, startTestDatabase } from "#platform/testing.ts";
import {
  createGates,
  type Gates,
  migrateQueue,
  noLimits,
  outAfter,
  registerWorker,
  type Turn,
} from "./index.ts";
import { forgetGates } from "./gates.ts";
import { declareDead } from "./workers.ts";

let database: TestDatabase;
const open: { gates: Gates; listener: Listener }[] = [];

beforeAll(async () => {
  database = await startTestDatabase();
  await migrateQueue(database.db);
});
afterEach(async () => {
  for (const { gates, listener } of open.splice(0)) {
    gates.close();
    await listener.close();
  }
});
afterAll(() => database.close());

let names = 0;
const newName = (): string => `model ${(names += 1)}`;

async function worker(): Promise<{ gates: Gates; id: WorkerId }> {
  const id = makeId("wrk", Date.now(), (count) => new Uint8Array(randomBytes(count)));
  await registerWorker(database.db.pool, { id, host: "test", pid: 1 });
  const listener = createListener(database.url);
  const gates = createGates(database.db, listener, id);
  open.push({ gates, listener });
  return { gates, id };
}

/** Asks for a turn, and tells whether it was granted so far. */
function ask(
  gates: Gates,
  name: string,
  limits: Partial<typeof noLimits>,
  signal = new AbortController().signal,
) {
  const state: { turn: Turn | null; waits: boolean } = { turn: null, waits: false };
  const done = gates
    .turn(name, { ...noLimits, ...limits }, signal, () => {
      state.waits = true;
    })
    .then((turn) => {
      if (!("end" in turn)) throw new Error("It is out, or its turn comes later.");
      state.turn = turn;
      return turn;
    });
  done.catch(() => undefined);
  return { state, done };
}

test("at most so many calls at once, over all workers, the oldest first", async () => {
  const [one, two] = [await worker(), await worker()];
  const name = newName();
  const first = await ask(one.gates, name, { most: 1 }).done;
  const second = ask(two.gates, name, { most: 1 });
  await vi.waitFor(() => expect(second.state.waits).toBe(true));
  const third = ask(one.gates, name, { most: 1 });
  await vi.waitFor(() => expect(third.state.waits).toBe(true));
  expect(second.state.turn).toBeNull();
  await first.end({ reached: true });
  const turn = await second.done;
  expect(third.state.turn).toBeNull();
  await turn.end({ reached: true });
  await (await third.done).end({ reached: true });
});

test("a call that is given up while it waits makes room, and counts no more", async () => {
  const { gates } = await worker();
  const name = newName();
  const first = await ask(gates, name, { most: 1 }).done;
  const leaving = new AbortController();
  const second = ask(gates, name, { most: 1 }, leaving.signal);
  await vi.waitFor(() => expect(second.state.waits).toBe(true));
  const third = ask(gates, name, { most: 1 });
  await vi.waitFor(() => expect(third.state.waits).toBe(true));
  leaving.abort();
  await expect(second.done).rejects.toThrow("given up");
  await first.end({ reached: true });
  await (await third.done).end({ reached: true });
});

test("the turns of a worker that died are others'", async () => {
  const [one, two] = [await worker(), await worker()];
  const name = newName();
  await ask(one.gates, name, { most: 1 }).done;
  const second = ask(two.gates, name, { most: 1 });
  await vi.waitFor(() => expect(second.state.waits).toBe(true));
  await declareDead(database.db, one.id);
  await (await second.done).end({ reached: true });
}, 40_000);

test("calls a minute: a burst of ten seconds' worth, then one after the other", async () => {
  const { gates } = await worker();
  const name = newName();
  const limits = { callsPerMinute: 600 };
  const began = performance.now();
  const turns = await Promise.all(Array.from({ length: 104 }, () => ask(gates, name, limits).done));
  const took = performance.now() - began;
  // 101 at once; the other three at 100 ms each.
  expect(took).toBeGreaterThan(150);
  for (const turn of turns) await turn.end({ reached: true });
});

test("tokens a minute: who used more than there were keeps the next ones waiting", async () => {
  const { gates } = await worker();
  const name = newName();
  const limits = { tokensPerMinute: 6000 };
  const first = await ask(gates, name, limits).done;
  // 100 a second: ten seconds' worth are free, the rest is waited for.
  const began = performance.now();
  await first.end({ reached: true, used: 1030 });
  const second = await ask(gates, name, limits).done;
  expect(performance.now() - began).toBeGreaterThan(100);
  await second.end({ reached: true });
});

test("what is out is tried by one call at a time, and the others are told for how long they need not ask", async () => {
  const [one, two] = [await worker(), await worker()];
  const name = newName();
  for (let n = 1; n <= outAfter; n += 1) {
    const turn = await ask(one.gates, name, {}).done;
    expect(await turn.end({ reached: false })).toBe(n);
  }
  await vi.waitFor(async () => expect(await two.gates.closedFor(name)).toBeGreaterThan(0));
  const never = new AbortController().signal;
  const asked = await two.gates.turn(name, noLimits, never, () => undefined);
  expect(asked).toEqual({ outMs: expect.any(Number) });
  expect("outMs" in asked ? asked.outMs : 0).toBeGreaterThan(0);
  await database.db.pool.query(
    "update gate set closed_until = clock_timestamp() - interval '1 second' where name = $1",
    [name],
  );
  const probe = await ask(two.gates, name, {}).done;
  // While it is tried, nobody knows for how long it is out.
  expect(await one.gates.turn(name, noLimits, never, () => undefined)).toEqual({
    outMs: expect.any(Number),
  });
  await probe.end({ reached: true });
  await vi.waitFor(async () => {
    await (await ask(one.gates, name, {}).done).end({ reached: true });
  });
  const { rows } = await database.db.pool.query("select failures, closed_until from gate where name = $1", [
    name,
  ]);
  expect(rows).toEqual([{ failures: 0, closed_until: null }]);
  expect((await database.db.pool.query("select 1 from turn where gate = $1", [name])).rowCount).toBe(0);
}, 40_000);

test("who waits for a turn at what goes out meanwhile is sent away", async () => {
  const { gates } = await worker();
  const name = newName();
  const held = await ask(gates, name, { most: 1 }).done;
  const waiting = gates.turn(name, { ...noLimits, most: 1 }, new AbortController().signal, () => undefined);
  for (let n = 0; n < outAfter; n += 1) await gates.note(name, { reached: false });
  expect(await waiting).toEqual({ outMs: expect.any(Number) });
  await held.end({ reached: true });
}, 40_000);

test("without limits and outages nothing is written", async () => {
  const { gates } = await worker();
  const name = newName();
  await (await ask(gates, name, {}).done).end({ reached: true, used: 5 });
  const { rows } = await database.db.pool.query("select 1 from gate where name = $1", [name]);
  expect(rows).toEqual([]);
});

test("a closed gate says for how long, and lets one try when the time is over", async () => {
  const [one, two] = [await worker(), await worker()];
  const name = newName();
  for (let n = 0; n < outAfter; n += 1) await one.gates.note(name, { reached: false });
  expect(await one.gates.closedFor(name)).toBeGreaterThan(0);
  await vi.waitFor(async () => expect(await two.gates.closedFor(name)).toBeGreaterThan(0));
  await database.db.pool.query(
    "update gate set closed_until = clock_timestamp() - interval '1 second' where name = $1",
    [name],
  );
  expect(await two.gates.closedFor(name)).toBe(0);
  expect(await one.gates.closedFor(name)).toBeGreaterThan(0);
  await two.gates.note(name, { reached: true });
  await vi.waitFor(async () => expect(await two.gates.closedFor(name)).toBe(0));
});

/** Gates over a database whose answers get lost while `losing` holds; `look` has them look for what they missed. */
async function forgetful() {
  const id = makeId("wrk", Date.now(), (count) => new Uint8Array(randomBytes(count)));
  await registerWorker(database.db.pool, { id, host: "test", pid: 1 });
  const { pool } = database.db;
  const state = { losing: false };
  const query = async (...args: Parameters<typeof pool.query>): Promise<unknown> => {
    const answer: unknown = await (pool.query as (...all: unknown[]) => Promise<unknown>)(...args);
    if (state.losing) throw new Error("Connection terminated unexpectedly");
    return answer;
  };
  let look: () => void = () => undefined;
  const listener = createListener(database.url);
  const heard: Listener = {
    ...listener,
    onReconnect(callback) {
      look = callback;
      return () => undefined;
    },
  };
  const db = { ...database.db, pool: Object.assign(Object.create(pool) as typeof pool, { query }) };
  const gates = createGates(db, heard, id);
  open.push({ gates, listener });
  return { gates, state, look: () => look() };
}

test("a turn whose asking got no answer is given back, those that are held stay", async () => {
  const { gates, state, look } = await forgetful();
  const other = await worker();
  const [name, full] = [newName(), newName()];
  const kept = await ask(gates, full, { most: 1 }).done;
  state.losing = true;
  await expect(ask(gates, name, { most: 1 }).done).rejects.toThrow("terminated");
  await expect(ask(gates, full, { most: 1 }).done).rejects.toThrow("terminated");
  state.losing = false;
  const second = ask(other.gates, name, { most: 1 });
  await vi.waitFor(() => expect(second.state.waits).toBe(true));
  await database.db.pool.query(
    "update turn set asked_at = asked_at - interval '1 minute' where gate = any($1)",
    [[name, full]],
  );
  look();
  await (await second.done).end({ reached: true });
  const { rows } = await database.db.pool.query("select 1 from turn where gate = $1", [full]);
  expect(rows).toHaveLength(1);
  await kept.end({ reached: true });
});

test("a call keeps what it brought where its end can't be noted", async () => {
  const { gates, state, look } = await forgetful();
  const name = newName();
  const turn = await ask(gates, name, { most: 1 }).done;
  state.losing = true;
  expect(await turn.end({ reached: true })).toBe(0);
  await gates.note(name, { reached: false });
  expect(await gates.closedFor(name)).toBe(0);
  state.losing = false;
  look();
  await (await ask(gates, name, { most: 1 }).done).end({ reached: true });
});

test("a gate that nobody has come to for long is forgotten, one with a turn or shut a while ago is not", async () => {
  const { gates } = await worker();
  const [old, taken, recent] = [newName(), newName(), newName()];
  const { pool } = database.db;
  for (const name of [old, recent]) await gates.note(name, { reached: false });
  const turn = await ask(gates, taken, { most: 1 }).done;
  await pool.query(
    "update gate set calls_at = calls_at - interval '2 hours', tokens_at = tokens_at - interval '2 hours' where name = any($1)",
    [[old, taken, recent]],
  );
  await pool.query("update gate set closed_until = clock_timestamp() - interval '1 second' where name = $1", [
    recent,
  ]);
  await forgetGates(pool);
  const { rows } = await pool.query<{ name: string }>("select name from gate where name = any($1)", [
    [old, taken, recent],
  ]);
  expect(rows.map(({ name }) => name).toSorted()).toEqual([taken, recent].toSorted());
  await turn.end({ reached: true });
});

/** Asks in the name of a call that comes again. */
const askAs = (gates: Gates, name: string, place: string, callsPerMinute: number) =>
  gates.turn(name, { ...noLimits, callsPerMinute }, new AbortController().signal, () => undefined, place);

test("a call whose turn comes much later keeps its place and no worker, and goes before those that came after it", async () => {
  const [one, two] = [await worker(), await worker()];
  const name = newName();
  // Two at once, and then one in ten seconds.
  const under = [await askAs(one.gates, name, "a", 6), await askAs(one.gates, name, "b", 6)];
  const third = await askAs(one.gates, name, "c", 6);
  const fourth = await askAs(two.gates, name, "d", 6);
  if (!("laterMs" in third) || !("laterMs" in fourth)) throw new Error("They should come later.");
  expect(third.laterMs).toBeGreaterThan(3000);
  expect(third.laterMs).toBeLessThanOrEqual(10_000);
  // One place further back: one more of the limit's intervals.
  expect(fourth.laterMs - third.laterMs).toBeGreaterThan(5000);
  const { rows } = await database.db.pool.query(
    "select place, worker, kept_until > now() as kept from turn where gate = $1 and granted_at is null order by id",
    [name],
  );
  expect(rows).toEqual([
    { place: "c", worker: "", kept: true },
    { place: "d", worker: "", kept: true },
  ]);
  for (const turn of under) if ("end" in turn) await turn.end({ reached: true });
  // Time goes by: there is room for one.
  await database.db.pool.query("update gate set calls_at = now() + interval '5 seconds' where name = $1", [
    name,
  ]);
  const late = await askAs(two.gates, name, "e", 6);
  expect("end" in late, "while those before it are away, nobody waits for them").toBe(true);
  await database.db.pool.query("update gate set calls_at = now() + interval '12 seconds' where name = $1", [
    name,
  ]);
  // The newest asks first, and waits in place as its turn is near; the oldest comes back and goes before it.
  const newest = ask(two.gates, name, { callsPerMinute: 6 });
  await vi.waitFor(() => expect(newest.state.waits).toBe(true));
  const again = await askAs(two.gates, name, "c", 6);
  expect("end" in again).toBe(true);
  expect(newest.state.turn).toBeNull();
  newest.done.catch(() => undefined);
});

/** Asks for one of so many places, in the name of a call that comes again. */
const askForPlace = (gates: Gates, name: string, place: string, most: number, onWait = () => {}) =>
  gates.turn(name, { ...noLimits, most }, new AbortController().signal, onWait, place);

/** Has the calls under way at a gate take so many seconds already. */
const underWayFor = (name: string, seconds: number) =>
  database.db.pool.query(
    "update turn set granted_at = now() - make_interval(secs => $2) where gate = $1 and granted_at is not null",
    [name, seconds],
  );

test("of those who wait for a place the first ones stay, and those far behind come later, to where they were", async () => {
  const { gates } = await worker();
  const name = newName();
  const first = await askForPlace(gates, name, "a", 1);
  await underWayFor(name, 40);
  const waits: string[] = [];
  const wait = (place: string) => askForPlace(gates, name, place, 1, () => waits.push(place));
  const second = wait("b");
  await vi.waitFor(() => expect(waits).toEqual(["b"]));
  const third = wait("c");
  await vi.waitFor(() => expect(waits).toEqual(["b", "c"]));
  const fourth = await wait("d");
  const fifth = await wait("e");
  if (!("laterMs" in fourth) || !("laterMs" in fifth)) throw new Error("They should come later.");
  // Half of the time until they are in front: one call, two calls.
  expect(fourth.laterMs / 1000).toBeCloseTo(20, -1);
  expect(fifth.laterMs / 1000).toBeCloseTo(40, -1);
  if ("end" in first) await first.end({ reached: true });
  const turn = await second;
  if ("end" in turn) await turn.end({ reached: true });
  // Its place is before that of one who came since, and asked first.
  const newest = ask(gates, name, { most: 1 });
  await vi.waitFor(() => expect(newest.state.waits).toBe(true));
  const again = wait("d");
  await vi.waitFor(() => expect(waits).toEqual(["b", "c", "d"]));
  const next = await third;
  if ("end" in next) await next.end({ reached: true });
  expect("end" in (await again)).toBe(true);
  expect(newest.state.turn).toBeNull();
});

test("how long calls take is learned, and who waits already is sent away when it shows", async () => {
  const { gates } = await worker();
  const name = newName();
  const first = await askForPlace(gates, name, "a", 1);
  const waits: string[] = [];
  const rest = ["b", "c", "d"].map(async (place) =>
    askForPlace(gates, name, place, 1, () => waits.push(place)),
  );
  await vi.waitFor(() => expect(waits).toHaveLength(3));
  await underWayFor(name, 60);
  const gone = await Promise.race(rest);
  expect(gone).toHaveProperty("laterMs");
  if ("end" in first) await first.end({ reached: true });
  const { rows } = await database.db.pool.query("select seconds from gate where name = $1", [name]);
  expect(rows[0]?.seconds).toBeGreaterThan(59);
  expect(rows[0]?.seconds).toBeLessThan(90);
}, 40_000);

test("a place in the line that nobody comes back to is given up", async () => {
  const { gates } = await worker();
  const name = newName();
  await askAs(gates, name, "a", 1);
  expect("laterMs" in (await askAs(gates, name, "b", 1))).toBe(true);
  await database.db.pool.query(
    "update turn set kept_until = now() - interval '1 second' where gate = $1 and place = 'b'",
    [name],
  );
  await forgetGates(database.db.pool);
  const { rows } = await database.db.pool.query("select place from turn where gate = $1", [name]);
  expect(rows).toEqual([{ place: "a" }]);
});
