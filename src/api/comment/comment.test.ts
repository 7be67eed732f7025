import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FlowId, WorkspaceId } from "#base/index.ts";
import { roles, roleTable } from "#governance/index.ts";
import { draftAddress } from "#library/index.ts";
import { codeOf, errorOf, startTestApi, type TestApi, type TestMember } from "../testing.ts";
import { placeOf } from "./testing.ts";

const text = `id: newsletter
title: Newsletter
tasks:
  - id: write
    log: Write about the trains
  - id: send
    log: Send it to everyone
`;

let api: TestApi;
let workspace: WorkspaceId;
let ada: TestMember;
let bob: TestMember;
let viewer: TestMember;
let stranger: TestMember;
let flowId: string;

beforeAll(async () => {
  api = await startTestApi();
  workspace = await api.workspace("comments");
  ada = await api.member(workspace, ["builder"], "Ada Lovelace");
  bob = await api.member(workspace, ["operator"], "Bob");
  viewer = await api.member(workspace, ["viewer"], "Vic");
  stranger = await api.member(await api.workspace("elsewhere"), ["owner"]);
  flowId = (await ada.call.flow.create({ text })).flowId;
});
afterAll(() => api.close());

const at = (words: string, flow = flowId) => placeOf(api.deps, ada.scope, flow, words);
const threads = (who: TestMember = ada) => who.call.comment.list({ flowId });
const thread = async (id: string) => (await threads()).find((one) => one.id === id);
const begin = async (who: TestMember, body: string, words = "the trains") =>
  who.call.comment.start({ flowId, kind: "range", body, ...(await at(words)) });

async function type(key: string, change: (text: string) => string): Promise<void> {
  await api.deps.live.edit(ada.scope, draftAddress(flowId as FlowId), {
    author: { id: ada.id, name: ada.name },
    key,
    edit: (doc) => {
      const root = doc.getText("yaml");
      const after = change(root.toString());
      root.delete(0, root.length);
      root.insert(0, after);
    },
  });
}

async function audited(id: string): Promise<{ action: string; by: string; body: object }[]> {
  const { rows } = await api.db.pool.query<{ action: string; actor_id: string; body: string }>(
    "select action, actor_id, body from audit_entry where subject_id = $1 order by seq",
    [id],
  );
  return rows.map((row) => ({
    action: row.action,
    by: row.actor_id,
    body: JSON.parse(row.body) as object,
  }));
}

describe("a thread of comments", () => {
  it("names who wrote it, and quotes what the server reads at its place", async () => {
    const { threadId, commentId } = await begin(bob, "  Why trains?  ");
    expect(await thread(threadId)).toMatchObject({
      kind: "range",
      task: "write",
      quote: "the trains",
      resolved: null,
      comments: [{ id: commentId, author: { id: bob.id, name: "Bob" }, body: "Why trains?", editedAt: null }],
    });
    const task = await ada.call.comment.start({
      flowId,
      kind: "task",
      body: "To whom?",
      ...(await at("id: send\n    log: Send it to everyone")),
    });
    expect(await thread(task.threadId)).toMatchObject({ kind: "task", task: "send" });
    expect((await audited(threadId))[0]).toMatchObject({
      action: "comment.added",
      by: bob.id,
      body: { flow: flowId, text: "Why trains?", quote: "the trains" },
    });
  });

  it("takes replies, is resolved and opened again, each once", async () => {
    const { threadId } = await begin(ada, "First");
    await bob.call.comment.reply({ threadId, body: "Second" });
    await bob.call.comment.resolve({ threadId, resolved: true });
    await ada.call.comment.resolve({ threadId, resolved: true });
    expect(await thread(threadId)).toMatchObject({
      resolved: { name: "Bob" },
      comments: [{ body: "First" }, { body: "Second", author: { id: bob.id } }],
    });
    await ada.call.comment.resolve({ threadId, resolved: false });
    expect((await thread(threadId))?.resolved).toBeNull();
    expect((await audited(threadId)).map(({ action }) => action)).toEqual([
      "comment.added",
      "comment.added",
      "comment.resolved",
      "comment.reopened",
    ]);
  });

  it("lets each change and delete what they wrote, and nothing else; the last one takes the thread along", async () => {
    const { threadId, commentId } = await begin(ada, "Frist");
    const answer = await bob.call.comment.reply({ threadId, body: "First?" });
    expect(await codeOf(bob.call.comment.edit({ id: commentId, body: "Mine" }))).toBe("forbidden");
    expect(await codeOf(bob.call.comment.remove({ id: commentId }))).toBe("forbidden");
    await ada.call.comment.edit({ id: commentId, body: "First" });
    expect((await thread(threadId))?.comments[0]).toMatchObject({
      body: "First",
      editedAt: expect.any(Number) as number,
    });
    await ada.call.comment.remove({ id: commentId });
    expect((await thread(threadId))?.comments).toMatchObject([
      { body: "", deletedAt: expect.any(Number) as number },
      { body: "First?" },
    ]);
    expect(await codeOf(ada.call.comment.edit({ id: commentId, body: "Again" }))).toBe("not-found");
    await bob.call.comment.remove({ id: answer.commentId });
    expect(await thread(threadId)).toBeUndefined();
    expect(await codeOf(bob.call.comment.reply({ threadId, body: "Hello?" }))).toBe("not-found");
    const left = await api.db.pool.query("select id from comment where thread_id = $1", [threadId]);
    expect(left.rows).toEqual([]);
    expect((await audited(threadId)).slice(2)).toMatchObject([
      { action: "comment.edited", body: { before: "Frist", after: "First" } },
      { action: "comment.deleted", body: { before: "First" } },
      { action: "comment.deleted", by: bob.id, body: { before: "First?" } },
    ]);
  });

  it("is refused where it says nothing or too much, or where there is nothing to pin it to", async () => {
    const place = await at("the trains");
    expect(await codeOf(ada.call.comment.start({ flowId, kind: "range", body: " \n ", ...place }))).toBe(
      "bad-input",
    );
    const anchor = { start: "AA==", end: "AA==" };
    const nowhere = { ...place, anchor };
    expect(await codeOf(ada.call.comment.start({ flowId, kind: "range", body: "x", ...nowhere }))).toBe(
      "bad-input",
    );
    const gone = await at("everyone");
    await type("gone", (now) => now.replace("everyone", "all"));
    expect(await codeOf(ada.call.comment.start({ flowId, kind: "range", body: "x", ...gone }))).toBe(
      "conflict",
    );
    await type("back", (now) => now.replace("all", "everyone"));
  });

  it("keeps no secret's value", async () => {
    const owner = await api.member(workspace, ["owner"]);
    await owner.call.settings.setSecret({ name: "SHOP_KEY", value: "sk_live_12345" });
    const { threadId } = await begin(ada, "It fails with sk_live_12345");
    expect((await thread(threadId))?.comments[0]?.body).toBe("It fails with [redacted]");
    expect(JSON.stringify(await audited(threadId))).not.toContain("sk_live");
  });
});

describe("mentions", () => {
  const notices = async (who: TestMember) =>
    (await who.call.inbox.notifications()).filter(({ kind }) => kind === "mention");

  it("reach the inbox of members who are named, once, with a link to the comment", async () => {
    const before = (await notices(bob)).length;
    const body = `<@${bob.id}> and <@${bob.id}>, <@${ada.id}>, <@${stranger.id}>: to whom?`;
    const { threadId, commentId } = await begin(ada, body);
    const [notice] = await notices(bob);
    expect((await notices(bob)).length).toBe(before + 1);
    expect(notice).toMatchObject({
      title: "Ada Lovelace mentioned you in Newsletter",
      text: `@Bob and @Bob, @Ada Lovelace, <@${stranger.id}>: to whom?`,
      href: `/flows/newsletter/edit?comment=${threadId}`,
      readAt: null,
    });
    expect(await notices(ada)).toEqual([]);
    expect((await bob.call.home()).mentions.map(({ id }) => id)).toContain(notice?.id);
    expect((await thread(threadId))?.comments[0]?.mentions).toEqual([
      { id: bob.id, name: "Bob" },
      { id: ada.id, name: "Ada Lovelace" },
    ]);
    await ada.call.comment.edit({ id: commentId, body: `<@${viewer.id}>, to whom?` });
    expect((await notices(viewer))[0]?.href).toContain(threadId);
    expect((await notices(bob))[0]?.readAt).not.toBeNull();
    await ada.call.comment.remove({ id: commentId });
    expect((await notices(viewer))[0]?.readAt).not.toBeNull();
  });
});

describe("who may", () => {
  it("reads and writes comments: every member; moves pins: who may edit the flow", async () => {
    const { threadId } = await begin(ada, "Who may?");
    const place = await at("the trains");
    for (const role of roles) {
      const member = await api.member(workspace, [role]);
      expect(roleTable[role]).toContain("comment.write");
      expect((await threads(member)).some(({ id }) => id === threadId)).toBe(true);
      const { call } = member;
      expect(await codeOf(call.comment.start({ flowId, kind: "range", body: role, ...place }))).toBe("ok");
      expect(await codeOf(call.comment.reply({ threadId, body: role }))).toBe("ok");
      expect(await codeOf(call.comment.resolve({ threadId, resolved: false }))).toBe("ok");
      const moved = call.comment.follow({ threadId, version: 0, ...place });
      expect(await codeOf(moved)).toBe(roleTable[role].includes("flow.edit") ? "ok" : "forbidden");
    }
  });

  it("does not include other workspaces: nothing of theirs is there", async () => {
    const { threadId, commentId } = await begin(ada, "Ours");
    const { call } = stranger;
    const place = await at("the trains");
    expect(await codeOf(call.comment.list({ flowId }))).toBe("not-found");
    expect(await codeOf(call.comment.start({ flowId, kind: "range", body: "x", ...place }))).toBe(
      "not-found",
    );
    expect(await codeOf(call.comment.reply({ threadId, body: "x" }))).toBe("not-found");
    expect(await codeOf(call.comment.edit({ id: commentId, body: "x" }))).toBe("not-found");
    expect(await codeOf(call.comment.remove({ id: commentId }))).toBe("not-found");
    expect(await codeOf(call.comment.resolve({ threadId, resolved: true }))).toBe("not-found");
    expect(await codeOf(call.comment.follow({ threadId, version: 0, ...place }))).toBe("not-found");
  });
});

describe("a pin that follows its text", () => {
  it("is put elsewhere by the first who says so, and the task's name is what the server reads there", async () => {
    const { threadId } = await begin(ada, "Follow me");
    await type("renamed", (now) => now.replace("id: write", "id: compose"));
    const place = await at("the trains");
    const both = await Promise.all([
      ada.call.comment.follow({ threadId, version: 0, ...place }),
      ada.call.comment.follow({ threadId, version: 0, ...place }),
    ]);
    expect(both.map(({ moved }) => moved).toSorted()).toEqual([false, true]);
    expect(await thread(threadId)).toMatchObject({
      task: "compose",
      version: 1,
      anchor: place.anchor,
      quote: "the trains",
    });
    expect((await audited(threadId)).at(-1)).toMatchObject({
      action: "comment.moved",
      body: { before: "write", after: "compose" },
    });
    const wrong = { anchor: { start: "AA==", end: "AA==" }, stateVector: place.stateVector };
    expect((await errorOf(ada.call.comment.follow({ threadId, version: 1, ...wrong }))).code).toBe(
      "bad-input",
    );
  });
});

describe("news of comments", () => {
  it("reach everyone who watches the workspace", async () => {
    // Begun anew, it first says that anything may have changed: from then on it listens.
    const watch = await viewer.call.workspace.watch({ lastEventId: "0" });
    const news = watch[Symbol.asyncIterator]();
    await news.next();
    await begin(ada, "Look");
    let told = "";
    while (!told.includes(`{"kind":"comment","id":"${flowId}"}`)) told = JSON.stringify(await news.next());
    await news.return?.();
  });
});
