import { setAlias, setProvider } from "#governance/index.ts";
import { listRuns } from "#journal/index.ts";
import { createFleet } from "../fleet.ts";
import { shortFlow, tools } from "../flows.ts";
import { judge, settle } from "../oracle.ts";
import type { Scenario } from "../scenario.ts";
import { pause, percentile, until } from "../wait.ts";

/** A tool is out for a long time. An hour is scaled to seconds: the tasks' own delays are as much shorter. */
export const outage: Scenario = {
  name: "a tool out for an hour (scaled): no retry storm, new runs are not starved",
  waits: true,
  async run({ short, site, receiver, environment }) {
    const outMs = short ? 8000 : 60_000;
    const hit = short ? 60 : 300;
    await site.publish(shortFlow(receiver));
    await site.publish(
      `id: shaky\n${tools(receiver)}tasks: [{ id: try, tool: shaky, retry: { maxAttempts: 100, delay: 200ms, backoff: exponential, maxDelay: 2s, jitter: true } }]\n`,
    );
    const fleet = createFleet({
      db: site.db,
      environment: { ...environment, DATABASE_URL: site.url(), BATON_CONCURRENCY: "8" },
    });
    await fleet.start().child.ready;
    receiver.out = true;
    const shaky = await site.startMany("shaky", hit);
    const began = performance.now();
    const waits: number[] = [];
    const others = [];
    while (performance.now() - began < outMs || others.length < 5) {
      const started = performance.now();
      const run = await site.start("short");
      others.push(run);
      await settle(site, [run], 30_000);
      waits.push(performance.now() - started);
      await pause(200);
    }
    const calls = receiver.callsWhileOut.length;
    const reallyMs = performance.now() - began;
    receiver.out = false;
    const healed = await settle(site, shaky, 180_000);
    await fleet.stop();
    const states = await judge(site, [...shaky, ...others], null);
    if (states["succeeded"] !== shaky.length + others.length) {
      const { rows } = await listRuns(site.db, site.scope, { state: ["failed"], limit: 1 });
      throw new Error(`They ended as ${JSON.stringify(states)}: ${rows[0]?.headline}`);
    }
    // Without a common back-off every run would try every two seconds.
    const storm = Math.round((hit * reallyMs) / 2000);
    if (calls > storm / 4) throw new Error(`${calls} calls were made to what was out, of ${storm} at worst.`);
    return {
      runs: hit,
      "calls while out": calls,
      "at worst": storm,
      "new runs meanwhile": others.length,
      "their p99 in s": (percentile(waits, 0.99) / 1000).toFixed(2),
      "s to settle after": healed.toFixed(1),
    };
  },
};

/** Asks a model that is out, and one that is there. */
const asking = (id: string, model: string): string => `id: ${id}
agents:
  helper: { instructions: "Answer in a sentence.", model: ${model} }
tasks: [{ id: think, agent: helper, prompt: "Say hello" }]
`;

/** A model is out for a long time. Its runs wait as rows: runs of other flows and other models have all of the worker. */
export const modelOutage: Scenario = {
  name: "a model out for an hour (scaled): no retry storm, its runs wait as rows, new runs are not starved",
  waits: true,
  async run({ short, site, receiver, environment }) {
    const outMs = short ? 12_000 : 90_000;
    const hit = short ? 60 : 1000;
    await setProvider(site.db, site.scope, {
      provider: "openai-compatible",
      baseUrl: `${receiver.url}/model`,
    });
    await setAlias(site.db, site.scope, { alias: "far", provider: "openai-compatible", model: "far" });
    await site.publish(asking("out", "far"));
    await site.publish(asking("near", "default"));
    const fleet = createFleet({
      db: site.db,
      environment: { ...environment, DATABASE_URL: site.url(), BATON_CONCURRENCY: "8" },
    });
    await fleet.start().child.ready;
    receiver.out = true;
    const out = await site.startMany("out", hit);
    const owned = async (): Promise<number> => {
      const { rows } = await site.db.pool.query<{ count: number }>(
        "select count(*)::int as count from run where id = any($1::text[]) and (owner is not null or state = 'queued')",
        [out],
      );
      return rows[0]?.count ?? 0;
    };
    await until("those that ask it wait as rows", async () => (await owned()) <= 2, 60_000, 200);
    const began = performance.now();
    const waits: number[] = [];
    const others = [];
    let most = 0;
    while (performance.now() - began < outMs || others.length < 5) {
      const started = performance.now();
      const run = await site.start("near");
      others.push(run);
      await settle(site, [run], 30_000);
      waits.push(performance.now() - started);
      most = Math.max(most, await owned());
      await pause(200);
    }
    const calls = receiver.callsWhileOut.length;
    const late = percentile(waits, 0.99);
    receiver.out = false;
    const healed = await settle(site, out, 400_000);
    await fleet.stop();
    const states = await judge(site, [...out, ...others], null);
    if (states["succeeded"] !== out.length + others.length) {
      const { rows } = await listRuns(site.db, site.scope, { state: ["failed"], limit: 1 });
      throw new Error(`They ended as ${JSON.stringify(states)}: ${rows[0]?.headline}`);
    }
    // Three find out, each slot of the worker may be in the middle of a call then; one at a time tries after that.
    const worst = 3 + 8 + outMs / 500;
    if (calls > worst) throw new Error(`${calls} calls were made to what was out.`);
    if (late > 5000) throw new Error(`A run of another model took ${(late / 1000).toFixed(1)} s.`);
    return {
      runs: hit,
      "calls while out": calls,
      "most that a worker held": most,
      "runs of another model meanwhile": others.length,
      "their p99 in s": (late / 1000).toFixed(2),
      "s to settle after": healed.toFixed(1),
    };
  },
};
