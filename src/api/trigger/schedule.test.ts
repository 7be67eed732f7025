import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "#platform/index.ts";
import { triggerTasks } from "#triggers/index.ts";
import { startsOf } from "../run/starting.ts";
import { errorOf, startTestApi, type TestApi, type TestMember } from "../testing.ts";
import { triggerHands } from "./testing.ts";

let api: TestApi;
let builder: TestMember;
let hands: ReturnType<typeof triggerHands>;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  builder = await api.member(await api.workspace("Acme"), ["builder"]);
  hands = triggerHands(api, builder);
});

const hourly =
  '  - { id: hourly, schedule: "0 * * * *", catchUp: all, with: { ticket: "{{ trigger.at }}" } }';
const hour = 3_600_000;

/** Fires the flow's schedule as a worker's job would at `now`. */
async function fire(now: number, times = 1): Promise<void> {
  const { id } = await hands.only();
  const tasks = hands.tasks(() => now);
  await Promise.all(Array.from({ length: times }, () => tasks.schedule({ trigger: id })));
}

const nextOf = async (): Promise<number> => (await hands.only()).next[0] ?? 0;
const jobsOf = async (id: string): Promise<number[]> => {
  const { rows } = await api.db.pool.query<{ at: number }>(
    "select (extract(epoch from run_at) * 1000)::float8 as at from graphile_worker.jobs where key = $1",
    [`schedule:${id}`],
  );
  return rows.map(({ at }) => at);
};

describe("schedules", () => {
  test("[T11] publishing plans the next firing, and firing starts a run with the schedule's instant", async () => {
    await hands.publish(hourly);
    const trigger = await hands.only();
    const [first = 0, second = 0] = trigger.next;
    expect(trigger.next).toHaveLength(5);
    expect(first % hour).toBe(0);
    expect(await jobsOf(trigger.id)).toEqual([first]);
    // Early: nothing yet.
    await fire(first - 1);
    expect(await hands.runs()).toEqual([]);
    await fire(first + 1500);
    expect(await hands.runs()).toEqual([{ ticket: new Date(first).toISOString() }]);
    expect(await nextOf()).toBe(second);
    expect(await jobsOf(trigger.id)).toEqual([second]);
    const [run] = (await builder.call.run.list({})).rows;
    expect(run?.startedBy).toEqual({ kind: "trigger", id: trigger.id, name: "Schedule hourly" });
    expect(await hands.outcomes()).toMatchObject([
      { outcome: "started", scheduledAt: first, run: { id: run?.id, number: 1 } },
    ]);
  });

  test("[T8] twenty workers at once, on pools of their own, start each instant once", async () => {
    await hands.publish(hourly);
    const first = await nextOf();
    const { id } = await hands.only();
    const others = Array.from({ length: 4 }, () => openDatabase(api.db.url, { connections: 4 }));
    try {
      const now = first + 2 * hour + 1000;
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => {
          const db = others[n % others.length] ?? api.db;
          const tasks = triggerTasks({ db, starts: startsOf(db), now: () => Promise.resolve(now) });
          return tasks.schedule({ trigger: id });
        }),
      );
    } finally {
      await Promise.all(others.map((db) => db.close()));
    }
    const expected = [0, 1, 2].map((n) => ({ ticket: new Date(first + n * hour).toISOString() }));
    expect(await hands.runs()).toEqual(expected);
    // A plan that was lost and made again starts nothing twice either.
    await api.db.pool.query(
      `update "trigger" set scheduled_at = to_timestamp($2::float8 / 1000), next_at = scheduled_at where id = $1`,
      [id, first],
    );
    await fire(first + 2 * hour + 2000, 3);
    expect(await hands.runs()).toEqual(expected);
    expect((await hands.outcomes()).map(({ outcome }) => outcome)).toEqual(["started", "started", "started"]);
  });

  test.each([
    ["none", 0, ["skipped"]],
    ["last", 1, ["skipped", "started"]],
    ["all", 3, ["started", "started", "started"]],
  ] as const)("[T5] after three hours down, catchUp: %s starts %i", async (catchUp, count, outcomes) => {
    await hands.publish(hourly.replace("catchUp: all", `catchUp: ${catchUp}`));
    const first = await nextOf();
    await fire(first + 2.5 * hour);
    await fire(first + 2.5 * hour);
    expect(await hands.runs()).toHaveLength(count);
    expect((await hands.outcomes()).map(({ outcome }) => outcome)).toEqual(outcomes);
    expect(await nextOf()).toBe(first + 3 * hour);
  });

  test("[T9] what stays the same keeps its next time, pause and history; what is left out ends", async () => {
    await hands.publish(hourly);
    const before = await hands.only();
    await fire((before.next[0] ?? 0) + 1000);
    const planned = await nextOf();
    await builder.call.trigger.pause({ id: before.id, reason: "Quiet week" });
    await hands.publish(`${hourly}\n  - { id: hook, webhook: {} }`);
    const [after, hook] = await builder.call.trigger.list({ flow: "desk" });
    expect(after).toMatchObject({
      id: before.id,
      state: "paused",
      revision: 2,
      paused: { by: builder.name },
    });
    expect(after?.last).toHaveLength(1);
    await builder.call.trigger.resume({ id: before.id });
    await hands.publish(
      `${hourly.replace("hourly,", "hourly, title: Each hour,")}\n  - { id: hook, webhook: {} }`,
    );
    expect((await builder.call.trigger.list({}))[0]).toMatchObject({
      id: before.id,
      title: "Each hour",
      state: "on",
    });
    const address = await builder.call.trigger.address({ id: hook?.id ?? "" });
    await hands.publish("  - { id: hook, webhook: { rateLimit: { limit: 3 } } }");
    expect(await builder.call.trigger.address({ id: hook?.id ?? "" })).toEqual(address);
    await hands.tasks(() => planned + hour).schedule({ trigger: before.id });
    expect(await hands.runs()).toHaveLength(1);
    expect((await errorOf(builder.call.trigger.pause({ id: before.id }))).code).toBe("not-found");
    // Unchanged: not planned anew.
    await hands.publish(hourly, "other");
    const other = await hands.only("other");
    await api.db.pool.query(
      `update "trigger" set scheduled_at = '2020-01-01', next_at = '2020-01-01' where id = $1`,
      [other.id],
    );
    await hands.publish(`${hourly}\n  - { id: hook, webhook: {} }`, "other");
    expect((await hands.only("other")).next[0]).toBe(Date.UTC(2020, 0, 1));
  });

  test("[T10] a paused schedule starts nothing, and catches nothing up", async () => {
    await hands.publish(hourly);
    const { id, next } = await hands.only();
    await builder.call.trigger.pause({ id });
    await fire((next[0] ?? 0) + 5 * hour);
    expect(await hands.runs()).toEqual([]);
    expect((await hands.only()).next).toEqual([]);
    await builder.call.trigger.resume({ id });
    expect(await nextOf()).toBe(next[0]);
    const operator = await api.member(builder.scope.workspaceId, ["operator"]);
    expect((await errorOf(operator.call.trigger.pause({ id }))).code).toBe("forbidden");
  });

  test("[T20] triggers of an archived flow rest until it is brought back", async () => {
    await hands.publish(hourly);
    const { id, next } = await hands.only();
    await builder.call.flow.archive({ slug: "desk", archived: true });
    expect(await builder.call.trigger.list({})).toEqual([]);
    await hands.tasks(() => (next[0] ?? 0) + 1000).schedule({ trigger: id });
    expect(await hands.runs()).toEqual([]);
    await builder.call.flow.archive({ slug: "desk", archived: false });
    expect((await hands.only()).id).toBe(id);
    expect(await nextOf()).toBe(next[0]);
  });

  test("[T21] each change and each firing is in the audit", async () => {
    await hands.publish(hourly);
    const { id } = await hands.only();
    await fire((await nextOf()) + 1000);
    await builder.call.trigger.pause({ id, reason: "Quiet week" });
    await builder.call.trigger.resume({ id });
    await hands.publish(hourly.replace("0 *", "5 *"));
    await hands.publish("");
    const auditor = await api.member(builder.scope.workspaceId, ["auditor"]);
    const { rows } = await auditor.call.audit.list({ limit: 200 });
    const mine = rows.filter(({ subject }) => subject.id === id).toReversed();
    expect(mine.map(({ action }) => action)).toEqual([
      "trigger.added",
      "trigger.fired",
      "trigger.paused",
      "trigger.resumed",
      "trigger.changed",
      "trigger.removed",
    ]);
    expect(mine[2]?.body).toContain("Quiet week");
    const started = rows.find(({ action }) => action === "run.started");
    expect(started?.actor).toEqual({ kind: "trigger", id, name: "Schedule hourly" });
  });

  test("inputs that can't be made are an outcome, and the schedule goes on", async () => {
    await hands.publish('  - { id: hourly, schedule: "0 * * * *", with: { amount: "{{ trigger.at }}" } }');
    const first = await nextOf();
    await fire(first + 1000);
    expect(await hands.outcomes()).toMatchObject([{ outcome: "failed", run: null }]);
    expect((await hands.outcomes())[0]?.message).toMatch(/amount/);
    expect(await nextOf()).toBe(first + hour);
  });

  test("publishing and firing at once do not lock each other out", async () => {
    await hands.publish(hourly);
    const { id } = await hands.only();
    const first = await nextOf();
    const publisher = await api.db.pool.connect();
    try {
      await publisher.query("begin");
      // As publishing does: the flow first, its triggers after.
      await publisher.query("select id from flow where slug = 'desk' and workspace_id = $1 for update", [
        builder.scope.workspaceId,
      ]);
      const fired = fire(first + 1000);
      for (let blocked = 0; blocked === 0;) {
        const { rows } = await api.db.pool.query<{ n: number }>(
          `select count(*)::int as n from pg_locks where not granted
              and pid in (select pid from pg_stat_activity where datname = current_database())`,
        );
        blocked = rows[0]?.n ?? 0;
      }
      await publisher.query(`select id from "trigger" where id = $1 for update`, [id]);
      await publisher.query("commit");
      await fired;
    } finally {
      publisher.release();
    }
    expect(await hands.runs()).toHaveLength(1);
  });

  test("a plan that lost its job gets one", async () => {
    await hands.publish(hourly);
    const { id } = await hands.only();
    await api.db.pool.query("select graphile_worker.remove_job($1)", [`schedule:${id}`]);
    await api.db.pool.query(`update "trigger" set next_at = now() - interval '1 minute' where id = $1`, [id]);
    const { createTriggerCare } = await import("#triggers/index.ts");
    let clock = 0;
    const care = createTriggerCare(api.db, () => clock);
    clock = 1_000_000;
    await care.tidy();
    expect(await jobsOf(id)).toHaveLength(1);
  });
});
