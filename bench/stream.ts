/**
 * How long a chunk is under way from the model's stream in a worker to an HTTP client of web: three processes and
 * Postgres between them. `npm run bench:stream [-- --json FILE]`
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { fileURLToPath } from "node:url";
import type { RunId } from "#base/index.ts";
import { createPostgresJournal } from "#journal/index.ts";
import { openDatabase } from "#platform/index.ts";
import { percentile, report, rounded } from "./figures.ts";
import { startServer } from "./rig.ts";
import type { Given } from "./stream-worker.ts";

const perSecond = 200;
/** The first chunks warm everything up and do not count. */
const warmUp = 200;
const chunks = warmUp + 1000;

const server = await startServer();
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const web = fork(program("stream-web.ts"), [server.url]);
const [{ url, run, cookie }] = (await once(web, "message")) as [{ url: string; run: RunId; cookie: string }];
const given: Given = { url: server.url, run, chunks, perSecond };
const worker = fork(program("stream-worker.ts"), [JSON.stringify(given)]);

const key = await callKey();
const found: number[] = [];
const client = request(`${url}/api/runs/${run}/streams/${encodeURIComponent(key)}`, { headers: { cookie } });
client.end();
const [response] = (await once(client, "response")) as [IncomingMessage];
if (response.statusCode !== 200) throw new Error(`The stream was answered with ${response.statusCode}.`);
worker.send("go");
let rest = "";
for await (const data of response) {
  const now = performance.timeOrigin + performance.now();
  const lines = (rest + String(data)).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    const delta = /"type":"text-delta".*"delta":"([\d. ]+)"/.exec(line)?.[1];
    for (const emitted of delta?.trim().split(" ") ?? []) found.push(now - Number(emitted));
  }
}
await once(worker, "exit");
web.disconnect();
await once(web, "exit");
await server.stop();

if (found.length !== chunks) throw new Error(`${found.length} of ${chunks} chunks came.`);
const measured = found.slice(warmUp);
const figures = { p50Ms: rounded(percentile(measured, 0.5)), p99Ms: rounded(percentile(measured, 0.99)) };
await report(
  `Stream: ${measured.length} chunks at ${perSecond} a second, from the worker to a client of web`,
  [
    { figure: "p50, ms", value: figures.p50Ms, goal: "<= 5", held: figures.p50Ms <= 5 },
    { figure: "p99, ms", value: figures.p99Ms, goal: "<= 25", held: figures.p99Ms <= 25 },
  ],
  figures,
);

/** The key of the run's model call, once it was begun. */
async function callKey(): Promise<string> {
  const db = openDatabase(server.url, { connections: 6 });
  const journal = createPostgresJournal({ db, machineVersion: 1 });
  try {
    for (;;) {
      for (const { body } of await journal.events(run, 0, 100)) {
        if (body.type === "model-call-begun") return body.key;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    journal.close();
    await db.close();
  }
}
