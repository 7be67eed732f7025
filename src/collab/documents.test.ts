import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as Y from "yjs";
import { createListener, type Listener } from "#platform/index.ts";
import { startTestDatabase, type TestDatabase } from "#platform/testing.ts";
import { openLive } from "./client.ts";
import type { LiveClient } from "./client.ts";
import { createLiveDocuments, replaceText } from "./index.ts";
import type { Address, LiveDocuments } from "./index.ts";
import {
  fingerprint,
  openStage,
  type People,
  scopeOf,
  socketOf,
  type Stage,
  testKinds,
  testWorkspace,
  until,
} from "./testing/stage.ts";

let database: TestDatabase;
let listener: Listener;
let documents: LiveDocuments;
let stage: Stage;
const ada = { id: "user_ada", name: "Ada" };
const writer = scopeOf(ada, testWorkspace, ["builder"]);
const reader = scopeOf({ id: "user_vic", name: "Vic" }, testWorkspace, ["viewer"]);
const stranger = scopeOf(ada, "ws_elsewhere", ["owner"]);
const agent = { id: "agent:refund/clerk", name: "clerk" };
const people: People = new Map([["ada", { ...ada, roles: new Map([[testWorkspace, ["builder"]]]) }]]);
const opened: LiveClient[] = [];

beforeAll(async () => {
  database = await startTestDatabase();
  listener = createListener(database.url);
  documents = createLiveDocuments({ db: database.db, listener, kinds: testKinds, compactEvery: 20 });
  stage = await openStage(database.url, people);
});
afterAll(async () => {
  for (const client of opened) client.destroy();
  await stage.close();
  await documents.close();
  await listener.close();
  await database.close();
});

function open(kind: string, subject: string): LiveClient {
  const client = openLive({
    server: stage.url,
    kind,
    subject,
    user: "ada",
    offline: false,
    WebSocket: socketOf("ada"),
  });
  opened.push(client);
  return client;
}
const flow = (subject: string): Address => ({ kind: "flow", subject });
const memory = (subject: string): Address => ({ kind: "memory", subject });
const set = (key: string, value: unknown) => (doc: Y.Doc) => void doc.getMap("entries").set(key, value);

describe("documents within the process", () => {
  it("are made once, and are not there for another workspace", async () => {
    const fill = (doc: Y.Doc): void => doc.getText("yaml").insert(0, "id: a\n");
    expect(await documents.create(writer, flow("made"), fill)).toBe(true);
    expect(await documents.create(writer, flow("made"), fill)).toBe(false);
    expect(await documents.text(reader, flow("made"), "yaml")).toBe("id: a\n");
    await expect(documents.text(stranger, flow("made"), "yaml")).rejects.toMatchObject({ code: "not-found" });
    await expect(documents.create(reader, flow("made2"), fill)).rejects.toMatchObject({ code: "forbidden" });
    await expect(documents.load(writer, flow("missing"))).rejects.toMatchObject({ code: "not-found" });
  });

  it("take an agent's edit once, whoever has them open sees it, and it knows who made it", async () => {
    const tab = open("memory", "m1");
    await tab.whenReady;
    const edit = { author: agent, key: "run_1/step/1", edit: set("case.1", "open") };
    expect(await documents.edit(writer, memory("m1"), edit)).toMatchObject({ made: true });
    expect(await documents.edit(writer, memory("m1"), edit)).toMatchObject({ made: false });
    await until(() => tab.doc.getMap("entries").get("case.1") === "open", "the tab sees it");
    tab.doc.getMap("entries").set("case.1", "closed");
    await tab.whenSaved();
    expect((await documents.load(writer, memory("m1"))).doc.getMap("entries").get("case.1")).toBe("closed");
    const history = await documents.history(writer, memory("m1"));
    expect(history.map(({ author }) => author.id)).toEqual(["user_ada", agent.id, "system"]);
    const before = await documents.at(writer, memory("m1"), history[1]?.last ?? "");
    expect(before.getMap("entries").toJSON()).toEqual({ "case.1": "open" });
  });

  it("leave nothing of an edit that throws or breaks the rules", async () => {
    const edit = (key: string, change: (doc: Y.Doc) => void) =>
      documents.edit(writer, memory("m2"), { author: agent, key, edit: change });
    await edit("k1", set("a", 1));
    await expect(
      edit("k2", (doc) => {
        doc.getMap("entries").set("a", 2);
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    await expect(edit("k3", set("secret.a", 1))).rejects.toMatchObject({ code: "forbidden" });
    await expect(edit("k4", set("a", { not: "accepted" }))).rejects.toMatchObject({ code: "forbidden" });
    await expect(edit("k5", (doc) => doc.getText("elsewhere").insert(0, "x"))).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(
      documents.edit(reader, memory("m2"), { author: agent, key: "k6", edit: set("a", 2) }),
    ).rejects.toMatchObject({ code: "forbidden" });
    expect((await documents.load(writer, memory("m2"))).doc.getMap("entries").toJSON()).toEqual({ a: 1 });
    await edit("k2", set("a", 3));
    expect((await documents.load(writer, memory("m2"))).doc.getMap("entries").get("a")).toBe(3);
  });

  it("let many agents in several processes and people write at once, and lose nothing", async () => {
    const second = createLiveDocuments({ db: database.db, listener, kinds: testKinds, compactEvery: 20 });
    const tab = open("memory", "m3");
    await tab.whenReady;
    const work: Promise<unknown>[] = [];
    for (let who = 0; who < 20; who += 1) {
      for (let n = 0; n < 5; n += 1) {
        const of = { author: { id: `agent:a/${who}`, name: `a${who}` }, key: `${who}/${n}` };
        const store = who % 2 === 0 ? documents : second;
        // A counter that everybody raises: nobody writes between the reading and the writing.
        work.push(
          store.edit(writer, memory("m3"), {
            ...of,
            edit(doc) {
              const entries = doc.getMap("entries");
              entries.set("count", Number(entries.get("count") ?? 0) + 1);
              entries.set(`by.${who}.${n}`, who);
            },
          }),
        );
        tab.doc.getMap("entries").set(`tab.${who}.${n}`, n);
      }
    }
    await Promise.all([...work, tab.whenSaved()]);
    const { doc } = await documents.load(writer, memory("m3"));
    expect(doc.getMap("entries").get("count")).toBe(100);
    expect([...doc.getMap("entries").keys()]).toHaveLength(201);
    await until(() => fingerprint(tab.doc) === fingerprint(doc), "the tab has all of it");
    const { rows } = await database.db.pool.query<{ authors: number; snapshots: number }>(
      `select count(distinct author)::int as authors, (select count(*)::int from live_snapshot s where s.document_id = d.id) as snapshots
       from live_update u join live_document d on d.id = u.document_id where d.subject = 'm3' group by d.id`,
    );
    expect(rows[0]).toMatchObject({ authors: 22 });
    expect(rows[0]?.snapshots).toBeGreaterThan(0);
    await second.close();
  });

  it("wait for what a client has typed", async () => {
    const tab = open("flow", "waited");
    await tab.whenReady;
    tab.doc.getText("yaml").insert(0, "id: typed\n");
    const { doc } = await documents.whenCommitted(writer, flow("waited"), tab.stateVector());
    expect(doc.getText("yaml").toJSON()).toBe("id: typed\n");
    const ahead = new Y.Doc();
    ahead.getText("yaml").insert(0, "never sent");
    await expect(
      documents.whenCommitted(writer, flow("waited"), Y.encodeStateVector(ahead), 30),
    ).rejects.toMatchObject({ code: "timeout" });
    await expect(
      documents.whenCommitted(writer, flow("waited"), new Uint8Array([255])),
    ).rejects.toMatchObject({ code: "bad-input" });
  });

  it("are the same by replay and by snapshot, at every moment", async () => {
    const address = flow("replayed");
    const states: string[] = [];
    for (let n = 0; n < 65; n += 1) {
      const edited = await documents.edit(writer, address, {
        author: ada,
        key: `edit ${n}`,
        edit(doc) {
          const text = doc.getText("yaml");
          if (n % 4 === 3) text.delete(0, 3);
          else text.insert(n % 2 === 0 ? 0 : text.length, `<${n}>`);
        },
      });
      states[Number(edited.seq)] = await documents.text(writer, address, "yaml");
    }
    const { rows } = await database.db.pool.query<{ upto: string; id: number }>(
      `select s.upto, d.id from live_snapshot s join live_document d on d.id = s.document_id
       where d.subject = 'replayed' order by upto`,
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const [seq, text] of states.entries()) {
      if (text === undefined) continue;
      const doc = await documents.at(writer, address, String(seq));
      expect(doc.getText("yaml").toJSON()).toBe(text);
    }
    const updates = await database.db.pool.query<{ bytes: Buffer }>(
      "select bytes from live_update where document_id = $1 order by seq",
      [rows[0]?.id],
    );
    const replayed = new Y.Doc();
    for (const { bytes } of updates.rows) Y.applyUpdate(replayed, bytes);
    const { doc } = await documents.load(writer, address);
    expect(fingerprint(replayed)).toBe(fingerprint(doc));
    const fresh = createLiveDocuments({ db: database.db, listener, kinds: testKinds });
    expect(fingerprint((await fresh.load(writer, address)).doc)).toBe(fingerprint(replayed));
    await fresh.close();
  });

  it("remove updates older than the history, and say so", async () => {
    const forgetful = createLiveDocuments({
      db: database.db,
      listener,
      kinds: testKinds,
      compactEvery: 10,
      keepMs: -1000,
    });
    const address = flow("short");
    for (let n = 0; n < 25; n += 1) {
      await forgetful.edit(writer, address, {
        author: ada,
        key: `edit ${n}`,
        edit: (doc) => doc.getText("yaml").insert(0, `${n};`),
      });
    }
    await expect(forgetful.at(writer, address, "5")).rejects.toMatchObject({ code: "not-found" });
    expect((await forgetful.at(writer, address, "25")).getText("yaml").toJSON()).toMatch(/^23;22;/);
    await forgetful.close();
    expect(await documents.text(writer, address, "yaml")).toMatch(/^24;23;.*;0;$/);
  });

  it("have versions with names, and bring them back as an edit", async () => {
    const address = flow("versions");
    const tab = open("flow", "versions");
    await tab.whenReady;
    tab.doc.getText("yaml").insert(0, "id: one\ntasks: []\n");
    await tab.whenSaved();
    const version = await documents.nameVersion(writer, address, " First ");
    replaceText(tab.doc.getText("yaml"), "id: two\ntasks: []\n# more\n");
    await tab.whenSaved();
    expect(await documents.versions(reader, address)).toMatchObject([{ name: "First", author: ada }]);
    expect((await documents.version(reader, address, version.id)).getText("yaml").toJSON()).toContain("one");
    await documents.restore(writer, address, { version: version.id }, "restore 1");
    await until(() => tab.doc.getText("yaml").toJSON() === "id: one\ntasks: []\n", "the tab has it back");
    const [newest] = await documents.history(writer, address);
    const earlier = await documents.at(writer, address, String(Number(newest?.last) - 1));
    expect(earlier.getText("yaml").toJSON()).toContain("two");
    const memories = memory("versions");
    await documents.edit(writer, memories, { author: agent, key: "1", edit: set("a", 1) });
    await documents.edit(writer, memories, { author: agent, key: "2", edit: set("b", "kept") });
    const { seq } = await documents.load(writer, memories);
    await documents.edit(writer, memories, {
      author: agent,
      key: "3",
      edit(doc) {
        doc.getMap("entries").set("a", 2);
        doc.getMap("entries").delete("b");
        doc.getMap("entries").set("c", 3);
      },
    });
    await documents.restore(writer, memories, { seq }, "4");
    expect((await documents.load(writer, memories)).doc.getMap("entries").toJSON()).toEqual({
      a: 1,
      b: "kept",
    });
  });

  it("tell who watches, and send everybody away when they are removed", async () => {
    const address = flow("removed");
    const tab = open("flow", "removed");
    await tab.whenReady;
    let heard = 0;
    const stop = await documents.watch(writer, address, () => (heard += 1));
    tab.doc.getText("yaml").insert(0, "x");
    await until(() => heard > 0, "the watcher hears");
    stop();
    await documents.remove(writer, address);
    await until(() => tab.closed?.code === 4404, "the tab is sent away");
    const { rows } = await database.db.pool.query(
      "select 1 from live_update u left join live_document d on d.id = u.document_id where d.id is null",
    );
    expect(rows).toEqual([]);
  });
});
