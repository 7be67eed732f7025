import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FlowId } from "#base/index.ts";
import { codeOf, errorOf, helloText, startTestApi, type TestApi, type TestMember } from "../testing.ts";
import { blueprints, publish, revisionText } from "#library/index.ts";
import { saveFile } from "#people/index.ts";

let api: TestApi;
let builder: TestMember;
beforeAll(async () => {
  api = await startTestApi();
  builder = await api.member(await api.workspace("library"), ["builder"], "Bea");
});
afterAll(() => api.close());

const publishText = (text: string, flowId?: string, message = "") =>
  builder.call.flow.publish({ text, message, flowId });

describe("publishing", () => {
  it("makes immutable revisions, with who, why and the hash", async () => {
    const first = await publishText(helloText("greet"));
    expect(first).toMatchObject({ slug: "greet", number: 1 });
    const second = await publishText(helloText("greet").replace("Ada", "Bob"), first.flowId, "Greet Bob");
    expect(second).toEqual({ ...first, number: 2 });
    const flow = await builder.call.flow.get({ slug: "greet" });
    expect(flow.revisions).toMatchObject([
      { number: 2, message: "Greet Bob", createdName: "Bea" },
      { number: 1, message: "" },
    ]);
    const old = await builder.call.flow.get({ slug: "greet", revision: 1 });
    expect(old.text).toBe(helloText("greet"));
    expect(await revisionText(api.db, builder.scope, old.revisionId)).toBe(helloText("greet"));
    expect(old.inputs.fields.map((field) => field.name)).toEqual(["name", "token"]);
    expect(await codeOf(builder.call.flow.get({ slug: "greet", revision: 9 }))).toBe("not-found");
  });

  it("of the same text makes no new revision", async () => {
    const { flowId } = await publishText(helloText("same"));
    const again = await publishText(helloText("same"), flowId);
    expect(again.number).toBe(1);
    const { rows } = await api.db.pool.query("select 1 from audit_entry where subject_id = $1", [flowId]);
    expect(rows).toHaveLength(1);
  });

  it("refuses an id that another flow has, and says what to do", async () => {
    await publishText(helloText("taken"));
    const asNew = await errorOf(publishText(helloText("taken")));
    expect(asNew).toMatchObject({ code: "conflict", message: 'Another flow has the id "taken" already.' });
    expect(asNew.hint).toContain("another id");
    const { flowId } = await publishText(helloText("mine"));
    expect(await codeOf(publishText(helloText("taken"), flowId))).toBe("conflict");
    expect(await publishText(helloText("renamed"), flowId)).toMatchObject({
      flowId,
      slug: "renamed",
      number: 2,
    });
  });

  it("under another id leaves links to the former one leading on, until another flow has it", async () => {
    const { flowId } = await publishText(helloText("before"));
    await publishText(helloText("between"), flowId);
    await publishText(helloText("after"), flowId);
    for (const slug of ["before", "between", "after"]) {
      expect(await builder.call.flow.get({ slug })).toMatchObject({ id: flowId, slug: "after" });
      expect(await builder.call.flow.draft({ slug })).toMatchObject({ flowId, slug: "after" });
    }
    // What starts it says its id.
    expect(await codeOf(builder.call.run.start({ slug: "before", inputs: {} }))).toBe("not-found");
    const stranger = await api.member(await api.workspace("other-library"), ["builder"]);
    expect(await codeOf(stranger.call.flow.get({ slug: "before" }))).toBe("not-found");
    const other = await publishText(helloText("before"));
    expect(await builder.call.flow.get({ slug: "before" })).toMatchObject({ id: other.flowId });
    await publishText(helloText("between"), flowId);
    expect(await builder.call.flow.get({ slug: "after" })).toMatchObject({ id: flowId, slug: "between" });
  });

  it("refuses a text with errors and tells where they are", async () => {
    const error = await errorOf(publishText("id: broken\ntasks:\n  - id: a\n    prompt: x\n"));
    expect(error.code).toBe("bad-input");
    expect(error.message).toContain("line");
    expect(error.details).toEqual(
      expect.arrayContaining([expect.objectContaining({ severity: "error", line: expect.any(Number) })]),
    );
    expect(await codeOf(publishText("tasks: ["))).toBe("bad-input");
  });

  it("numbers revisions without gaps when several publish at once", async () => {
    const { flowId } = await publishText(helloText("busy"));
    const texts = ["B", "C", "D", "E"].map((name) => helloText("busy").replace("Ada", name));
    const published = await Promise.all(texts.map((text) => publishText(text, flowId)));
    expect(published.map(({ number }) => number).toSorted()).toEqual([2, 3, 4, 5]);
    const fresh = await Promise.all([
      codeOf(publishText(helloText("race"))),
      codeOf(publishText(helloText("race"))),
    ]);
    expect(fresh.toSorted()).toEqual(["conflict", "ok"]);
  });

  it('"any" takes the flow with the id, for whoever has only a text', async () => {
    const one = await publish(api.db, builder.scope, { text: helloText("any"), message: "", into: "any" });
    const text = helloText("any").replace("Ada", "Eve");
    const two = await publish(api.db, builder.scope, { text, message: "", into: "any" });
    expect(two).toMatchObject({ flowId: one.flowId, number: 2 });
    const nowhere = { text, message: "", into: "flow_nowhere" as FlowId };
    expect(await codeOf(publish(api.db, builder.scope, nowhere))).toBe("not-found");
  });
});

describe("flows", () => {
  it("are copied under an id that is free", async () => {
    await publishText(helloText("original"));
    const copy = await builder.call.flow.duplicate({ slug: "original" });
    expect(copy).toEqual({
      slug: "original-copy",
      text: helloText("original").replace("id: original", "id: original-copy"),
    });
    await publishText(copy.text);
    expect((await builder.call.flow.duplicate({ slug: "original" })).slug).toBe("original-copy-2");
  });

  it("leave the list when archived, can't be started, and come back", async () => {
    await publishText(helloText("old"));
    const slugs = async (archived: boolean) =>
      (await builder.call.flow.list({ archived })).map((flow) => flow.slug);
    await builder.call.flow.archive({ slug: "old", archived: true });
    expect([await slugs(false), await slugs(true)]).toEqual([expect.not.arrayContaining(["old"]), ["old"]]);
    expect((await errorOf(builder.call.run.start({ slug: "old", inputs: {} }))).code).toBe("conflict");
    await builder.call.flow.archive({ slug: "old", archived: false });
    expect(await slugs(false)).toContain("old");
  });

  it("are found by title, id or description, with their last runs", async () => {
    await publishText(helloText("findable"));
    const { number } = await builder.call.run.start({ slug: "findable", inputs: {} });
    const [found, ...others] = await builder.call.flow.list({ search: "FINDABLE" });
    expect(others).toEqual([]);
    expect(found?.lastRuns).toMatchObject([{ number, state: "queued" }]);
  });
});

describe("starting a run", () => {
  it("pins the revision and checks each input", async () => {
    await publishText(helloText("start"));
    const error = await errorOf(builder.call.run.start({ slug: "start", inputs: { nam: "x" } }));
    expect(error).toMatchObject({
      code: "bad-input",
      details: { fields: { nam: [expect.stringContaining("name")] } },
    });
    const { id, number } = await builder.call.run.start({ slug: "start", inputs: { name: "Zoe" } });
    expect(number).toBe(1);
    expect(await builder.call.run.get({ id })).toMatchObject({
      inputs: { name: "Zoe" },
      revision: 1,
      state: "queued",
      startedBy: { kind: "user", id: builder.id, name: "Bea" },
    });
  });

  it("says whether only simulated models will be heard", async () => {
    const admin = await api.member(builder.scope.workspaceId, ["admin"]);
    const agents = "agents: { one: { instructions: x }, two: { instructions: x, model: smart } }";
    const tasks = "tasks:\n  - { id: a, agent: one, prompt: x }\n  - { id: b, agent: two, prompt: x }\n";
    await publishText(`id: thinking\n${agents}\n${tasks}`);
    const simulated = async () => {
      const { id } = await builder.call.run.start({ slug: "thinking", inputs: {} });
      return (await builder.call.run.get({ id })).simulated;
    };
    expect(await simulated()).toBe(true);
    await admin.call.settings.setAlias({ alias: "smart", provider: "openai", model: "gpt-5" });
    expect(await simulated()).toBe(false);
  });

  it("takes no references of Baton's own from outside", async () => {
    await publishText("id: any-json\ninputs: { data: any }\ntasks:\n  - { id: a, log: x }\n");
    for (const word of ["$secret", "$blob", "$template"]) {
      const inputs = { data: { deep: [{ [word]: "CRM_TOKEN" }] } };
      expect(await errorOf(builder.call.run.start({ slug: "any-json", inputs }))).toMatchObject({
        code: "bad-input",
        message: expect.stringContaining(word) as string,
      });
    }
  });

  it("takes files of the workspace only, and believes nothing that is said of them", async () => {
    const text = `id: filed\ninputs: { log: { type: file, accept: [text/plain], maxSize: 1KB } }\ntasks:\n  - { id: a, log: "x" }\n`;
    await publishText(text);
    const fileOf = async (member: TestMember, content: string) => {
      return saveFile(api.db, member.scope, { name: "a.log", mediaType: "", content: Buffer.from(content) });
    };
    const start = (file: unknown) =>
      builder.call.run.start({ slug: "filed", inputs: { log: { $file: file } as never } });
    const file = await fileOf(builder, "short");
    const { id } = await start({
      id: file.id,
      name: "lies.pdf",
      mediaType: "application/pdf",
      bytes: 1,
      hash: "x",
    });
    expect((await builder.call.run.get({ id })).inputs).toEqual({ log: { $file: file } });
    const large = await fileOf(builder, "x".repeat(2000));
    expect(await errorOf(start({ ...large, bytes: 1 }))).toMatchObject({
      details: { fields: { log: [expect.stringContaining("too large")] } },
    });
    const other = await api.member(await api.workspace("elsewhere"), ["builder"]);
    const foreign = await fileOf(other, "theirs");
    const refusals = await Promise.all([
      errorOf(start(foreign)),
      errorOf(start({ ...foreign, id: "file_nowhere" })),
    ]);
    expect(refusals[0]?.message).toBe(refusals[1]?.message);
    expect(refusals[0]?.code).toBe("bad-input");
  });
});

describe("blueprints", () => {
  it("are flows without problems", async () => {
    for (const blueprint of await blueprints()) {
      const { problems } = await builder.call.flow.check({ text: blueprint.text });
      expect(
        problems.filter((problem) => problem.severity === "error"),
        blueprint.slug,
      ).toEqual([]);
    }
  });
});
