import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as Y from "yjs";
import type { FlowId } from "#base/index.ts";
import { draftAddress } from "#library/index.ts";
import { sha256 } from "#platform/index.ts";
import { codeOf, errorOf, helloText, startTestApi, type TestApi, type TestMember } from "../testing.ts";

let api: TestApi;
let builder: TestMember;
let viewer: TestMember;
beforeAll(async () => {
  api = await startTestApi();
  const workspace = await api.workspace("drafts");
  builder = await api.member(workspace, ["builder"], "Bea");
  viewer = await api.member(workspace, ["viewer"], "Vic");
});
afterAll(() => api.close());

const textOf = (flow: string): Promise<string> =>
  api.deps.live.text(builder.scope, draftAddress(flow as FlowId), "yaml");

/** What a browser would send that looks at the draft as it is now. */
async function reviewOf(flow: string): Promise<{ text: string; hash: string; stateVector: string }> {
  const { doc } = await api.deps.live.load(builder.scope, draftAddress(flow as FlowId));
  const text = doc.getText("yaml").toString();
  return { text, hash: sha256(text), stateVector: Buffer.from(Y.encodeStateVector(doc)).toString("base64") };
}

async function type(flow: string, text: string): Promise<void> {
  await api.deps.live.edit(builder.scope, draftAddress(flow as FlowId), {
    author: { id: builder.id, name: builder.name },
    key: sha256(`${flow}${text}`),
    edit: (doc) => doc.getText("yaml").insert(doc.getText("yaml").length, text),
  });
}

describe("drafts", () => {
  it("a new flow has a draft and no revision: it can be edited, but neither opened as a flow nor started", async () => {
    const { flowId, slug } = await builder.call.flow.create({ text: helloText("fresh") });
    expect(slug).toBe("fresh");
    expect(await textOf(flowId)).toBe(helloText("fresh"));
    expect(await builder.call.flow.draft({ slug })).toMatchObject({ flowId, latest: null, revisions: [] });
    expect(await errorOf(builder.call.flow.get({ slug }))).toMatchObject({
      code: "conflict",
      details: { draft: true },
    });
    expect(await codeOf(builder.call.run.start({ slug, inputs: {} }))).toBe("conflict");
    expect((await builder.call.flow.list({})).find((flow) => flow.slug === slug)?.revision).toBe(0);
  });

  it("an id that is taken, or a text that can't be read, gets one that is free", async () => {
    const first = await builder.call.flow.create({ text: helloText("twice") });
    const second = await builder.call.flow.create({ text: helloText("twice") });
    expect([first.slug, second.slug]).toEqual(["twice", "twice-2"]);
    expect(await textOf(second.flowId)).toBe(helloText("twice").replace("id: twice", "id: twice-2"));
    const broken = await builder.call.flow.create({ text: "tasks: [" });
    expect(broken.slug).toBe("untitled");
    expect(await textOf(broken.flowId)).toBe("id: untitled\ntasks: [");
  });

  it("one that was never opened begins as the latest revision", async () => {
    const { flowId } = await builder.call.flow.publish({ text: helloText("older") });
    expect(await textOf(flowId)).toBe(helloText("older"));
    const draft = await viewer.call.flow.draft({ slug: "older" });
    expect(draft.latest).toEqual({ number: 1, text: helloText("older") });
  });

  it("publishes exactly what was reviewed, once", async () => {
    const { flowId, slug } = await builder.call.flow.create({ text: helloText("exact") });
    const { hash, stateVector } = await reviewOf(flowId);
    const sent = { flowId, hash, stateVector, message: "First" };
    expect(await builder.call.flow.publishDraft(sent)).toEqual({ flowId, slug, number: 1 });
    expect(await builder.call.flow.publishDraft(sent)).toMatchObject({ number: 1 });
    expect((await builder.call.flow.get({ slug })).text).toBe(helloText("exact"));
  });

  it("refuses with the text when somebody typed since", async () => {
    const { flowId, slug } = await builder.call.flow.create({ text: helloText("raced") });
    const reviewed = await reviewOf(flowId);
    await type(flowId, "# one more line\n");
    const refused = await errorOf(builder.call.flow.publishDraft({ ...reviewed, flowId, message: "" }));
    expect(refused).toMatchObject({
      code: "conflict",
      details: { text: `${helloText("raced")}# one more line\n` },
    });
    expect((await builder.call.flow.draft({ slug })).latest).toBeNull();
  });

  it("a viewer sees the facts, and neither makes nor publishes drafts", async () => {
    const { flowId } = await builder.call.flow.create({ text: helloText("guarded") });
    const reviewed = await reviewOf(flowId);
    expect(await codeOf(viewer.call.flow.publishDraft({ ...reviewed, flowId, message: "" }))).toBe(
      "forbidden",
    );
    expect(await codeOf(viewer.call.flow.create({ text: helloText("mine") }))).toBe("forbidden");
    expect(await codeOf(viewer.call.flow.knowledge())).toBe("ok");
    const stranger = await api.member(await api.workspace("elsewhere"), ["builder"]);
    expect(await codeOf(stranger.call.flow.publishDraft({ ...reviewed, flowId, message: "" }))).toBe(
      "not-found",
    );
    expect(await codeOf(stranger.call.flow.draft({ slug: "guarded" }))).toBe("not-found");
  });
});
