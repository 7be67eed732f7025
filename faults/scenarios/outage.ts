import { listRuns } from "#journal/index.ts";
import { createFleet } from "../fleet.ts";
import { shortFlow, tools } from "../flows.ts";
import { judge, settle } from "../oracle.ts";
import type { Scenario } from "../scenario.ts";
import { pause, percentile } from "../wait.ts";

/** A tool is out for a long time. An hour is scaled to seconds: the tasks' own delays are as much shorter. */
export const outage: Scenario = {
  name: "a tool out for an hour (scaled): no retry storm, new runs are not starved",
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
    const began = performance.now();
    const shaky = await Promise.all(Array.from({ length: hit }, () => site.start("shaky")));
    const waits: number[] = [];
    const others = [];
    while (performance.now() - began < outMs) {
      const started = performance.now();
      const run = await site.start("short");
      others.push(run);
      await settle(site, [run], 30_000);
      waits.push(performance.now() - started);
      await pause(200);
    }
    const calls = receiver.callsWhileOut.length;
    receiver.out = false;
    const healed = await settle(site, shaky, 180_000);
    await fleet.stop();
    const states = await judge(site, [...shaky, ...others], null);
    if (states["succeeded"] !== shaky.length + others.length) {
      const { rows } = await listRuns(site.db, site.scope, { state: ["failed"], limit: 1 });
      throw new Error(`They ended as ${JSON.stringify(states)}: ${rows[0]?.headline}`);
    }
    // Without a common back-off every run would try every two seconds.
    const storm = (hit * outMs) / 2000;
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
