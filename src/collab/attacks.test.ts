import { createHash } from "node:crypto";
import { connect } from "node:net";
import * as encoding from "lib0/encoding";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { startTestDatabase, type TestDatabase } from "#platform/testing.ts";
import { openStage, type People, type Stage, testOrigin, testWorkspace, until } from "./testing/stage.ts";
import { presenceFrame, readMessage, syncFrame } from "./server/wire.ts";

/** Clients made by hand, which do what no good one does. Each attack is refused, and the log names it. */

let database: TestDatabase;
let stage: Stage;
const people: People = new Map();

beforeAll(async () => {
  database = await startTestDatabase();
  for (const name of ["ada", "mallory"])
    people.set(name, { id: `user_${name}`, name, roles: new Map([[testWorkspace, ["builder"]]]) });
  people.set("vic", { id: "user_vic", name: "vic", roles: new Map([[testWorkspace, ["viewer"]]]) });
  stage = await openStage(database.url, people, {
    limits: { document: 200_000, buffered: 300_000, waiting: 100_000 },
  });
});
beforeEach(() => {
  stage.refusals.length = 0;
});
afterAll(async () => {
  await stage.close();
  await database.close();
});

type Wire = {
  readonly socket: WebSocket;
  readonly doc: Y.Doc;
  readonly frames: Uint8Array[];
  readonly people: Map<number, string>;
  readonly closed: Promise<number>;
  update(change: (doc: Y.Doc) => void): Uint8Array;
  send(frame: Uint8Array): void;
};

/** A connection that takes what comes and says what it is told to. */
async function wire(
  subject: string,
  session: string | null,
  { origin = testOrigin, kind = "flow" } = {},
): Promise<Wire> {
  const socket = new WebSocket(`${stage.url}/collab/${kind}/${subject}?ack=1`, {
    headers: { origin, ...(session === null ? {} : { cookie: `session=${session}` }) },
  });
  const doc = new Y.Doc();
  const frames: Uint8Array[] = [];
  const seen = new Map<number, string>();
  socket.on("message", (data: Buffer) => {
    const frame = new Uint8Array(data);
    frames.push(frame);
    const message = readMessage(frame);
    if (message?.type === "update") Y.applyUpdate(doc, message.bytes);
    if (message?.type === "presence")
      for (const { client, state } of message.entries) seen.set(client, state);
  });
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => socket.once("open", resolve));
  socket.send(syncFrame(0, Y.encodeStateVector(doc)));
  return {
    socket,
    doc,
    frames,
    people: seen,
    closed,
    update(change) {
      const before = Y.encodeStateVector(doc);
      doc.transact(() => change(doc));
      return syncFrame(2, Y.encodeStateAsUpdate(doc, before));
    },
    send: (frame) => socket.send(frame),
  };
}

const isSynced = ({ frames }: Wire): boolean => frames.some((frame) => frame[0] === 0 && frame[1] === 1);
const acked = ({ frames }: Wire): number => frames.findLast((frame) => frame[0] === 100)?.[1] ?? 0;

/** What somebody new finds. */
async function textNow(subject: string): Promise<string> {
  const reader = await wire(subject, "ada");
  await until(() => isSynced(reader), "the reader has the document");
  reader.socket.close();
  return reader.doc.getText("yaml").toJSON();
}

const hello = (doc: Y.Doc): void => doc.getText("yaml").insert(0, "hello");

describe("refused and named in the log", () => {
  it("no session", async () => {
    const client = await wire("a1", null);
    expect(await client.closed).toBe(4401);
    expect(await stage.refusal("no-session")).toMatchObject({ kind: "flow", subject: "a1", user: null });
  });

  it("no session, and no role in the workspace, make no document", async () => {
    people.set("out", { id: "user_out", name: "out", roles: new Map([["ws_elsewhere", ["owner"]]]) });
    const nobody = await wire("unmade", null);
    expect(await nobody.closed).toBe(4401);
    const stranger = await wire("unmade", "out");
    expect(await stranger.closed).toBe(4404);
    const { rows } = await database.db.pool.query("select 1 from live_document where subject = 'unmade'");
    expect(rows).toEqual([]);
  });

  it("a page of another origin", async () => {
    const client = await wire("a2", "ada", { origin: "https://evil.example" });
    expect(await client.closed).toBe(4403);
    expect((await stage.refusal("foreign-origin")).detail).toBe("https://evil.example");
  });

  it("a document of another workspace, like one that is not there", async () => {
    for (const subject of ["other1", "missing1"]) {
      stage.refusals.length = 0;
      const client = await wire(subject, "ada");
      expect(await client.closed).toBe(4404);
      expect((await stage.refusal("no-document")).subject).toBe(subject);
      expect(client.frames).toEqual([]);
    }
    for (const [subject, kind] of [
      ["x", "nothing"],
      ["%E0%A4%A", "flow"],
      ["../../x", "flow"],
      ["x y", "flow"],
    ] as const) {
      const unknown = await wire(subject, "ada", { kind });
      expect(await unknown.closed).toBe(4404);
    }
  });

  it("a viewer's update, by whichever message", async () => {
    const vic = await wire("a3", "vic");
    await until(() => isSynced(vic), "vic is synced");
    const update = vic.update(hello);
    const step2 = update.slice();
    step2[1] = 1;
    vic.send(update);
    vic.send(step2);
    expect((await stage.refusal("not-a-writer")).user).toBe("user_vic");
    expect(await textNow("a3")).toBe("");
    expect(vic.socket.readyState).toBe(WebSocket.OPEN);
  });

  it("a stolen client id", async () => {
    const ada = await wire("a4", "ada");
    await until(() => isSynced(ada), "ada is synced");
    ada.send(ada.update(hello));
    await until(() => acked(ada) > 0, "ada's is saved");
    const mallory = await wire("a4", "mallory");
    await until(() => mallory.doc.getText("yaml").length === 5, "mallory has it");
    mallory.doc.clientID = ada.doc.clientID;
    mallory.send(mallory.update((doc) => doc.getText("yaml").insert(0, "I, Ada: ")));
    expect(await mallory.closed).toBe(4403);
    expect((await stage.refusal("stolen-client-id")).user).toBe("user_mallory");
    ada.send(ada.update((doc) => doc.getText("yaml").insert(5, " world")));
    await until(() => acked(ada) > 1, "ada goes on");
    expect(await textNow("a4")).toBe("hello world");
  });

  it("no client id is stolen by repeating what another process committed a moment ago", async () => {
    const mallory = await wire("a4b", "mallory");
    await until(() => isSynced(mallory), "mallory is synced");
    // As another process appends it, whose news have not come here yet.
    const elsewhere = new Y.Doc();
    elsewhere.getText("yaml").insert(0, "hello");
    const { pool } = database.db;
    const { rows } = await pool.query<{ id: number }>(
      "update live_document set seq = seq + 1 where subject = 'a4b' returning id",
    );
    const id = rows[0]?.id;
    await pool.query("insert into live_client (document_id, client, owner) values ($1, $2, 'user_ada')", [
      id,
      elsewhere.clientID,
    ]);
    await pool.query(
      `insert into live_update (document_id, seq, bytes, author, author_name, client)
       select id, seq, $2, 'user_ada', 'ada', $3 from live_document where id = $1`,
      [id, Buffer.from(Y.encodeStateAsUpdate(elsewhere)), elsewhere.clientID],
    );
    Y.applyUpdate(mallory.doc, Y.encodeStateAsUpdate(elsewhere));
    mallory.doc.getText("yaml").insert(5, " world");
    mallory.send(syncFrame(1, Y.encodeStateAsUpdate(mallory.doc)));
    await until(() => acked(mallory) > 0, "mallory's is saved");
    expect(await textNow("a4b")).toBe("hello world");
    expect(stage.refusals).toEqual([]);
  });

  it("presence under another name, and under another's client id", async () => {
    const ada = await wire("a5", "ada");
    await until(() => isSynced(ada), "ada is synced");
    ada.send(presenceFrame([{ client: ada.doc.clientID, clock: 1, state: "{}" }]));
    const mallory = await wire("a5", "mallory");
    await until(() => mallory.people.has(ada.doc.clientID), "mallory sees ada");
    mallory.send(
      presenceFrame([{ client: ada.doc.clientID, clock: 9, state: '{"user":{"name":"ada"},"cursor":666}' }]),
    );
    expect((await stage.refusal("foreign-presence")).user).toBe("user_mallory");
    const own = mallory.doc.clientID;
    mallory.send(
      presenceFrame([{ client: own, clock: 1, state: '{"user":{"id":"user_ada","name":"ada"}}' }]),
    );
    await until(() => ada.people.has(own), "ada sees mallory");
    expect(JSON.parse(ada.people.get(own) ?? "")).toMatchObject({
      user: { id: "user_mallory", name: "mallory" },
    });
    expect(ada.people.get(ada.doc.clientID)).not.toContain("666");
    mallory.send(presenceFrame([{ client: own, clock: 2, state: JSON.stringify({ a: "x".repeat(5000) }) }]));
    expect((await stage.refusal("bad-presence")).detail).toContain("4096");
  });

  it("a frame of 32 MB, before it is received", async () => {
    const mallory = await wire("a6", "mallory");
    await until(() => isSynced(mallory), "mallory is synced");
    mallory.send(new Uint8Array(32 * 1024 * 1024));
    expect(await mallory.closed).toBe(4413);
    await stage.refusal("frame-too-large");
  });

  it("garbage", async () => {
    const clean = syncFrame(2, new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9]));
    const frames = [
      new Uint8Array([0, 9, 1, 1]),
      new Uint8Array([77]),
      new Uint8Array([0, 2, 255, 255, 255, 15]),
      clean,
    ];
    for (const frame of frames) {
      stage.refusals.length = 0;
      const mallory = await wire("a7", "mallory");
      mallory.send(frame);
      expect(await mallory.closed).toBe(4400);
      expect((await stage.refusal("garbage")).user).toBe("user_mallory");
    }
    const text = await wire("a7", "mallory");
    text.socket.send("hello");
    expect(await text.closed).toBe(4400);
  });

  it("an update that builds on itself, at which Yjs would fail half way", async () => {
    const mallory = await wire("a8", "mallory");
    await until(() => isSynced(mallory), "mallory is synced");
    const encoder = encoding.createEncoder();
    // One client with one struct at clock 0 whose origin is its own clock 5.
    for (const number of [1, 1, 4711, 0]) encoding.writeVarUint(encoder, number);
    encoding.writeUint8(encoder, 0x80 | 4);
    encoding.writeVarUint(encoder, 4711);
    encoding.writeVarUint(encoder, 5);
    encoding.writeVarString(encoder, "x");
    encoding.writeVarUint(encoder, 0);
    mallory.send(syncFrame(2, encoding.toUint8Array(encoder)));
    expect(await mallory.closed).toBe(4400);
    expect(await textNow("a8")).toBe("");
  });

  it("a hoard of updates whose beginning never comes", async () => {
    const mallory = await wire("a9", "mallory");
    await until(() => isSynced(mallory), "mallory is synced");
    mallory.send(syncFrame(1, Y.encodeStateAsUpdate(mallory.doc)));
    mallory.update(hello);
    const asked = mallory.frames.filter((frame) => frame[0] === 0 && frame[1] === 0).length;
    mallory.send(mallory.update((doc) => doc.getText("yaml").insert(5, " later")));
    await stage.refusal("missing-dependencies");
    await until(
      () => mallory.frames.filter((frame) => frame[0] === 0 && frame[1] === 0).length > asked,
      "it is asked for all of it",
    );
    expect(await textNow("a9")).toBe("");
    mallory.send(syncFrame(1, Y.encodeStateAsUpdate(mallory.doc)));
    await until(() => acked(mallory) === 3, "all of it is saved");
    expect(await textNow("a9")).toBe("hello later");
  });

  it("a flood of updates", async () => {
    const mallory = await wire("a10", "mallory");
    await until(() => isSynced(mallory), "mallory is synced");
    let isOpen = true;
    void mallory.closed.then(() => (isOpen = false));
    // More than the limits let through, however slowly this machine sends them.
    while (isOpen) {
      for (let i = 0; i < 500; i += 1)
        mallory.send(mallory.update((doc) => doc.getText("yaml").insert(0, "x")));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await mallory.closed).toBe(4529);
    expect((await stage.refusal("flood")).user).toBe("user_mallory");
  });

  it("a reader that never reads", async () => {
    const ada = await wire("a11", "ada");
    await until(() => isSynced(ada), "ada is synced");
    const port = Number(new URL(stage.url).port);
    const deaf = connect(port, "127.0.0.1");
    const key = createHash("sha1").update("deaf").digest("base64").slice(0, 22) + "==";
    await new Promise<void>((resolve) => deaf.once("connect", resolve));
    deaf.write(
      `GET /collab/flow/a11 HTTP/1.1\r\nhost: localhost\r\norigin: ${testOrigin}\r\ncookie: session=mallory\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`,
    );
    await new Promise<void>((resolve) => deaf.once("data", () => resolve()));
    deaf.pause();
    const gone = new Promise<void>((resolve) => deaf.once("close", () => resolve()));
    deaf.on("error", () => undefined);
    // Text that is typed and deleted again, so that the document stays small. How much the system holds before the
    // server notices differs from machine to machine.
    let sent = 0;
    while (stage.refusals.every(({ reason }) => reason !== "slow-reader") && sent < 4000) {
      ada.send(ada.update((doc) => doc.getText("yaml").insert(0, "x".repeat(50_000))));
      ada.send(ada.update((doc) => doc.getText("yaml").delete(0, 50_000)));
      sent += 2;
      await until(
        () =>
          acked(ada) % 128 === sent % 128 || acked(ada) >= 128 || ada.socket.readyState !== WebSocket.OPEN,
        "it is saved",
      );
      if (ada.socket.readyState !== WebSocket.OPEN) break;
    }
    expect((await stage.refusal("slow-reader")).user).toBe("user_mallory");
    deaf.resume();
    await gone;
  }, 60_000);

  it("a document above its size", async () => {
    const mallory = await wire("a12", "mallory");
    await until(() => isSynced(mallory), "mallory is synced");
    for (let sent = 1; sent <= 3; sent += 1) {
      mallory.send(mallory.update((doc) => doc.getText("yaml").insert(0, "x".repeat(60_000))));
      await until(() => acked(mallory) === sent, "it is saved");
    }
    mallory.send(mallory.update((doc) => doc.getText("yaml").insert(0, "x".repeat(60_000))));
    expect(await mallory.closed).toBe(4413);
    await stage.refusal("document-too-large");
    expect((await textNow("a12")).length).toBe(180_000);
  });

  it("a root, a shape, a key and a value that the kind does not know", async () => {
    const tries: [string, (doc: Y.Doc) => void][] = [
      ["flow", (doc) => doc.getText("elsewhere").insert(0, "x")],
      ["flow", (doc) => doc.getMap("yaml").set("a", 1)],
      ["flow", (doc) => doc.getText("yaml").insertEmbed(0, { image: "x" })],
      ["memory", (doc) => doc.getMap("entries").set("secret.a", "x")],
      ["memory", (doc) => doc.getMap("entries").set("a", { not: "a text" })],
      ["memory", (doc) => doc.getArray("entries").push(["x"])],
    ];
    for (const [index, [kind, change]] of tries.entries()) {
      stage.refusals.length = 0;
      const mallory = await wire(`a13_${index}`, "mallory", { kind });
      await until(() => isSynced(mallory), "mallory is synced");
      mallory.send(mallory.update(change));
      expect(await mallory.closed).toBe(4403);
      expect((await stage.refusal("outside-the-rules")).detail).toBeTruthy();
    }
  });

  it("a write to a key outside the grant by overwriting, nesting and deleting", async () => {
    // What is there already came another way: not everybody is ruled by the same grant.
    const lenient = await openStage(database.url, people, {
      kinds: [
        {
          name: "memory",
          mayRead: () => true,
          mayWrite: () => true,
          roots: { entries: { type: "map" } },
          seed: () =>
            Promise.resolve({
              workspaceId: testWorkspace,
              fill: (doc) => {
                doc.getMap("entries").set("secret.a", 1);
                const list = new Y.Array();
                doc.getMap("entries").set("secret.list", list);
                list.push([1]);
              },
            }),
        },
      ],
    });
    const owner = new WebSocket(`${lenient.url}/collab/memory/a14`, {
      headers: { origin: testOrigin, cookie: "session=ada" },
    });
    await new Promise((resolve) => owner.once("message", resolve));
    owner.close();
    const tries: ((doc: Y.Doc) => void)[] = [
      (doc) => doc.getMap("entries").set("secret.a", 2),
      (doc) => doc.getMap("entries").delete("secret.a"),
      (doc) => (doc.getMap("entries").get("secret.list") as Y.Array<number>).push([2]),
      (doc) => (doc.getMap("entries").get("secret.list") as Y.Array<number>).delete(0, 1),
    ];
    for (const change of tries) {
      stage.refusals.length = 0;
      const mallory = await wire("a14", "mallory", { kind: "memory" });
      await until(() => mallory.doc.getMap("entries").has("secret.list"), "mallory has the document");
      mallory.send(mallory.update(change));
      expect(await mallory.closed).toBe(4403);
      expect((await stage.refusal("outside-the-rules")).detail).toContain("outside what may be written");
    }
    await lenient.close();
  });
});
