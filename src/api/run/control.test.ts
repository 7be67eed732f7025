import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BatonError, type RunId, type WorkerId, type WorkspaceId } from "#base/index.ts";
import { createEngine, type Engine } from "#engine/index.ts";
import { machineVersion } from "#flow/machine/index.ts";
import { systemScope } from "#governance/index.ts";
import { carryBulk, createPostgresJournal, registerWorker, type PostgresJournal } from "#journal/index.ts";
import { loadRevision } from "#library/index.ts";
import { approvalPort } from "#people/index.ts";
import { randomSource, sha256 } from "#platform/index.ts";
import { codeOf, errorOf, startTestApi, type TestApi, type TestMember } from "../testing.ts";

const text = (more = ""): string => `id: steps
inputs:
  ok: { type: boolean, default: false }
  size: { type: integer, default: 1 }
  token: { type: string, format: password, optional: true }
vars: { greeting: Hello }
tasks:
  - { id: make, set: { word: "{{ 'x' }}" } }
  - id: each
    foreach: "{{ [1, 2] }}"
    tasks: [{ id: note, log: "{{ item }}" }]
  - { id: check, when: "!inputs.ok", fail: Not ok }
${more}outputs: { greeting: "{{ vars.greeting }}", word: "{{ vars.word }}" }
`;

let api: TestApi;
let workspace: WorkspaceId;
let builder: TestMember;
let operator: TestMember;
let engine: Engine;
let journal: PostgresJournal;

beforeAll(async () => {
  api = await startTestApi();
  workspace = await api.workspace("control");
  builder = await api.member(workspace, ["builder"], "Bea");
  operator = await api.member(workspace, ["operator"], "Olga");
  await builder.call.flow.publish({ text: text(), message: "" });
  journal = createPostgresJournal({ db: api.db, machineVersion });
  const worker = "wrk_00000000000000000000000002" as WorkerId;
  await registerWorker(api.db.pool, { id: worker, host: "test", pid: process.pid });
  const unused = (): never => {
    throw new BatonError("internal", "This flow calls neither models nor tools.");
  };
  engine = createEngine({
    journal,
    worker,
    models: { call: unused },
    tools: { catalog: () => ({ get: () => undefined, names: () => [] }), call: unused },
    revisions: (id) => loadRevision(api.db, systemScope(workspace, "engine"), id),
    approvals: approvalPort(api.db),
    sha256,
    random: randomSource,
  });
});
afterAll(async () => {
  await engine.stop();
  journal.close();
  await api.close();
});

const make = async (inputs: { ok?: boolean; token?: string } = {}): Promise<RunId> =>
  (await builder.call.run.start({ slug: "steps", inputs, labels: { customer: "a" } })).id;
const failed = async (): Promise<RunId> => {
  const id = await make();
  await engine.drive(id);
  return id;
};
const view = (id: string) => builder.call.run.get({ id });
const actionsOf = async (run: string): Promise<string[]> => {
  const { rows } = await api.db.pool.query<{ name: string; action: string }>(
    "select actor_name as name, action from audit_entry where run_id = $1 order by seq",
    [run],
  );
  return rows.map(({ name, action }) => `${name}: ${action}`);
};

describe("a run", () => {
  it("is paused, shows by whom, and goes on when told", async () => {
    const id = await make({ ok: true });
    await operator.call.run.pause({ id });
    await engine.drive(id);
    expect(await view(id)).toMatchObject({ state: "paused", headline: "Paused by Olga", finishedAt: null });
    expect((await builder.call.run.list({ state: "paused" })).rows.map((row) => row.id)).toEqual([id]);
    await builder.call.run.resume({ id });
    await engine.drive(id);
    expect(await view(id)).toMatchObject({ state: "succeeded" });
    expect(await actionsOf(id)).toEqual([
      "Bea: run.started",
      "Olga: run.pause-requested",
      "Bea: run.resume-requested",
      "Baton: run.succeeded",
    ]);
    expect(await codeOf(builder.call.run.pause({ id }))).toBe("conflict");
    expect((await errorOf(builder.call.run.retry({ id }))).message).toContain("succeeded");
  });

  it("that failed is retried once, however many ask at once, under its number", async () => {
    const id = await failed();
    const before = await view(id);
    expect(before.state).toBe("failed");
    const asked = await Promise.all([1, 2, 3].map(() => codeOf(operator.call.run.retry({ id }))));
    expect(asked.toSorted()).toEqual(["conflict", "conflict", "ok"]);
    expect(await view(id)).toMatchObject({ state: "queued", finishedAt: null, error: null });
    await engine.drive(id);
    const after = await view(id);
    expect(after).toMatchObject({ state: "failed", number: before.number });
    expect(after.events.filter(({ body }) => body.type === "run-reopened")).toMatchObject([
      { body: { by: { name: "Olga" } } },
    ]);
    expect((await actionsOf(id)).filter((action) => action.endsWith("run.retried"))).toEqual([
      "Olga: run.retried",
    ]);
  });

  it("is forked from a task with other inputs and variables; each shows the other", async () => {
    const id = await failed();
    const source = await view(id);
    const fork = await operator.call.run.fork({
      id,
      path: "check",
      inputs: { ok: true },
      vars: { greeting: "Moin" },
    });
    expect(fork.number).toBeGreaterThan(source.number);
    await engine.drive(fork.id);
    const made = await view(fork.id);
    expect(made).toMatchObject({
      state: "succeeded",
      inputs: { ok: true, size: 1 },
      outputs: { greeting: "Moin", word: "x" },
      labels: { customer: "a" },
      forkedFrom: { id, number: source.number, path: "check" },
    });
    const copied = made.events.flatMap(({ body }) => (body.type === "event-copied" ? [body] : []));
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.every(({ from }) => from.run === id)).toBe(true);
    expect((await view(id)).forks).toMatchObject([{ id: fork.id, path: "check", state: "succeeded" }]);
    expect(await actionsOf(fork.id)).toContain("Olga: run.forked");
  });

  it("is forked with its large values, which are as readable there", async () => {
    const flow = text("  - { id: done, log: '{{ string(size(inputs.story)) }}' }\n")
      .replace("id: steps", "id: stories")
      .replace("inputs:\n", "inputs:\n  story: { type: string, default: none }\n")
      .replace("word: \"{{ 'x' }}\"", 'word: "{{ inputs.story }}"');
    await builder.call.flow.publish({ text: flow, message: "" });
    const story = "Once upon a time. ".repeat(5000);
    const { id } = await builder.call.run.start({ slug: "stories", inputs: { story } });
    await engine.drive(id);
    const fork = await builder.call.run.fork({ id, path: "check", inputs: { ok: true } });
    await engine.drive(fork.id);
    const made = await view(fork.id);
    expect(made.state).toBe("succeeded");
    const { word } = made.outputs as { word: { $blob: { hash: string; bytes: number } } };
    expect(word.$blob.bytes).toBe(JSON.stringify(story).length);
    const values = await journal.loadBlobs(workspace, [word.$blob.hash]);
    expect(values.get(word.$blob.hash)).toBe(story);
  });

  it("can't be forked where that has no meaning, and says why", async () => {
    const id = await failed();
    const told = async (more: Partial<Parameters<typeof builder.call.run.fork>[0]>): Promise<string> =>
      (await errorOf(builder.call.run.fork({ id, path: "check", ...more }))).message;
    expect(await told({ path: "nothing" })).toContain("has not begun");
    expect(await told({ vars: { nothing: 1 } })).toContain('no variable "nothing"');
    expect(await told({ vars: { greeting: { $secret: "X" } } })).toContain("$secret");
    expect(await told({ inputs: { size: "many" } })).toContain("size");
    expect(await told({ inputs: { token: "another-secret" } })).toContain("secret input");
    // Nor is anybody told by this that it was guessed.
    const guarded = await make({ token: "the-secret-itself" });
    await engine.drive(guarded);
    const guesses = await Promise.all(
      ["the-secret-itself", "another-secret"].map(async (token) =>
        errorOf(builder.call.run.fork({ id: guarded, path: "check", inputs: { token } })),
      ),
    );
    expect(guesses[0]).toEqual(guesses[1]);
    expect(guesses[0]?.code).toBe("bad-input");
    const { id: flowId } = await builder.call.flow.get({ slug: "steps" });
    await builder.call.flow.publish({ text: text("  - { id: more, log: x }\n"), message: "", flowId });
    const newest = await builder.call.run.fork({ id, path: "check", inputs: { ok: true }, newest: true });
    await engine.drive(newest.id);
    expect(await view(newest.id)).toMatchObject({ state: "succeeded", revision: 2 });
    await builder.call.flow.publish({ text: text().replace("id: make", "id: made"), message: "", flowId });
    expect(await told({ newest: true })).toContain('does not have "make"');
  });
});

describe("many runs at once", () => {
  it("are retried by a job that survives a crash; each counts once, those that failed are named", async () => {
    const ids = [await failed(), await failed(), await failed()];
    const running = await make();
    const { id, total } = await operator.call.bulk.start({
      action: "retry",
      runs: { ids: [...ids, running] },
    });
    expect(total).toBe(4);
    const { rows } = await api.db.pool.query("select 1 from graphile_worker.jobs where key = $1", [
      `bulk:${id}`,
    ]);
    expect(rows).toHaveLength(1);
    // A worker that stops leaves it to others; two that carry it on at once do nothing twice.
    await carryBulk(api.db, workspace, id, () => true);
    expect((await operator.call.bulk.list())[0]).toMatchObject({ done: 0, failed: 0, finishedAt: null });
    await Promise.all([1, 2].map(() => carryBulk(api.db, workspace, id, () => false)));
    const [job] = await operator.call.bulk.list();
    expect(job).toMatchObject({ id, total: 4, done: 3, failed: 1, by: { name: "Olga" } });
    expect(job?.finishedAt).not.toBeNull();
    expect(job?.failures).toMatchObject([{ run: running, message: expect.stringContaining("under way") }]);
    for (const run of ids) {
      const retried = (await actionsOf(run)).filter((action) => action.endsWith("run.retried"));
      expect(retried).toEqual(["Olga: run.retried"]);
    }
  });

  it("are cancelled by what they match, and only as long as whoever asked may", async () => {
    const temp = await api.member(workspace, ["operator"], "Tom");
    const { total, id } = await temp.call.bulk.start({
      action: "cancel",
      runs: { filter: { flow: "steps" } },
    });
    expect(total).toBeGreaterThan(1);
    const owner = await api.member(workspace, ["owner"]);
    await owner.call.member.setRoles({ userId: temp.id, roles: ["viewer"] });
    await carryBulk(api.db, workspace, id, () => false);
    const [job] = await owner.call.bulk.list();
    expect(job).toMatchObject({ total, done: 0, failed: total });
    expect(job?.failures[0]?.message).toContain("may not do this");
    const none = operator.call.bulk.start({ action: "cancel", runs: { filter: { flow: "nothing" } } });
    expect((await errorOf(none)).message).toContain("no run to cancel");
  });
});
