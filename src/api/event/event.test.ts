import { afterAll, beforeAll, expect, test } from "vitest";
import { errorOf, startTestApi, type TestApi } from "../testing.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

test("an event is recorded and audited with who sent it; nobody waits, so it is kept", async () => {
  const { call, id } = await api.member(await api.workspace("Acme"), ["builder"]);
  const sent = await call.event.send({ name: "order.paid", key: "7", payload: { amount: 5 } });
  expect(sent.received).toBe(0);
  const { rows } = await api.db.pool.query("select * from sent_event where id = $1", [sent.id]);
  expect(rows).toMatchObject([
    { name: "order.paid", about: "7", payload: '{"amount":5}', received_at: null, by_id: id },
  ]);
  const audit = await api.db.pool.query("select action from audit_entry where subject_id = $1", [sent.id]);
  expect(audit.rows).toEqual([{ action: "event.sent" }]);
  const refused = await errorOf(call.event.send({ name: "x", payload: { $secret: "A" } }));
  expect(refused.code).toBe("bad-input");
});

test("publishing a flow checks what it starts: the flow and its inputs, and concurrency limits starts", async () => {
  const { call } = await api.member(await api.workspace("Beta"), ["builder", "operator"]);
  const intake =
    "id: intake\ninputs: { n: number }\nconcurrency: { limit: 1 }\ntasks: [{ id: gate, approval: Well? }]\n";
  await call.flow.publish({ text: intake, message: "" });
  const desk = (task: string) => `id: desk\ntasks: [{ id: call, ${task} }]\n`;
  const check = async (task: string) =>
    (await call.flow.check({ text: desk(task) })).problems.map((problem) => problem.rule);
  expect(await check("flow: intake, with: { n: 1 }")).toEqual([]);
  expect(await check("flow: intake")).toEqual(["V41"]);
  expect(await check("flow: intak, with: { n: 1 }")).toEqual(["V40"]);
  const first = await call.run.start({ slug: "intake", inputs: { n: 1 } });
  const second = await call.run.start({ slug: "intake", inputs: { n: 2 } });
  const told = async (run: string) => (await call.run.get({ id: run })).headline;
  expect(await told(first.id)).toBe("");
  expect(await told(second.id)).toBe("Queued: 1 run at a time");
  const paused = await errorOf(call.run.pause({ id: second.id, reason: "" }));
  expect(paused).toMatchObject({ code: "conflict", message: expect.stringContaining("waits for its turn") });
  await call.run.cancel({ id: first.id, reason: "" });
});
