/**
 * How many runs a minute web and one worker carry, started over HTTP at a steady rate: the highest at which 99 of 100
 * end within a second of being asked for. `npm run bench:load [-- --json FILE]`
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Database, openDatabase } from "#platform/index.ts";
import { percentile, report, rounded } from "./figures.ts";
import { floor, prepareFloor } from "./floor.ts";
import { startServer } from "./rig.ts";

const seconds = Number(process.env["BENCH_SECONDS"] ?? 10);
const goalMs = 1000;
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const keepAlive = new Agent({ keepAlive: true, maxSockets: 64 });

type Outcome = { readonly p50: number; readonly p99: number; readonly held: boolean };

const server = await startServer();
const db = openDatabase(server.url, { connections: 40 });
await prepareFloor(db.pool);
const web = fork(program("load-web.ts"), [server.url]);
const [{ url, cookie }] = (await once(web, "message")) as [{ url: string; cookie: string }];
const worker = fork(program("worker.ts"), [server.url]);
await once(worker, "message");
try {
  await floor(db.pool, 32, 20);
  const floorMs = await floor(db.pool, 32, 200);
  // Warms web and worker up.
  await trial(2, 40);
  const two = await highest(2, 60);
  const ten = await highest(10, 20);
  const figures = {
    runsPerMinute2Tasks: two.perMinute,
    runsPerMinute10Tasks: ten.perMinute,
    commitFloorPerSecond: Math.round((32 * 200 * 1000) / floorMs),
  };
  await report(
    `Load: runs started over HTTP at a steady rate, ${seconds} s each, web and one worker`,
    [
      {
        figure: "2 tasks, runs a minute",
        value: two.perMinute,
        goal: ">= 6000",
        held: two.perMinute >= 6000,
      },
      { figure: "2 tasks, p50 there, ms", value: two.p50, goal: "", held: true },
      { figure: "2 tasks, p99 there, ms", value: two.p99, goal: "", held: true },
      {
        figure: "10 tasks, runs a minute",
        value: ten.perMinute,
        goal: ">= 2000",
        held: ten.perMinute >= 2000,
      },
      { figure: "10 tasks, p50 there, ms", value: ten.p50, goal: "", held: true },
      { figure: "10 tasks, p99 there, ms", value: ten.p99, goal: "", held: true },
      { figure: "plain commits a second", value: figures.commitFloorPerSecond, goal: "", held: true },
    ],
    figures,
  );
} finally {
  keepAlive.destroy();
  worker.disconnect();
  await once(worker, "exit");
  web.disconnect();
  await once(web, "exit");
  await db.close();
  await server.stop();
}

/** Raises the rate until it is too much, then halves the step a few times. */
async function highest(
  tasks: number,
  from: number,
): Promise<{ perMinute: number; p50: number; p99: number }> {
  let best = { perMinute: 0, p50: Number.NaN, p99: Number.NaN };
  let rate = from;
  let factor = 1.5;
  for (let tries = 0; tries < 12 && factor > 1.05; tries += 1) {
    const outcome = await trial(tasks, rate);
    const perMinute = Math.round(rate * 60);
    process.stderr.write(
      `${tasks} tasks, ${perMinute} a minute: p50 ${rounded(outcome.p50)} ms, p99 ${rounded(outcome.p99)} ms\n`,
    );
    if (outcome.held) {
      best = { perMinute, p50: rounded(outcome.p50), p99: rounded(outcome.p99) };
    } else {
      rate = best.perMinute === 0 ? rate / 4 : best.perMinute / 60;
      factor = Math.sqrt(factor);
    }
    rate *= factor;
  }
  return best;
}

/** Starts `perSecond` runs a second, whether or not the earlier ones are over. */
async function trial(tasks: number, perSecond: number): Promise<Outcome> {
  const begun = new Map<string, number>();
  const count = Math.round(perSecond * seconds);
  const starts: Promise<void>[] = [];
  const origin = performance.now();
  for (let i = 0; i < count; i += 1) {
    const due = origin + (i * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 1) await delay(wait);
    starts.push(
      // From the instant at which it should have been sent: a generator that lags must not flatter.
      start(tasks).then((id) => void begun.set(id, performance.timeOrigin + due)),
    );
  }
  await Promise.all(starts);
  const ended = await endsOf(db, [...begun.keys()]);
  const found = [...begun].map(([id, at]) => (ended.get(id) ?? Number.POSITIVE_INFINITY) - at);
  const p99 = percentile(found, 0.99);
  return { p50: percentile(found, 0.5), p99, held: p99 < goalMs };
}

/** Epoch milliseconds at which each ended, once all have. */
async function endsOf(on: Database, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  for (;;) {
    const { rows } = await on.pool.query<{ id: string; state: string; at: number | null }>(
      `select id, state, (extract(epoch from finished_at) * 1000)::float8 as at from run where id = any($1::text[])`,
      [ids],
    );
    const failed = rows.find(({ at, state }) => at !== null && state !== "succeeded");
    if (failed !== undefined) throw new Error(`The run ${failed.id} ended as ${failed.state}.`);
    if (rows.every(({ at }) => at !== null)) return new Map(rows.map(({ id, at }) => [id, at ?? 0]));
    await delay(200);
  }
}

/** Starts a run as the page's form does. Answers its id. */
function start(tasks: number): Promise<string> {
  const body = JSON.stringify({ json: { slug: `tasks-${tasks}`, inputs: {} } });
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/api/trpc/run.start`,
      {
        method: "POST",
        agent: keepAlive,
        headers: {
          cookie,
          origin: url,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        },
      },
      (response) => {
        let text = "";
        response.on("data", (data) => (text += String(data)));
        response.on("end", () => {
          if (response.statusCode !== 200) return reject(new Error(`${response.statusCode}: ${text}`));
          resolve((JSON.parse(text) as { result: { data: { json: { id: string } } } }).result.data.json.id);
        });
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
