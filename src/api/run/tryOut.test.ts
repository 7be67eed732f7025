import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as Y from "yjs";
import { makeId, type FlowId, type RunId } from "#base/index.ts";
import { createEngine, type Engine } from "#engine/index.ts";
import { machineVersion } from "#flow/machine/index.ts";
import { createPostgresJournal, registerWorker, type PostgresJournal } from "#journal/index.ts";
import { draftAddress, loadRevision } from "#library/index.ts";
import { approvalPort } from "#people/index.ts";
import { sha256 } from "#platform/index.ts";
import { createTools } from "#tools/index.ts";
import { codeOf, errorOf, startTestApi, type TestApi, type TestMember } from "../testing.ts";
import { childRuns } from "./child.ts";

let api: TestApi;
let journal: PostgresJournal;
let engine: Engine;
let builder: TestMember;
let admin: TestMember;
let operator: TestMember;
/** Whatever tools did in earnest. */
const done: string[] = [];

beforeAll(async () => {
  api = await startTestApi();
  const workspace = await api.workspace("trying");
  builder = await api.member(workspace, ["builder"], "Bea");
  admin = await api.member(workspace, ["admin"], "Ada");
  operator = await api.member(workspace, ["operator"], "Olga");
  journal = createPostgresJournal({ db: api.db, machineVersion });
  const random = (count: number): Uint8Array => new Uint8Array(randomBytes(count));
  const worker = makeId("wrk", Date.now(), random);
  await registerWorker(api.db.pool, { id: worker, host: "here", pid: 1 });
  const refuse = (what: string) => (): never => {
    done.push(what);
    throw new Error(`The test has no ${what}.`);
  };
  const tools = createTools({
    egress: () => ({ public: false, allow: [] }),
    openFile: refuse("files"),
    secret: refuse("secrets"),
    notify: refuse("notify"),
    now: () => journal.now(),
  });
  engine = createEngine({
    journal,
    worker,
    models: { call: refuse("models") },
    tools,
    revisions: (revision) => loadRevision(api.db, builder.scope, revision),
    approvals: approvalPort(api.db),
    runs: childRuns(api.db),
    sha256,
    random,
  });
});
afterAll(async () => {
  journal.close();
  await api.close();
});

/** What a browser would send that looks at the draft as it is now. */
async function seen(flow: string): Promise<{ flowId: string; hash: string; stateVector: string }> {
  const { doc } = await api.deps.live.load(builder.scope, draftAddress(flow as FlowId));
  const text = doc.getText("yaml").toString();
  const stateVector = Buffer.from(Y.encodeStateVector(doc)).toString("base64");
  return { flowId: flow, hash: sha256(text), stateVector };
}

type Try = Partial<Parameters<TestMember["call"]["run"]["tryOut"]>[0]>;

async function tryDraft(
  text: string,
  more: Try = {},
): Promise<{ id: RunId; number: number; flowId: string }> {
  const { flowId } = await builder.call.flow.create({ text });
  return { ...(await builder.call.run.tryOut({ ...(await seen(flowId)), ...more })), flowId };
}

const one = async <Row>(sql: string, ...params: unknown[]): Promise<Row> =>
  ((await api.db.pool.query(sql, params)).rows as Row[])[0] as Row;

describe("trying a draft out", () => {
  it("runs the text as it is seen, marked, without effects, and leaves it out of the lists", async () => {
    await builder.call.flow.publish({
      text: "id: other\ntasks: [{ id: tell, tool: notify, with: { to: admin, text: Hello } }]\n",
      message: "",
    });
    const { id, flowId } = await tryDraft(
      `id: tell
concurrency: { limit: 1, onFull: fail }
tasks:
  - { id: tell, tool: notify, with: { to: admin, text: Hello } }
  - { id: keep, remember: { "flow:a": 1 } }
  - { id: below, flow: other }
memory: { write: ["flow:*"] }
outputs: { told: "{{ tasks.tell.output.notified }}" }
`,
    );
    await engine.drive(id);
    const child = await one<{ id: RunId }>("select id from run where parent_run_id = $1", id);
    await engine.drive(child.id);
    await engine.drive(id);
    const run = await builder.call.run.get({ id });
    expect(run).toMatchObject({ sandbox: true, revision: -1, state: "succeeded", outputs: { told: 1 } });
    expect(await builder.call.run.get({ id: child.id })).toMatchObject({ sandbox: true, state: "succeeded" });
    expect(done).toEqual([]);
    expect((await builder.call.run.list({ flow: "tell" })).rows).toEqual([]);
    expect((await builder.call.run.list({ flow: "tell", sandbox: "only" })).rows).toHaveLength(1);
    expect((await builder.call.run.list({ flow: "tell", sandbox: "too" })).rows).toHaveLength(1);
    expect((await builder.call.flow.draft({ slug: "tell" })).revisions).toEqual([]);
    expect((await builder.call.flow.list({})).find(({ slug }) => slug === "tell")?.lastRuns).toEqual([]);
    expect(await one("select slot_key, machine_version from run where id = $1", id)).toEqual({
      slot_key: null,
      machine_version: machineVersion,
    });
    const audit = await one<{ body: string }>(
      "select body from audit_entry where run_id = $1 and action = 'run.started'",
      id,
    );
    expect(JSON.parse(audit.body)).toMatchObject({ sandbox: { mocks: {}, questions: "ask" } });
    // The same text again is kept once.
    await builder.call.run.tryOut(await seen(flowId));
    expect(await one("select count(*)::int as kept from revision where flow_id = $1", flowId)).toEqual({
      kept: 1,
    });
  });

  it("nothing follows its end", async () => {
    const text = "id: followed\ntasks: [{ id: log, log: x }]\n";
    await builder.call.flow.publish({ text, message: "" });
    await builder.call.flow.publish({
      text: "id: follows\ntriggers: [{ id: after, flow: followed }]\ntasks: [{ id: log, log: x }]\n",
      message: "",
    });
    const flowId = (await builder.call.flow.draft({ slug: "followed" })).flowId;
    const { id } = await builder.call.run.tryOut(await seen(flowId));
    const real = await builder.call.run.start({ slug: "followed" });
    await engine.drive(id);
    await engine.drive(real.id);
    const { rows } = await api.db.pool.query("select run_id from run_completion where flow_id = $1", [
      flowId,
    ]);
    expect(rows).toEqual([{ run_id: real.id }]);
  });

  it("a question is for the one who tries, without the right to approve, and for nobody else", async () => {
    const { id } = await tryDraft(
      "id: gated\ntasks: [{ id: gate, approval: Well?, by: { roles: [admin], quorum: 2 } }, { id: later, log: x }]\n",
      { until: "gate" },
    );
    await engine.drive(id);
    const [asked] = (await builder.call.run.get({ id })).approvals;
    expect(asked).toMatchObject({ mayDecide: true, quorum: 1, run: { sandbox: true }, deciders: ["Bea"] });
    const sent = { id: asked?.id ?? "", hash: asked?.hash ?? "", decision: "approve" };
    expect(await codeOf(admin.call.inbox.decide(sent))).toBe("forbidden");
    expect((await admin.call.inbox.list({ state: "pending" })).map((each) => each.id)).not.toContain(
      asked?.id,
    );
    await builder.call.inbox.decide(sent);
    await engine.drive(id);
    expect(await builder.call.run.get({ id })).toMatchObject({
      state: "succeeded",
      headline: 'Stopped after "gate", as asked.',
    });
  });

  it("retried and forked it stays what it is, also before anything was published", async () => {
    const { id } = await tryDraft(
      "id: again\ntasks: [{ id: one, log: x }, { id: tell, tool: notify, with: { to: admin, text: Hello } }, { id: no, fail: broken }]\n",
      { mocks: { notify: { sent: true, to: "admin", notified: 3 } } },
    );
    await engine.drive(id);
    await builder.call.run.retry({ id });
    await engine.drive(id);
    const fork = await builder.call.run.fork({ id, path: "tell" });
    await engine.drive(fork.id);
    const made = await builder.call.run.get({ id: fork.id });
    expect(made).toMatchObject({ sandbox: true, state: "failed", forkedFrom: { id } });
    expect(
      made.events.filter(({ body }) => body.type === "tool-call-begun").map(({ body }) => body),
    ).toMatchObject([{ mocked: "given" }]);
    expect(done).toEqual([]);
  });

  it("starts also while the flow is paused, as it changes nothing", async () => {
    await builder.call.flow.publish({ text: "id: halted\ntasks: [{ id: log, log: x }]\n", message: "" });
    const { flowId } = await builder.call.flow.draft({ slug: "halted" });
    await builder.call.flow.pause({ slug: "halted" });
    expect(await codeOf(builder.call.run.start({ slug: "halted" }))).toBe("conflict");
    const { id } = await builder.call.run.tryOut(await seen(flowId));
    await engine.drive(id);
    expect(await builder.call.run.get({ id })).toMatchObject({ sandbox: true, state: "succeeded" });
  });

  it("is refused with the problems, for another text, task, answer or person", async () => {
    const broken = await errorOf(tryDraft("id: broken\ntasks: [{ id: a, tool: none }]\n"));
    expect(broken).toMatchObject({ code: "bad-input", details: [{ line: 2 }] });
    const { flowId } = await builder.call.flow.create({ text: "id: plain\ntasks: [{ id: a, log: x }]\n" });
    const good = await seen(flowId);
    expect(await codeOf(builder.call.run.tryOut({ ...good, hash: "0".repeat(64) }))).toBe("conflict");
    expect(await codeOf(builder.call.run.tryOut({ ...good, until: "b" }))).toBe("bad-input");
    const mocked = (name: string, value: string | number | Record<string, string>) =>
      errorOf(builder.call.run.tryOut({ ...good, mocks: { [name]: value } }));
    expect(await mocked("none", 1)).toMatchObject({
      details: { fields: { "mocks.none": [/There is no tool/] } },
    });
    expect(await mocked("notify", { notified: "many" })).toMatchObject({ code: "bad-input" });
    expect(await mocked("event:paid", { $secret: "key" })).toMatchObject({ code: "bad-input" });
    expect(await mocked("event:paid", "x".repeat(20_001))).toMatchObject({ code: "bad-input" });
    expect(await codeOf(operator.call.run.tryOut(good))).toBe("forbidden");
    const { rows } = await api.db.pool.query("select id from run where flow_id = $1", [flowId]);
    expect(rows).toEqual([]);
  });
});
