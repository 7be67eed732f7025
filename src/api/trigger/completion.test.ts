import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RunId } from "#base/index.ts";
import { canonicalJson } from "#flow/index.ts";
import { sha256 } from "#platform/index.ts";
import { errorOf, startTestApi, type TestApi, type TestMember } from "../testing.ts";
import { triggeredText, triggerHands } from "./testing.ts";

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
  await hands.publish("", "intake");
});

const after =
  '  - { id: after, flow: intake, when: "outputs.n > 1", with: { ticket: "{{ run.flow }} {{ outputs.text }}" } }';

async function start(slug: string, idempotencyKey?: string): Promise<RunId> {
  return (await builder.call.run.start({ slug, inputs: {}, ...(idempotencyKey ? { idempotencyKey } : {}) }))
    .id;
}

/** Ends a run as the journal's statements do. */
async function end(run: RunId, outputs: object = { n: 2, text: "done" }, state = "succeeded"): Promise<void> {
  await api.db.pool.query(
    "update run set state = $2, outputs = $3, finished_at = clock_timestamp(), owner = null where id = $1",
    [run, state, JSON.stringify(outputs)],
  );
}

async function waiting(): Promise<RunId[]> {
  const { rows } = await api.db.pool.query<{ run: RunId }>(
    `select job.payload ->> 'run' as run from graphile_worker._private_jobs as job
       join run_completion on run_completion.run_id = job.payload ->> 'run'
      where job.key like 'completion:%' and run_completion.workspace_id = $1`,
    [builder.scope.workspaceId],
  );
  return rows.map(({ run }) => run);
}

async function follow(run: RunId, times = 1): Promise<void> {
  const tasks = hands.tasks();
  await Promise.all(Array.from({ length: times }, () => tasks.completion({ run })));
}

describe("flows that follow others", () => {
  test("[T17] a run that ends starts what follows it, once", async () => {
    await hands.publish(after);
    const run = await start("intake");
    await end(run);
    expect(await waiting()).toEqual([run]);
    await follow(run, 5);
    await follow(run);
    expect(await hands.runs()).toEqual([{ ticket: "intake done" }]);
    expect(await hands.outcomes()).toMatchObject([{ outcome: "started", message: "intake #1 succeeded." }]);
    const { rows } = await builder.call.run.list({ flow: "desk" });
    expect(rows[0]?.startedBy.name).toBe("Flow trigger after");
  });

  test("[T17] a worker that dies between the start and the end of its job starts nothing twice", async () => {
    await hands.publish(after);
    const run = await start("intake");
    await end(run);
    const { rows } = await api.db.pool.query("select * from run_completion where run_id = $1", [run]);
    await follow(run);
    const [left] = rows as { workspace_id: string; flow_id: string }[];
    await api.db.pool.query(
      "insert into run_completion (run_id, workspace_id, flow_id) values ($1, $2, $3)",
      [run, left?.workspace_id, left?.flow_id],
    );
    await follow(run);
    expect(await hands.runs()).toHaveLength(1);
    expect(await hands.outcomes()).toHaveLength(1);
  });

  test("[T17] other states and conditions that don't hold start nothing; a run taken up again ends again", async () => {
    await hands.publish(after);
    const run = await start("intake");
    await end(run, { n: 2, text: "x" }, "failed");
    await follow(run);
    expect(await hands.outcomes()).toEqual([]);
    await api.db.pool.query("update run set state = 'running', finished_at = null where id = $1", [run]);
    await end(run, { n: 1, text: "x" });
    await follow(run);
    expect(await hands.outcomes()).toMatchObject([{ outcome: "skipped" }]);
    await api.db.pool.query("update run set state = 'running', finished_at = null where id = $1", [run]);
    // In the middle of being taken up again.
    await follow(run);
    await end(run, { n: 3, text: "third" });
    await follow(run);
    expect(await hands.runs()).toEqual([{ ticket: "intake third" }]);
    const broken = await start("intake");
    await end(broken, {});
    await follow(broken);
    expect((await hands.outcomes()).at(-1)).toMatchObject({ outcome: "failed" });
  });

  test("[T17] where nobody follows, an end leaves nothing behind", async () => {
    const run = await start("intake");
    await end(run);
    expect(await waiting()).toEqual([]);
    await hands.publish("  - { id: after, flow: intake, disabled: true }");
    const second = await start("intake");
    await end(second);
    await follow(second);
    expect(await hands.runs()).toEqual([]);
  });

  test("[T18] a circle of flows comes to its end", async () => {
    await builder.call.flow.publish({ text: triggeredText("  - { id: again, flow: round }", "round") });
    let run = await start("round");
    let count = 1;
    for (; count < 50; count += 1) {
      await end(run);
      await follow(run);
      const [newest] = (await builder.call.run.list({ flow: "round" })).rows;
      if (newest === undefined || newest.id === run) break;
      run = newest.id as RunId;
    }
    expect(count).toBe(11);
    expect((await hands.outcomes("round")).at(-1)).toMatchObject({ outcome: "skipped" });
  });
});

describe("runs of runs", () => {
  test("[T18] a circle that leads through child runs comes to its end as well", async () => {
    await builder.call.flow.publish({ text: triggeredText("  - { id: again, flow: round }", "round") });
    let run = await start("round");
    let count = 1;
    for (; count < 50; count += 1) {
      // What ends is a child of the run that was started, of the same flow.
      const child = await start("round");
      await api.db.pool.query("update run set parent_run_id = $2 where id = $1", [child, run]);
      await end(child);
      await follow(child);
      const [newest] = (await builder.call.run.list({ flow: "round" })).rows;
      if (newest === undefined || newest.id === child) break;
      run = newest.id as RunId;
    }
    expect(count).toBe(11);
  });

  test("[T17] a part of another run's work is not followed on its own", async () => {
    await hands.publish(after);
    const part = await start("intake");
    await api.db.pool.query("update run set internal = true where id = $1", [part]);
    await end(part);
    expect(await waiting()).toEqual([]);
  });
});

describe("starts by callers", () => {
  test("[T19] an idempotency key makes starts one, also at once", async () => {
    const runs = await Promise.all(Array.from({ length: 20 }, () => start("intake", "order-7")));
    expect(new Set(runs).size).toBe(1);
    expect(await hands.runs("intake")).toHaveLength(1);
    const other = builder.call.run.start({
      slug: "intake",
      inputs: { ticket: "x" },
      idempotencyKey: "order-7",
    });
    expect((await errorOf(other)).code).toBe("conflict");
    // What was asked for is kept as a hash that nobody can make without the installation's key.
    const { rows: kept } = await api.db.pool.query<{ asked: string }>(
      "select asked from start_key where asked <> ''",
    );
    const plain = sha256(canonicalJson({ slug: "intake", revision: null, inputs: { ticket: "x" } }));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every(({ asked }) => asked.length === 64 && asked !== plain)).toBe(true);
    // Whatever became of the flow since, the answer is the same run.
    await builder.call.flow.archive({ slug: "intake", archived: true });
    expect(await start("intake", "order-7")).toBe(runs[0]);
    expect((await errorOf(start("intake", "order-8"))).code).toBe("conflict");
    await builder.call.flow.archive({ slug: "intake", archived: false });
    const colleague = await api.member(builder.scope.workspaceId, ["builder"]);
    const theirs = await colleague.call.run.start({ slug: "intake", inputs: {}, idempotencyKey: "order-7" });
    expect(theirs).toMatchObject({ repeated: false });
    expect(theirs.id).not.toBe(runs[0]);
  });
});
