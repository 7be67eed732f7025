/** First syncs of a document with a long history. */
import * as Y from "yjs";
import type { Database } from "#platform/index.ts";
import { appendUpdates } from "../src/collab/log/append.ts";
import { compact } from "../src/collab/log/compact.ts";
import { insertDocument } from "../src/collab/log/documents.ts";
import { seeded } from "../src/collab/testing/typist.ts";
import { median } from "./figures.ts";
import { connect } from "./live-clients.ts";
import { type Cpu, type Remote, seconds } from "./live-remote.ts";

/** Makes a document of so many edits, as they would have been appended and compacted. */
export async function makeHistory(
  db: Database,
  workspace: string,
  subject: string,
  edits: number,
): Promise<void> {
  const author = { id: "user_bench", name: "Bench" };
  const row = await insertDocument(
    db.pool,
    workspace as never,
    { kind: "flow", subject },
    author,
    () => undefined,
  );
  if (row === null) throw new Error(`${subject} is there already.`);
  const random = seeded(1);
  const doc = new Y.Doc();
  let bytes: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => bytes.push(update));
  const text = doc.getText("yaml");
  for (let i = 0; i < edits; i += 1) {
    if (text.length > 20 && random() < 0.2) text.delete(Math.floor(random() * (text.length - 1)), 1);
    else text.insert(Math.floor(random() * text.length), "x");
    if (bytes.length < 500) continue;
    await appendUpdates(
      db.pool,
      "bench",
      bytes.map((each) => ({ document: row.id, bytes: each, author, client: doc.clientID })),
    );
    bytes = [];
    // As a server compacts, but less often: the newest rows are always beyond the snapshot.
    if (i < edits - 500 && i % 10_000 > 9000)
      await compact(db, row.id, { upto: i + 2, state: Y.encodeStateAsUpdate(doc) });
  }
}

/** One first sync. Milliseconds. */
export type FirstSync = {
  /** From the opening of the socket, with which the client asks, until it has the last byte of the answer. */
  readonly asked: number;
  /** The same, with the connecting before it. */
  readonly connected: number;
  readonly answer: Uint8Array;
};

/** A tab without anything opens the document and goes. */
export async function firstSync(url: string, cookie: string): Promise<FirstSync> {
  const before = performance.now();
  const client = connect(url, cookie);
  let opened = before;
  client.socket.once("open", () => {
    opened = performance.now();
  });
  const answer = await client.synced;
  const now = performance.now();
  const gone = new Promise((resolve) => client.socket.once("close", resolve));
  client.socket.terminate();
  await gone;
  return { asked: now - opened, connected: now - before, answer };
}

export type HistoryFigures = {
  readonly cold: number;
  readonly warm: number;
  /** A warm first sync with connecting. */
  readonly warmConnected: number;
  /** The same bytes from a server that does nothing else. */
  readonly bare: number;
  /** CPU time of the server for a warm first sync, all told. */
  readonly serverCpu: number;
  /** What a client then spends on making a document of them, which is no part of the others. */
  readonly apply: number;
};

const coldRounds = 5;
const warmRounds = 12;

/** Medians over some rounds, in milliseconds. `relay` is the server that does nothing else. */
export async function historySyncs(
  server: Remote,
  relay: Remote,
  path: string,
  cookie: string,
): Promise<HistoryFigures> {
  const url = `${server.url}${path}`;
  const cold: number[] = [];
  const warm: FirstSync[] = [];
  const bare: number[] = [];
  const apply: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < coldRounds; round += 1) {
    await server.ask("forget");
    const { asked, answer } = await firstSync(url, cookie);
    cold.push(asked);
    // The first answer comes before the server has made a document of it: warm is what comes after that.
    await firstSync(url, cookie);
    const doc = new Y.Doc();
    const began = performance.now();
    Y.applyUpdate(doc, answer);
    apply.push(performance.now() - began);
    await relay.ask(`keep ${answer.length}`);
    const before = await server.ask<Cpu>("cpu");
    for (let i = 0; i < warmRounds; i += 1) warm.push(await firstSync(url, cookie));
    const after = await server.ask<Cpu>("cpu");
    cpu.push((seconds(before.cpu, after.cpu) / warmRounds) * 1000);
    for (let i = 0; i < warmRounds; i += 1) bare.push((await firstSync(`${relay.url}/kept`, cookie)).asked);
  }
  return {
    cold: median(cold),
    warm: median(warm.map(({ asked }) => asked)),
    warmConnected: median(warm.map(({ connected }) => connected)),
    bare: median(bare),
    serverCpu: median(cpu),
    apply: median(apply),
  };
}
