import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf, startTestApi, type TestApi, type TestMember } from "../testing.ts";

let api: TestApi;
let builder: TestMember;
let viewer: TestMember;
beforeAll(async () => {
  api = await startTestApi();
  const workspace = await api.workspace("memories");
  builder = await api.member(workspace, ["builder"], "Bea");
  viewer = await api.member(workspace, ["viewer"], "Vic");
});
afterAll(() => api.close());

const desk = `id: desk
title: Desk
memory: { read: ["flow:*", "workspace:*"] }
agents:
  reader: { title: Reader, tools: [memory], memory: { read: ["flow:policy"] } }
tasks:
  - { id: read, title: Read it, agent: reader, prompt: Read }
  - { id: say, log: "{{ memory('workspace:policy') }}" }
`;

test("tells which steps of runs under way read an entry next, in its own workspace alone", async () => {
  const { flowId } = await builder.call.flow.publish({ text: desk });
  const { id } = await builder.call.run.start({ slug: "desk" });
  const next = async (subject: string | undefined, name: string) =>
    (await viewer.call.memory.next({ subject, name })).readers;
  expect(await next(flowId, "policy")).toEqual([
    { runId: id, runNumber: 1, flow: "Desk", path: "read", title: "Read it", agent: "Reader", when: "later" },
  ]);
  expect(await next(undefined, "policy")).toMatchObject([{ path: "say", agent: null, when: "later" }]);
  expect(await next(flowId, "other")).toEqual([]);
  expect(await next(id, "log")).toEqual([]);
  const stranger = await api.member(await api.workspace("others"), ["owner"], "Oz");
  expect(await codeOf(stranger.call.memory.next({ subject: flowId, name: "policy" }))).toBe("not-found");
  expect((await stranger.call.memory.next({ name: "policy" })).readers).toEqual([]);
});

test("an entry's text is opened to be typed in, and described without writing its value", async () => {
  const { call } = builder;
  await call.memory.set({ name: "policy", value: "14 days", ifVersion: 0 });
  await call.memory.set({ name: "limits", value: { amount: 40 } });
  const { workspace } = await call.me();
  expect(await call.memory.open({ name: "policy" })).toEqual({ subject: workspace.id });
  expect(await call.memory.open({ name: "policy" })).toEqual({ subject: workspace.id });
  const { doc } = await api.deps.live.load(builder.scope, { kind: "memory", subject: workspace.id });
  expect(doc.getMap("texts").toJSON()).toEqual({ policy: "14 days" });
  expect(await codeOf(call.memory.open({ name: "limits" }))).toBe("bad-input");
  expect(await codeOf(call.memory.open({ name: "nothing" }))).toBe("not-found");
  expect(await codeOf(viewer.call.memory.open({ name: "policy" }))).toBe("forbidden");
  await call.memory.describe({ name: "policy", type: "decision", tags: ["refund"] });
  expect(await call.memory.get({ name: "policy" })).toMatchObject({
    ...{ value: "14 days", type: "decision", tags: ["refund"], version: 2 },
  });
  expect(await codeOf(call.memory.describe({ name: "nothing", type: "note" }))).toBe("not-found");
  // What was refused left nothing in the audit; the others stand there, each with its write.
  const { rows } = await api.db.pool.query<{ action: string }>(
    "select action from audit_entry where workspace_id = $1 and action like 'memory.%' order by seq",
    [workspace.id],
  );
  expect(rows.map(({ action }) => action)).toEqual(["memory.set", "memory.set", "memory.described"]);
});
