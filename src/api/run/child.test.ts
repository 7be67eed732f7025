import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeId } from "#base/index.ts";
import { createEngine } from "#engine/index.ts";
import { openRunSecret } from "#governance/index.ts";
import { parseFlow } from "#flow/index.ts";
import { machineVersion } from "#flow/machine/index.ts";
import { createPostgresJournal, registerWorker, type PostgresJournal } from "#journal/index.ts";
import { sha256 } from "#platform/index.ts";
import { startTestApi, type TestApi } from "../testing.ts";
import { childRuns } from "./child.ts";

let api: TestApi;
let journal: PostgresJournal;
beforeAll(async () => {
  api = await startTestApi();
  journal = createPostgresJournal({ db: api.db, machineVersion });
});
afterAll(async () => {
  journal.close();
  await api.close();
});

const random = (count: number): Uint8Array => new Uint8Array(randomBytes(count));

test("a task starts a run of another flow: pinned, for the same person, linked both ways", async () => {
  const { call, id: person } = await api.member(await api.workspace("Acme"), ["builder", "operator"]);
  const texts = [
    "id: intake\ninputs: { n: number }\ntasks: [{ id: log, log: '{{ inputs.n }}' }]\noutputs: { double: '{{ inputs.n * 2 }}' }\n",
    "id: desk\ntasks: [{ id: call, flow: intake, with: { n: 21 } }]\noutputs: { got: '{{ tasks.call.output.double }}' }\n",
  ];
  for (const text of texts) await call.flow.publish({ text, message: "" });
  const worker = makeId("wrk", Date.now(), random);
  await registerWorker(api.db.pool, { id: worker, host: "here", pid: 1 });
  const engine = createEngine({
    journal,
    worker,
    models: {
      call: () => Promise.reject(new Error("No model is asked.")),
    },
    tools: {
      catalog: () => ({ get: () => undefined, names: () => [] }),
      call: () => Promise.reject(new Error("No tool is called.")),
    },
    async revisions(revision) {
      const { rows } = await api.db.pool.query<{ text: string }>("select text from revision where id = $1", [
        revision,
      ]);
      const { flow } = parseFlow(rows[0]?.text ?? "");
      if (!flow) throw new Error("The revision is not there.");
      return { flow };
    },
    approvals: { open: () => Promise.resolve(), withdraw: () => Promise.resolve() },
    runs: childRuns(api.db),
    sha256,
    random,
  });
  const { id } = await call.run.start({ slug: "desk" });
  await engine.drive(id);
  const { rows } = await api.db.pool.query<{ id: string }>("select id from run where parent_run_id = $1", [
    id,
  ]);
  expect(rows).toHaveLength(1);
  const child = rows[0]?.id ?? "";
  await engine.drive(child as typeof id);
  await engine.drive(id);
  const done = await call.run.get({ id });
  expect([done.state, done.outputs]).toEqual(["succeeded", { got: 42 }]);
  const below = await call.run.get({ id: child });
  expect(below).toMatchObject({
    number: 1,
    state: "succeeded",
    startedBy: { id: person },
    parent: { id, path: "call" },
  });
  const ended = done.events.find(({ body }) => body.type === "child-started")?.body;
  expect(ended).toMatchObject({ number: 1, flow: "intake", revision: 1 });
});

test("a secret input is handed on to a flow's own: sealed for its run, and refused for any other input", async () => {
  const workspace = await api.workspace("handed on");
  const { call } = await api.member(workspace, ["builder", "operator"]);
  const secret = "hunter2-and-more";
  const inputs = "inputs: { token: { type: string, format: password } }";
  const texts = [
    `id: below\ninputs: { key: { type: string, format: password } }\ntasks: [{ id: log, log: hi }]\n`,
    `id: above\n${inputs}\ntasks: [{ id: call, flow: below, with: { key: "{{ inputs.token }}" } }]\n`,
  ];
  for (const text of texts) await call.flow.publish({ text, message: "" });
  const { id } = await call.run.start({ slug: "above", inputs: { token: secret } });
  const port = childRuns(api.db);
  const parent = { run: id, path: "call", key: "k", waits: true, depth: 1, internal: false };
  const by = { kind: "user", id: "user_ada", name: "Ada" } as const;
  const child = makeId("run", Date.now(), random);
  const start = { workspace, flow: "below", revision: null, by, simulated: false, parent, limits: {} };
  await port.start({ ...start, run: child, inputs: { key: { $secret: "inputs:token" } } });
  expect(await openRunSecret(api.db, workspace, child, "key")).toBe(secret);
  const view = await call.run.get({ id: child });
  expect(JSON.stringify(view)).not.toContain("hunter2");
  const { rows } = await api.db.pool.query<{ inputs: string }>("select inputs from run where id = $1", [
    child,
  ]);
  expect(JSON.parse(rows[0]?.inputs ?? "")).toEqual({ key: { $secret: "inputs:key" } });
  const other = makeId("run", Date.now(), random);
  for (const given of ["WORKSPACE", "inputs:missing"]) {
    const refused = port.start({ ...start, run: other, inputs: { key: { $secret: given } } });
    await expect(refused).rejects.toThrow("which only Baton itself writes");
  }
});
