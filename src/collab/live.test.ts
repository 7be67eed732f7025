import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { notify } from "#platform/index.ts";
import { startTestDatabase, type TestDatabase } from "#platform/testing.ts";
import { openLive } from "./client.ts";
import type { LiveClient } from "./client.ts";
import { openStage, type People, socketOf, type Stage, testWorkspace, until } from "./testing/stage.ts";

let database: TestDatabase;
let stage: Stage;
let other: Stage;
const people: People = new Map();
const opened: { destroy(): void }[] = [];

beforeAll(async () => {
  database = await startTestDatabase();
  for (const name of ["ada", "bob", "eve"])
    people.set(name, { id: `user_${name}`, name, roles: new Map([[testWorkspace, ["builder"]]]) });
  people.set("vic", { id: "user_vic", name: "vic", roles: new Map([[testWorkspace, ["viewer"]]]) });
  stage = await openStage(database.url, people);
  other = await openStage(database.url, people);
});

afterAll(async () => {
  for (const each of opened) each.destroy();
  await stage.close();
  await other.close();
  await database.close();
});

function open(subject: string, session: string, at: Stage = stage, kind = "flow"): LiveClient {
  const client = openLive({
    server: at.url,
    kind,
    subject,
    user: session,
    offline: false,
    WebSocket: socketOf(session),
    random: () => 0,
  });
  opened.push(client);
  return client;
}

const textOf = ({ doc }: { doc: Y.Doc }): string => doc.getText("yaml").toJSON();

describe("a live document", () => {
  it("is the same for two people, on one server and on two", async () => {
    const ada = open("both", "ada");
    const bob = open("both", "bob");
    const eve = open("both", "eve", other);
    await Promise.all([ada.whenReady, bob.whenReady, eve.whenReady]);
    ada.doc.getText("yaml").insert(0, "id: a\n");
    bob.doc.getText("yaml").insert(0, "# hello\n");
    eve.doc.getText("yaml").insert(0, "# from elsewhere\n");
    await until(
      () => new Set([ada, bob, eve].map(textOf)).size === 1 && textOf(ada).length === 31,
      "all agree",
    );
    expect(textOf(ada)).toContain("id: a\n");
    await Promise.all([ada.whenSaved(), bob.whenSaved(), eve.whenSaved()]);
    expect([ada.status, bob.status, eve.status]).toEqual(["saved", "saved", "saved"]);
    const { rows } = await database.db.pool.query<{ author: string }>(
      "select distinct author from live_update where author like 'user_%' order by author",
    );
    expect(rows.map(({ author }) => author)).toEqual(["user_ada", "user_bob", "user_eve"]);
  });

  it("is served to a stock y-websocket client", async () => {
    const doc = new Y.Doc();
    const provider = new WebsocketProvider(`${stage.url}/collab`, "flow/stock", doc, {
      WebSocketPolyfill: socketOf("ada"),
      disableBc: true,
    });
    opened.push(provider);
    const bob = open("stock", "bob");
    await until(() => provider.synced && bob.synced, "both are synced");
    doc.getText("yaml").insert(0, "typed in a stock client");
    bob.doc.getText("yaml").insert(0, "typed in ours; ");
    await until(
      () => textOf(bob) === doc.getText("yaml").toJSON() && textOf(bob).length === 38,
      "both agree",
    );
    provider.awareness.setLocalStateField("cursor", 7);
    await until(
      () => bob.people().some(({ name, state }) => name === "ada" && state["cursor"] === 7),
      "bob sees ada",
    );
  });

  it("says who is there as the session knows them, over two servers, and when they leave", async () => {
    const ada = open("faces", "ada");
    const eve = open("faces", "eve", other);
    await Promise.all([ada.whenReady, eve.whenReady]);
    eve.awareness.setLocalStateField("user", { id: "user_ada", name: "Ada the Great" });
    eve.present("cursor", { line: 3 });
    await until(
      () => ada.people().some(({ id, state }) => id === "user_eve" && "cursor" in state),
      "ada sees eve",
    );
    expect(ada.people().find(({ id }) => id === "user_eve")).toMatchObject({
      name: "eve",
      role: "writer",
      self: false,
    });
    await until(() => eve.people().some(({ self }) => self), "eve sees herself");
    expect(eve.people().find(({ self }) => self)).toMatchObject({ id: "user_eve", name: "eve" });
    eve.destroy();
    await until(() => !ada.people().some(({ id }) => id === "user_eve"), "eve is gone");
  });

  it("keeps what was typed without a connection", async () => {
    const ada = open("offline", "ada");
    const bob = open("offline", "bob");
    await Promise.all([ada.whenReady, bob.whenReady]);
    ada.doc.getText("yaml").insert(0, "before ");
    await ada.whenSaved();
    stage.cut();
    await until(() => ada.status === "offline", "ada is offline");
    ada.doc.getText("yaml").insert(0, "meanwhile ");
    expect(["offline", "saving"]).toContain(ada.status);
    await until(() => textOf(bob) === "meanwhile before ", "bob has it");
    await ada.whenSaved();
  });

  it("undoes what was done here and nothing else", async () => {
    const ada = open("undo", "ada");
    const bob = open("undo", "bob");
    await Promise.all([ada.whenReady, bob.whenReady]);
    const undo = ada.undo(ada.doc.getText("yaml"), ["canvas"]);
    ada.doc.getText("yaml").insert(0, "mine");
    await until(() => textOf(bob) === "mine", "bob has ada's");
    bob.doc.getText("yaml").insert(4, " yours");
    await until(() => textOf(ada) === "mine yours", "ada has bob's");
    undo.undo();
    await until(() => textOf(bob) === " yours", "only ada's is undone");
  });

  it("is there after the server was started anew", async () => {
    const first = await openStage(database.url, people);
    const ada = open("again", "ada", first);
    await ada.whenReady;
    ada.doc.getText("yaml").insert(0, "kept");
    await ada.whenSaved();
    await first.close();
    const second = await openStage(database.url, people, {}, Number(new URL(first.url).port));
    const bob = open("again", "bob", second);
    await bob.whenReady;
    expect(textOf(bob)).toBe("kept");
    await until(() => ada.status === "saved", "ada is back");
    await second.close();
  });

  it("is taken away in mid-edit from whose session or role ended", async () => {
    people.set("tmp", { id: "user_tmp", name: "tmp", roles: new Map([[testWorkspace, ["builder"]]]) });
    const tmp = open("revoked", "tmp");
    const ada = open("revoked", "ada");
    await Promise.all([tmp.whenReady, ada.whenReady]);
    tmp.doc.getText("yaml").insert(0, "in time");
    await tmp.whenSaved();
    people.get("tmp")?.roles.set(testWorkspace, ["viewer"]);
    await notify(database.db.pool, "workspace", "* session user_tmp");
    await until(() => tmp.closed !== null, "tmp was sent away");
    expect(tmp.closed).toEqual({ code: 4403, reason: "role-lost" });
    tmp.reconnect();
    await until(() => tmp.status === "saved", "tmp reads on");
    people.delete("tmp");
    await notify(database.db.pool, "workspace", "* session user_tmp");
    await until(() => tmp.closed !== null, "tmp was sent away for good");
    expect(tmp.closed?.code).toBe(4401);
    tmp.doc.getText("yaml").insert(0, "too late");
    ada.doc.getText("yaml").insert(0, "still ");
    await ada.whenSaved();
    expect(textOf(ada)).toBe("still in time");
    expect(stage.refusals.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(["role-lost", "session-ended"]),
    );
  });

  it("lets a viewer see everything and change nothing", async () => {
    const ada = open("watched", "ada");
    const vic = open("watched", "vic");
    await Promise.all([ada.whenReady, vic.whenReady]);
    ada.doc.getText("yaml").insert(0, "seen");
    await until(() => textOf(vic) === "seen", "vic sees it");
    vic.doc.getText("yaml").insert(0, "not ");
    await until(() => vic.status === "refused", "vic is told");
    await expect(vic.whenSaved()).rejects.toThrow("does not take changes");
    ada.doc.getText("yaml").insert(4, "!");
    await ada.whenSaved();
    expect(textOf(ada)).toBe("seen!");
    await until(() => ada.people().some(({ role }) => role === "reader"), "ada sees the reader");
    expect((await stage.refusal("not-a-writer")).user).toBe("user_vic");
  });
});
