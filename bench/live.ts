/** Live documents, against a raw relay of the same frames. Each server is a process of its own. */
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { openLive, type LiveClient } from "#collab/client.ts";
import { createAuth } from "#governance/index.ts";
import { openDatabase } from "#platform/index.ts";
import { createTypist, seeded, wordsOf } from "../src/collab/testing/typist.ts";
import { median, percentile, report, rounded } from "./figures.ts";
import { type BenchClient, connect, writtenIn } from "./live-clients.ts";
import { historySyncs, makeHistory } from "./live-history.ts";
import { type Cpu, type Remote, seconds, start, stop } from "./live-remote.ts";
import { email, makeMember, password } from "./member.ts";
import { startServer } from "./rig.ts";

/** For trials: `BENCH_ONLY=editors50,kill`. */
const only = process.env["BENCH_ONLY"]?.split(",");
const wanted = (name: string): boolean => only === undefined || only.includes(name);

/**
 * Editors type 5 characters a second each for a while. Answers the servers' CPU time and, for some readers, how long
 * each character took to them. Editors take turns on the servers.
 */
async function typing(
  servers: readonly Remote[],
  path: string,
  cookie: string,
  editors: number,
  forMs: number,
  relay = false,
): Promise<{ cpu: number; latencies: number[] }> {
  const sent = new Map<number, number[]>();
  const latencies: number[] = [];
  let measuring = false;
  const clients: BenchClient[] = [];
  for (let i = 0; i < editors; i += 1) {
    const doc = new Y.Doc();
    const hear = (bytes: Uint8Array): void => {
      const now = performance.now();
      for (const { client, clock, length } of writtenIn(bytes)) {
        if (client === doc.clientID) continue;
        for (let at = clock; at < clock + length; at += 1) {
          const began = sent.get(client)?.[at];
          if (began !== undefined && measuring) latencies.push(now - began);
        }
      }
    };
    // Reading what all of them get would measure the readers.
    const client = connect(`${servers[i % servers.length]?.url}${path}`, cookie, {
      doc,
      hear: i % 10 < 2 ? hear : undefined,
    });
    clients.push(client);
    sent.set(doc.clientID, []);
  }
  if (relay)
    await Promise.all(clients.map(({ socket }) => new Promise((resolve) => socket.once("open", resolve))));
  else await Promise.all(clients.map(({ synced }) => synced));
  let typed = 0;
  const type = (client: BenchClient): void => {
    const now = performance.now();
    const times = sent.get(client.doc.clientID);
    if (times !== undefined) times[client.type()] = now;
    typed += 1;
  };
  const run = async (ms: number): Promise<void> => {
    const began = performance.now();
    const every = 200 / editors;
    let turns = 0;
    while (performance.now() - began < ms) {
      const due = Math.floor((performance.now() - began) / every);
      for (; turns < due; turns += 1) {
        const client = clients[turns % editors];
        if (client !== undefined) type(client);
      }
      await pause(1);
    }
  };
  await run(2000);
  const before = await Promise.all(servers.map((server) => server.ask<Cpu>("cpu")));
  measuring = true;
  typed = 0;
  await run(forMs);
  const after = await Promise.all(servers.map((server) => server.ask<Cpu>("cpu")));
  await pause(200);
  measuring = false;
  for (const { socket } of clients) socket.terminate();
  const cpu = before.reduce((sum, { cpu: from }, i) => sum + seconds(from, after[i]?.cpu ?? from), 0);
  return { cpu: cpu / typed, latencies };
}

async function quietDocuments(server: Remote, cookie: string): Promise<number> {
  // What the first document loads is there once.
  const first = connect(`${server.url}/collab/flow/quiet_first`, cookie);
  await first.synced;
  const { memory: before } = await server.ask<{ memory: number }>("memory");
  const sockets: WebSocket[] = [];
  for (let i = 0; i < 500; i += 25) {
    const some = Array.from({ length: 50 }, (_, n) =>
      connect(`${server.url}/collab/flow/quiet${i + (n >> 1)}`, cookie),
    );
    await Promise.all(some.map(({ synced }) => synced));
    sockets.push(...some.map(({ socket }) => socket));
  }
  await pause(500);
  const { memory: after } = await server.ask<{ memory: number }>("memory");
  for (const socket of [first.socket, ...sockets]) socket.terminate();
  return (after - before) / 500;
}

async function reconnectAll(server: Remote, cookie: string): Promise<number> {
  const url = `${server.url}/collab/flow/reconnect`;
  let clients = Array.from({ length: 200 }, () => connect(url, cookie));
  for (const client of clients) Y.applyUpdate(client.doc, await client.synced);
  const cut = clients.map(({ socket }) => new Promise((resolve) => socket.once("close", resolve)));
  await server.ask("cut");
  await Promise.all(cut);
  const before = performance.now();
  clients = clients.map(({ doc }) => connect(url, cookie, { doc }));
  await Promise.all(clients.map(({ synced }) => synced));
  const took = performance.now() - before;
  for (const { socket } of clients) socket.terminate();
  return took;
}

function socketWith(cookie: string): typeof globalThis.WebSocket {
  class SessionSocket extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { headers: { cookie, origin: "http://127.0.0.1" } });
    }
  }
  return SessionSocket as unknown as typeof globalThis.WebSocket;
}

/** Kills the server while three people type, and answers how many of their words are missing afterwards. */
async function killWhileTyping(args: readonly string[], cookie: string, rounds: number): Promise<number> {
  let server = await start("live-server.ts", args);
  const port = new URL(server.url).port;
  const random = seeded(3);
  let lost = 0;
  for (let round = 0; round < rounds; round += 1) {
    const open = (): LiveClient =>
      openLive({
        server: server.url,
        kind: "flow",
        subject: `kill${round}`,
        user: "bench",
        offline: false,
        WebSocket: socketWith(cookie),
      });
    const clients = [open(), open(), open()];
    await Promise.all(clients.map(({ whenReady }) => whenReady));
    const typists = clients.map((_, index) => createTypist(`${index}.`, () => 0.3 + random() * 0.7));
    for (let i = 0; i < 60; i += 1) {
      for (const [index, client] of clients.entries()) typists[index]?.type(client.doc);
      await pause(random() * 10);
    }
    await stop(server);
    const [, , victim] = clients;
    // The third one's tab dies as well: of its words, those that others had seen must be there.
    const seen = clients.slice(0, 2).flatMap(({ doc }) => wordsOf(doc));
    victim?.destroy();
    server = await start("live-server.ts", [...args, port]);
    const late = open();
    const back = [...clients.slice(0, 2), late];
    const agree = (): boolean =>
      back.every(({ status }) => status === "saved") &&
      new Set(back.map(({ doc }) => wordsOf(doc).join())).size === 1;
    const end = performance.now() + 60_000;
    // Clients that never agree are told as lost below, whatever it is that they lack.
    while (!agree() && performance.now() < end) await pause(20);
    for (const { doc } of clients.slice(0, 2)) seen.push(...wordsOf(doc));
    const now = new Set(wordsOf(late.doc));
    lost += new Set(seen.filter((each) => !now.has(each))).size;
    for (const client of [...clients.slice(0, 2), late]) client.destroy();
  }
  await stop(server);
  return lost;
}

const postgres = await startServer();
const db = openDatabase(postgres.url);
const { workspaceId } = await makeMember(db);
const auth = createAuth(db, { url: "http://127.0.0.1", secret: "0123456789abcdef0123456789abcdef" });
const signedIn = await auth.api.signInEmail({ body: { email, password }, asResponse: true });
const cookie = signedIn.headers
  .getSetCookie()
  .map((line) => line.split(";")[0])
  .join("; ");
const args = [postgres.url, workspaceId];
const figures: Record<string, Record<string, number>> = {};
const lines: Parameters<typeof report>[1][number][] = [];
const line = (figure: string, value: number, goal: string, held: boolean): void => {
  lines.push({ figure, value, goal, held });
};

if (wanted("editors50")) {
  const ratios: number[] = [];
  const latencies: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const server = await start("live-server.ts", args);
    const relay = await start("live-relay.ts");
    const ours = await typing([server], `/collab/flow/editors${round}`, cookie, 50, 8000);
    const floor = await typing([relay], `/editors${round}`, cookie, 50, 8000, true);
    ratios.push(ours.cpu / floor.cpu);
    latencies.push(percentile(ours.latencies, 0.99));
    await stop(server);
    await stop(relay);
  }
  figures["editors50"] = { cpuRatioToRelay: rounded(median(ratios)), p99Ms: rounded(median(latencies)) };
  line("50 editors, CPU times the relay's", median(ratios), "<= 1.5", median(ratios) <= 1.5);
  line("50 editors, p99 to a peer, ms", median(latencies), "<= 60", median(latencies) <= 60);
}
if (wanted("documents500")) {
  const server = await start("live-server.ts", args);
  const bytes = await quietDocuments(server, cookie);
  await stop(server);
  figures["documents500"] = { bytesPerDocument: Math.round(bytes) };
  line("500 documents, bytes each", bytes, "<= 100000", bytes <= 100_000);
}
if (wanted("history100k")) {
  await makeHistory(db, workspaceId, "history", 100_000);
  const server = await start("live-server.ts", args);
  const relay = await start("live-relay.ts");
  const found = await historySyncs(server, relay, "/collab/flow/history", cookie);
  await stop(server);
  await stop(relay);
  const { cold, warm } = found;
  figures["history100k"] = { coldMs: rounded(cold), warmMs: rounded(warm) };
  line("100,000 edits, cold first sync, ms", cold, "<= 300", cold <= 300);
  line("100,000 edits, warm, ms", warm, "<= 5", warm <= 5);
  line("  the same bytes from a bare server, ms", found.bare, "", true);
  line("  warm, with connecting, ms", found.warmConnected, "", true);
  line("  warm, CPU time of the server, ms", found.serverCpu, "", true);
  line("  then a client makes a document of it, ms", found.apply, "", true);
}
if (wanted("reconnect200")) {
  await makeHistory(db, workspaceId, "reconnect", 20_000);
  const server = await start("live-server.ts", args);
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) times.push(await reconnectAll(server, cookie));
  await stop(server);
  figures["reconnect200"] = { ms: rounded(median(times)) };
  line("200 tabs reconnect, ms", median(times), "<= 500", median(times) <= 500);
}
if (wanted("kill")) {
  const lost = await killWhileTyping(args, cookie, 5);
  figures["kill"] = { lost };
  line("kill -9 while typing, edits lost", lost, "0", lost === 0);
}
if (wanted("twoServers")) {
  const servers = [await start("live-server.ts", args), await start("live-server.ts", args)];
  const { latencies } = await typing(servers, "/collab/flow/two", cookie, 10, 8000);
  for (const server of servers) await stop(server);
  const p99 = percentile(latencies, 0.99);
  figures["twoServers"] = { p99Ms: rounded(p99) };
  line("two servers, p99 to a peer, ms", p99, "<= 80", p99 <= 80);
}
await report("Live documents", lines, figures);
await db.close();
await postgres.stop();
