import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BatonError, type RunId, type WorkerId, type WorkspaceId } from "#base/index.ts";
import { createEngine, type Engine } from "#engine/index.ts";
import { machineVersion } from "#flow/machine/index.ts";
import { systemScope } from "#governance/index.ts";
import { createPostgresJournal, registerWorker, type PostgresJournal } from "#journal/index.ts";
import { loadRevision } from "#library/index.ts";
import { approvalPort } from "#people/index.ts";
import { randomSource, sha256 } from "#platform/index.ts";
import { errorOf, startTestApi, type TestApi, type TestMember } from "./testing.ts";

const text = `id: gate
inputs: { amount: { type: number, min: 0 } }
tasks:
  - id: ask
    approval: "Refund {{ inputs.amount }} EUR?"
    by: { roles: [approver] }
    comment: onReject
  - id: answer
    form: Who is told?
    by: { roles: [operator] }
    fields: { name: string }
outputs: { told: "{{ tasks.answer.output.name }}", decision: "{{ tasks.ask.output.decision }}" }
`;

let api: TestApi;
let workspace: WorkspaceId;
let builder: TestMember;
let approver: TestMember;
let operator: TestMember;
let engine: Engine;
let journal: PostgresJournal;

beforeAll(async () => {
  api = await startTestApi();
  workspace = await api.workspace("path");
  builder = await api.member(workspace, ["builder"], "Bea");
  approver = await api.member(workspace, ["approver"], "Ada");
  operator = await api.member(workspace, ["operator"], "Olga");
  await builder.call.flow.publish({ text, message: "" });
  journal = createPostgresJournal({ db: api.db, machineVersion });
  const worker = "wrk_00000000000000000000000001" as WorkerId;
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

const start = async (): Promise<RunId> => {
  const { id } = await builder.call.run.start({ slug: "gate", inputs: { amount: "40" } });
  await engine.drive(id);
  return id;
};
const waitingFor = async (who: TestMember, run: RunId) =>
  (await who.call.inbox.list({ state: "pending" })).filter((approval) => approval.run.id === run);

describe("a run that asks people", () => {
  it("waits, goes on with what they say, and tells who said it", async () => {
    const run = await start();
    expect(await builder.call.run.get({ id: run })).toMatchObject({
      state: "waiting",
      inputs: { amount: 40 },
    });
    expect(await waitingFor(operator, run)).toEqual([]);
    const [approval] = await waitingFor(approver, run);
    expect(approval).toMatchObject({
      title: "Refund 40 EUR?",
      kind: "approval",
      deciders: ["Ada"],
      mayDecide: true,
    });
    expect(sha256(approval?.canonical ?? "")).toBe(approval?.hash);
    const { id = "", hash = "" } = approval ?? {};
    await approver.call.inbox.decide({ id, hash, decision: "approve" });
    await engine.drive(run);
    const [form] = await waitingFor(operator, run);
    expect(form).toMatchObject({ kind: "form", fields: { properties: { name: { type: "string" } } } });
    const decision = form?.decisions[0]?.decision ?? "";
    await operator.call.inbox.decide({
      id: form?.id ?? "",
      hash: form?.hash ?? "",
      decision,
      answer: { name: "Mina" },
    });
    await engine.drive(run);
    const view = await builder.call.run.get({ id: run });
    expect(view).toMatchObject({ state: "succeeded", outputs: { told: "Mina", decision: "approve" } });
    expect(view.approvals.map(({ decidedBy }) => decidedBy?.name)).toEqual(["Ada", "Olga"]);
    expect(view.events.map(({ seq }) => seq)).toEqual(view.events.map((_, index) => index + 1));
    const auditor = await api.member(workspace, ["auditor"]);
    const { rows } = await auditor.call.audit.list({ runId: run, limit: 200 });
    const said = rows.toReversed().map((row) => `${row.actor.name}: ${row.action}`);
    expect(said).toEqual([
      "Bea: run.started",
      "Baton: approval.requested",
      "Ada: approval.decided",
      "Baton: approval.requested",
      "Olga: form.answered",
      "Baton: run.succeeded",
    ]);
  });

  it("that is cancelled takes its question back, and a late click is told so", async () => {
    const run = await start();
    const [approval] = await waitingFor(approver, run);
    await builder.call.run.cancel({ id: run, reason: "Wrong order" });
    await builder.call.run.cancel({ id: run, reason: "Again" });
    const { id = "", hash = "" } = approval ?? {};
    const late = { id, hash, decision: "approve" };
    expect((await errorOf(approver.call.inbox.decide(late))).details).toEqual({ reason: "cancelled" });
    await engine.drive(run);
    expect((await builder.call.run.get({ id: run })).state).toBe("cancelled");
    expect(await waitingFor(approver, run)).toEqual([]);
    expect((await errorOf(approver.call.inbox.decide(late))).message).toContain("The run was cancelled");
    const [withdrawn] = (await builder.call.run.get({ id: run })).approvals;
    expect(withdrawn?.state).toBe("withdrawn");
    expect((await errorOf(builder.call.run.cancel({ id: run, reason: "" }))).message).toContain(
      "was cancelled",
    );
    const { rows } = await api.db.pool.query(
      "select 1 from audit_entry where run_id = $1 and action = 'run.cancel-requested' and actor_id = $2",
      [run, builder.id],
    );
    expect(rows).toHaveLength(1);
  });
});
