import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { carryBulk } from "#journal/index.ts";
import { transaction } from "#platform/index.ts";
import { childRuns } from "../run/child.ts";
import { startsOf } from "../run/starting.ts";
import { errorOf, startTestApi, type TestApi, type TestMember } from "../testing.ts";
import { triggerHands, triggeredText } from "./testing.ts";

let api: TestApi;
let builder: TestMember;
let operator: TestMember;
let hands: ReturnType<typeof triggerHands>;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  const workspace = await api.workspace("Acme");
  builder = await api.member(workspace, ["builder", "operator"], "Bea");
  operator = await api.member(workspace, ["operator"], "Olga");
  hands = triggerHands(api, builder);
});

const hourly = '  - { id: hourly, schedule: "0 * * * *", catchUp: all, with: { ticket: late } }';
const hour = 3_600_000;

describe("a paused flow", () => {
  test("[T22] starts no run: by hand, by schedules, by other flows; and says who paused it and why", async () => {
    await hands.publish(hourly);
    const before = await hands.only();
    const { id: under } = await builder.call.run.start({ slug: "desk" });
    // Made ready before the pause, and begun after it.
    const ready = await startsOf(api.db).prepare(builder.scope, {
      slug: "desk",
      revision: 1,
      inputs: {},
      once: { scope: "test", keys: ["late"] },
    });
    await operator.call.flow.pause({ slug: "desk", reason: "Wrong refunds" });
    const refusal = {
      code: "conflict",
      message: '"desk" is paused by Olga (Wrong refunds): it starts no runs.',
      hint: expect.stringContaining("Resume the flow"),
    };
    expect(await errorOf(builder.call.run.start({ slug: "desk" }))).toMatchObject(refusal);
    expect(await errorOf(builder.call.run.fork({ id: under, path: "note" }))).toMatchObject(refusal);
    await expect(transaction(api.db, (tx) => ready(tx))).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("was paused a moment ago"),
    });
    const child = childRuns(api.db).start({
      workspace: builder.scope.workspaceId,
      run: "run_01m0000000000000000000000c" as typeof under,
      flow: "desk",
      revision: null,
      inputs: {},
      by: { kind: "user", id: builder.id, name: "Bea" },
      simulated: false,
      parent: { run: under, path: "note", key: "k", waits: true, depth: 1, internal: false },
      limits: {},
    });
    await expect(child).rejects.toMatchObject({ code: "conflict" });
    const [due = 0] = before.next;
    await hands.tasks(() => due + 1000).schedule({ trigger: before.id });
    expect((await builder.call.run.list({})).rows.map(({ id }) => id)).toEqual([under]);
    expect(await hands.only()).toMatchObject({ next: [], flow: { paused: true }, state: "on" });
    expect((await builder.call.flow.list({}))[0]?.paused).toMatchObject({
      by: "Olga",
      reason: "Wrong refunds",
    });
    expect((await builder.call.flow.get({ slug: "desk" })).paused).not.toBeNull();
  });

  test("[T23] goes on from now on: what was missed is not caught up, though its schedule would", async () => {
    await hands.publish(hourly);
    await operator.call.flow.pause({ slug: "desk" });
    // Published anew meanwhile, it stays paused.
    const { id: flowId } = await builder.call.flow.get({ slug: "desk" });
    await builder.call.flow.publish({ text: `${triggeredText(hourly)}# again\n`, message: "", flowId });
    expect((await hands.only()).next).toEqual([]);
    await operator.call.flow.resume({ slug: "desk" });
    const { next, id } = await hands.only();
    const [first = 0] = next;
    expect(first).toBeGreaterThan(Date.now() - hour);
    await hands.tasks(() => first + 1000).schedule({ trigger: id });
    expect(await hands.runs()).toEqual([{ ticket: "late" }]);
    await builder.call.run.start({ slug: "desk" });
    const { rows } = await api.db.pool.query<{ told: string }>(
      `select actor_name || ' ' || action as told from audit_entry
        where workspace_id = $1 and action in ('flow.paused', 'flow.resumed') order by seq`,
      [builder.scope.workspaceId],
    );
    expect(rows.map(({ told }) => told)).toEqual(["Olga flow.paused", "Olga flow.resumed"]);
  });

  test("takes its runs along when asked to, and lets them go on", async () => {
    await hands.publish(hourly);
    const { id } = await builder.call.run.start({ slug: "desk" });
    const signals = async (): Promise<string[]> => {
      const { rows } = await api.db.pool.query<{ kind: string }>(
        "select body::json->>'kind' as kind from run_inbox where run_id = $1 order by created_at, id",
        [id],
      );
      return rows.map(({ kind }) => kind);
    };
    const carry = async (): Promise<void> => {
      const [job] = await builder.call.bulk.list();
      await carryBulk(api.db, builder.scope.workspaceId, job?.id ?? "", () => false);
    };
    expect(await operator.call.flow.pause({ slug: "desk", runs: "pause" })).toEqual({ runs: 1 });
    await carry();
    expect(await signals()).toEqual(["start", "pause"]);
    await api.db.pool.query("update run set state = 'paused' where id = $1", [id]);
    expect(await operator.call.flow.resume({ slug: "desk", runs: "goOn" })).toEqual({ runs: 1 });
    await carry();
    expect(await signals()).toEqual(["start", "pause", "resume"]);
    // With none to take along, it is paused all the same.
    await api.db.pool.query("update run set state = 'succeeded', finished_at = now() where id = $1", [id]);
    expect(await operator.call.flow.pause({ slug: "desk", runs: "pause" })).toEqual({ runs: 0 });
    expect((await builder.call.flow.get({ slug: "desk" })).paused).not.toBeNull();
  });
});
