import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { BatonError, type RunId, type WorkspaceId } from "#base/index.ts";
import { type LiveClient, memoryTextsRoot, openLive } from "#collab/client.ts";
import {
  createLiveDocuments,
  createLiveServer,
  type LiveDocuments,
  memoryRoot,
  memoryTypingRoot,
  type Refusal,
} from "#collab/index.ts";
import { type Flow, parseFlow } from "#flow/index.ts";
import { memberScope, type Role, type Scope, workspaceHeader } from "#governance/index.ts";
import { createListener, type Database, openDatabase } from "#platform/index.ts";
import { startTestDatabase } from "#platform/testing.ts";
import {
  createRunMemory,
  createSettler,
  entryHistory,
  getEntry,
  listEntries,
  memoryPorts,
  openEntryText,
  type PeoplesMemory,
  type RunMemory,
  setEntry,
  sharedMemoryKind,
} from "./index.ts";

/** People type in entries over real sockets, at two servers, while agents write through the store. */

const workspace = "ws_typing" as WorkspaceId;
const run = "run_typing" as RunId;
const subject = "flow_typing";
const flow: Flow = parse(`id: desk
agents:
${Array.from({ length: 20 }, (_, n) => `  a${n}: { tools: [memory], memory: { read: ["flow:*"], write: ["flow:*"] } }\n`).join("")}tasks: [{ id: t, log: x }]
`);

function parse(text: string): Flow {
  const parsed = parseFlow(text);
  if (!parsed.flow || parsed.problems.length > 0) throw new Error(JSON.stringify(parsed.problems));
  return parsed.flow;
}

const names = ["ada", "bob", "cyd", "dan", "eve"];
const roles = new Map<string, readonly Role[]>(names.map((name) => [name, ["builder"]]));
roles.set("vic", ["viewer"]);

function scopeOf(name: string, of: string = workspace): Scope {
  const actor = { kind: "user" as const, id: name, name: `Name of ${name}`, email: `${name}@example.com` };
  return memberScope(of as WorkspaceId, actor, roles.get(name) ?? []);
}

let db: Database;
let close: () => Promise<void>;
let live: LiveDocuments;
let people: PeoplesMemory;
let agents: RunMemory;
const servers: { url: string; settled: () => Promise<void>; close: () => Promise<void> }[] = [];
const refusals: Refusal[] = [];

async function serve(url: string) {
  const own = openDatabase(url, { connections: 6 });
  const listener = createListener(url);
  const settler = createSettler(live, Date.now, 3_600_000);
  const server = createLiveServer({
    db: own,
    listener,
    identity: {
      scopeFromHeaders(headers) {
        const name = /session=(\w+)/.exec(headers.get("cookie") ?? "")?.[1];
        if (name === undefined) return Promise.resolve(null);
        const of = headers.get(workspaceHeader) ?? workspace;
        return of === workspace
          ? Promise.resolve(scopeOf(name))
          : Promise.reject(new BatonError("not-found", "There is no such workspace."));
      },
    },
    kinds: [sharedMemoryKind(own, { typed: settler.typed })],
    hasOrigin: () => true,
    refused: (refusal) => refusals.push(refusal),
  });
  const http = createServer();
  http.on("upgrade", (request, socket, head) => server.upgrade(request, socket, head));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    settled: () => settler.close(),
    async close() {
      await server.close();
      await settler.close();
      http.closeAllConnections();
      http.close();
      await listener.close();
      await own.close();
    },
  };
}

function tab(name: string, server = 0): LiveClient {
  class SessionSocket extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { headers: { cookie: `session=${name}`, origin: "http://localhost" } });
    }
  }
  return openLive({
    server: servers[server]?.url ?? "",
    kind: "memory",
    subject,
    user: name,
    offline: false,
    WebSocket: SessionSocket as unknown as typeof globalThis.WebSocket,
    random: () => 0,
  });
}

function textIn({ doc }: Pick<LiveClient, "doc">, name: string): Y.Text {
  const text: unknown = doc.getMap(memoryTextsRoot).get(name);
  if (!(text instanceof Y.Text)) throw new Error(`"${name}" is not open.`);
  return text;
}

/** Resolves once it holds; looks again whenever the document changes or its client tells something. */
async function until(client: LiveClient, is: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (!is()) return;
      client.doc.off("update", look);
      stop();
      resolve();
    };
    const stop = client.subscribe(look);
    client.doc.on("update", look);
    queueMicrotask(look);
  });
}

/** Resolves once an entry's text is there to type in, also in a document that was open before. */
async function hasText(client: LiveClient, ...entries: readonly string[]): Promise<void> {
  await client.whenReady;
  await until(client, () => entries.every((name) => client.doc.getMap(memoryTextsRoot).has(name)));
}

const wordsOf = (value: unknown): string[] =>
  [...String(value).matchAll(/\[[^\]]*\]/g)].map(([word]) => word);

let calls = 0;
const caller = (agent: string) => ({ workspace, run, flow, path: "t", key: `call ${(calls += 1)}`, agent });

async function open(name: string, value: string): Promise<void> {
  await agents.call(caller("a0"), "set", { key: `flow:${name}`, value });
  await openEntryText(people, scopeOf("ada"), subject, name);
}

beforeAll(async () => {
  ({ db, close } = await startTestDatabase());
  await db.pool.query("insert into organization (id, name, slug) values ($1, 'T', 't')", [workspace]);
  await db.pool.query("insert into flow (id, workspace_id, slug, title) values ($1, $2, 'desk', 'Desk')", [
    subject,
    workspace,
  ]);
  await db.pool.query(
    `insert into run (id, workspace_id, flow_id, revision_id, number, started_by_kind, started_by_id, started_by_name, internal)
     values ($1, $2, $3, 'rev', 1, 'user', 'u', 'Ada', false)`,
    [run, workspace, subject],
  );
  const listener = createListener(db.url);
  live = createLiveDocuments({ db, listener, kinds: [sharedMemoryKind(db)] });
  people = { db, live, now: Date.now };
  agents = createRunMemory(memoryPorts(db, live, Date.now));
  servers.push(await serve(db.url), await serve(db.url));
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await live.close();
  await close();
});

async function audited(name: string): Promise<{ who: string; action: string; value: unknown; tx: string }[]> {
  const { rows } = await db.pool.query<{ actor_id: string; action: string; body: string; tx: string }>(
    "select actor_id, action, body, xmin::text as tx from audit_entry where workspace_id = $1 order by seq",
    [workspace],
  );
  return rows
    .map(({ actor_id: who, action, body, tx }) => ({
      ...{ who, action, tx },
      ...(JSON.parse(body) as { name: string; value: unknown }),
    }))
    .filter((entry) => entry.name === name);
}

test("what a person types is what an agent reads next, with who typed it, in the transaction of the audit", async () => {
  await open("plan", "Refund");
  const ada = tab("ada");
  const bob = tab("bob", 1);
  await Promise.all([hasText(ada, "plan"), hasText(bob, "plan")]);
  ada.present("entry", "plan");
  textIn(ada, "plan").insert(6, " 40");
  await ada.whenSaved();
  expect(await agents.call(caller("a1"), "get", { key: "flow:plan" })).toMatchObject({
    value: "Refund 40",
    version: 2,
    writtenBy: "Name of ada",
  });
  // At the other server it arrives as it was typed, with who is at it.
  await until(bob, () => textIn(bob, "plan").toJSON() === "Refund 40");
  await until(bob, () => bob.people().some(({ id, state }) => id === "ada" && state["entry"] === "plan"));
  textIn(bob, "plan").insert(9, " EUR");
  await bob.whenSaved();
  const entry = await getEntry(people, scopeOf("vic"), subject, "plan");
  expect(entry).toMatchObject({
    value: "Refund 40 EUR",
    version: 3,
    by: { kind: "person", id: "bob", name: "Name of bob" },
    with: [{ id: "ada" }],
    ...{ run: null, path: null },
  });
  const entries = await audited("plan");
  expect(entries.map(({ who, action, value }) => [who, action, value])).toEqual([
    ["ada", "memory.typed", "Refund 40"],
    ["bob", "memory.typed", "Refund 40 EUR"],
  ]);
  for (const { who, tx } of entries) {
    const { rows } = await db.pool.query<{ tx: string }>(
      "select distinct xmin::text as tx from live_update where author = $1 and xmin::text = $2",
      [who, tx],
    );
    expect(rows).toEqual([{ tx }]);
  }
  for (const client of [ada, bob]) client.destroy();
});

test("somebody who was offline brings what they typed, beside what an agent wrote meanwhile", async () => {
  // Of this attempt alone, so that its versions can be counted.
  const name = `notes${(calls += 1)}`;
  await open(name, "one\n");
  const ada = tab("ada");
  await hasText(ada, name);
  // As a browser keeps it while there is no connection, in a tab that is opened later.
  const offline = new Y.Doc();
  Y.applyUpdate(offline, Y.encodeStateAsUpdate(ada.doc));
  ada.destroy();
  textIn({ doc: offline }, name).insert(0, "zero\n");
  await agents.call(caller("a2"), "append", { key: `flow:${name}`, value: "two" });
  const back = tab("ada", 1);
  Y.applyUpdate(back.doc, Y.encodeStateAsUpdate(offline));
  await back.whenReady;
  await back.whenSaved();
  await until(back, () => back.status === "saved");
  const { value, by, version } = await getEntry(people, scopeOf("ada"), subject, name);
  expect([value, by.id, version]).toEqual(["zero\none\n\ntwo", "ada", 3]);
  back.destroy();
});

test("once it is quiet, what was typed is a version of its own", async () => {
  await open("quiet", "a");
  const ada = tab("ada");
  await hasText(ada, "quiet");
  textIn(ada, "quiet").insert(1, "b");
  await ada.whenSaved();
  const before = await getEntry(people, scopeOf("ada"), subject, "quiet");
  await Promise.all(servers.map(({ settled }) => settled()));
  expect(await getEntry(people, scopeOf("ada"), subject, "quiet")).toEqual(before);
  await until(ada, () => ada.doc.getMap(memoryTypingRoot).size === 0);
  const stored = ada.doc.getMap(memoryRoot).get("quiet") as { value: string; by: { id: string } };
  expect([stored.value, stored.by.id]).toEqual(["ab", "ada"]);
  const { versions } = await entryHistory(people, scopeOf("ada"), subject, "quiet");
  expect(versions.map(({ value, by }) => [value, by.id])).toEqual([
    ["ab", "ada"],
    ["a", "agent:desk/a0"],
  ]);
  ada.destroy();
});

test("attacks on a memory: each is refused and named", async () => {
  await setEntry(people, scopeOf("ada"), subject, "number", { value: 7 });
  // Opened last: whoever has its text has the number as well.
  await open("attacked", "right");
  const entry = { version: 9, type: "fact", value: "forged", by: { kind: "person", id: "ada", name: "Ada" } };
  const attacks: readonly [string, (doc: Y.Doc) => void, string][] = [
    ["an entry under another's name", (doc) => doc.getMap(memoryRoot).set("attacked", entry), "its verbs"],
    ["an entry taken away", (doc) => doc.getMap(memoryRoot).delete("number"), "its verbs"],
    ["a key that is none", (doc) => doc.getMap(memoryRoot).set("no key", 1), "not a key"],
    [
      "a note of typing made up",
      (doc) => doc.getMap(memoryTypingRoot).set("attacked@ada/1", {}),
      "its verbs",
    ],
    [
      "a text put where none is",
      (doc) => doc.getMap(memoryTextsRoot).set("number", new Y.Text("x")),
      "its verbs",
    ],
    [
      "a text put under no name",
      (doc) => doc.getMap(memoryTextsRoot).set("a@1", new Y.Text("x")),
      "not a name",
    ],
    ["a text replaced", (doc) => doc.getMap(memoryTextsRoot).set("attacked", new Y.Text("x")), "its verbs"],
    ["a text taken away", (doc) => doc.getMap(memoryTextsRoot).delete("attacked"), "its verbs"],
    ["no text at all", (doc) => doc.getMap(memoryTextsRoot).set("attacked", "x"), "map of texts"],
    [
      "a picture in a text",
      (doc) => textIn({ doc }, "attacked").insertEmbed(0, { image: "x" }),
      "plain texts",
    ],
    ["an attribute of a text", (doc) => textIn({ doc }, "attacked").setAttribute("a", "x"), "plain texts"],
    [
      "a text with format",
      (doc) => textIn({ doc }, "attacked").insert(0, "x", { bold: true }),
      "plain texts",
    ],
    ["more than an entry takes", (doc) => textIn({ doc }, "attacked").insert(0, "x".repeat(33_000)), "32000"],
    ["another root", (doc) => doc.getMap("elsewhere").set("a", 1), "no root"],
  ];
  for (const [what, attack, why] of attacks) {
    refusals.length = 0;
    const mallory = tab("eve");
    await hasText(mallory, "attacked");
    attack(mallory.doc);
    await until(mallory, () => mallory.closed !== null);
    expect([what, mallory.closed?.code]).toEqual([what, 4403]);
    expect(refusals.map(({ reason, user }) => [reason, user])).toEqual([["outside-the-rules", "eve"]]);
    expect(refusals[0]?.detail).toContain(why);
    mallory.destroy();
  }
  // A viewer's hand-made client changes nothing either, and stays to look on.
  refusals.length = 0;
  const vic = tab("vic");
  await hasText(vic, "attacked");
  textIn(vic, "attacked").insert(0, "not ");
  await until(vic, () => vic.status === "refused");
  expect(refusals.map(({ reason, user }) => [reason, user])).toEqual([["not-a-writer", "vic"]]);
  vic.destroy();
  // An agent writes where its flow grants it, and nowhere else.
  await expect(agents.call(caller("a3"), "set", { key: "workspace:policy", value: 1 })).rejects.toMatchObject(
    { code: "forbidden" },
  );
  const { entries } = await listEntries(people, scopeOf("ada"), subject, { text: "attacked" });
  expect(entries).toMatchObject([{ value: "right", version: 1, by: { id: "agent:desk/a0" } }]);
  expect((await audited("attacked")).map(({ action }) => action)).toEqual([]);
});

test("20 agents and 5 people in one memory: nothing is lost, and each knows its writer", async () => {
  await open("together", "");
  const tabs = names.map((name, index) => tab(name, index % 2));
  await Promise.all(tabs.map((client) => hasText(client, "together")));
  const rounds = 4;
  const typing = tabs.map(async (client, index) => {
    for (let round = 0; round < rounds; round += 1) {
      const text = textIn(client, "together");
      text.insert(text.length, `[${names[index]}.${round}]`);
      await client.whenSaved();
    }
  });
  const writing = Array.from({ length: 20 }, async (_, n) => {
    for (let round = 0; round < 2; round += 1) {
      await agents.call(caller(`a${n}`), "append", { key: "flow:together", value: `[a${n}.${round}]` });
      await agents.call(caller(`a${n}`), "set", { key: `flow:own.a${n}`, value: round });
    }
  });
  await Promise.all([...typing, ...writing]);
  const { value, version } = await getEntry(people, scopeOf("ada"), subject, "together");
  const expected = [
    ...names.flatMap((name) => Array.from({ length: rounds }, (_, round) => `[${name}.${round}]`)),
    ...Array.from({ length: 20 }, (_, n) => [`[a${n}.0]`, `[a${n}.1]`]).flat(),
  ];
  expect(wordsOf(value).toSorted()).toEqual(expected.toSorted());
  expect(version).toBe(1 + names.length * rounds + 40);
  // All tabs and the store hold the same.
  for (const client of tabs) {
    await until(client, () => textIn(client, "together").toJSON() === value);
    client.destroy();
  }
  const { versions } = await entryHistory(people, scopeOf("ada"), subject, "together");
  for (const [index, { by, value: then, run: of }] of versions.entries()) {
    const before = versions[index + 1];
    if (by.kind !== "agent" || before === undefined) continue;
    // What an agent's version has more than the one before is that agent's word.
    const known = new Set(wordsOf(before.value));
    const more = wordsOf(then).filter((word) => !known.has(word));
    expect([more.map((word) => word.split(".")[0]), of]).toEqual([[`[${by.id.split("/")[1]}`], run]);
  }
  const typed = (await audited("together")).filter(({ action }) => action === "memory.typed");
  expect(new Set(typed.map(({ who }) => who))).toEqual(new Set(names));
  const { entries } = await listEntries(people, scopeOf("ada"), subject, { prefix: "own." });
  expect(entries.map(({ name, value: own, by }) => [name.slice(4), own, by.id])).toEqual(
    expect.arrayContaining(Array.from({ length: 20 }, (_, n) => [`a${n}`, 1, `agent:desk/a${n}`])),
  );
});
