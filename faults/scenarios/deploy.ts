import { createFleet } from "../fleet.ts";
import { mixedFlow } from "../flows.ts";
import { judge, settle } from "../oracle.ts";
import { startPerson } from "../person.ts";
import type { Scenario } from "../scenario.ts";
import { pause } from "../wait.ts";

/** Workers are replaced one after the other, by ones that can't read the old ones' snapshots, while runs go on. */
export const deploy: Scenario = {
  name: "deploy of new code in mid-run: old runs finish",
  waits: false,
  async run({ short, site, receiver, environment }) {
    await site.publish(mixedFlow(receiver));
    const given = { ...environment, DATABASE_URL: site.url(), BATON_CONCURRENCY: "16" };
    const fleet = createFleet({ db: site.db, environment: given });
    const runs = [];
    let workers = [fleet.start(), fleet.start()];
    for (let n = 0; n < (short ? 40 : 200); n += 1) runs.push(await site.start("mixed", { n }));
    const deploys = short ? 2 : 6;
    receiver.slowMs = 100;
    let slowest = 0;
    for (let time = 0; time < deploys; time += 1) {
      await pause(short ? 1500 : 4000);
      // What the earlier release parked, the later one can't take as it is.
      await site.db.pool.query("update run_snapshot set machine_version = machine_version - 1");
      const old = workers;
      workers = [];
      for (const worker of old) {
        const next = fleet.start();
        await next.child.ready;
        workers.push(next);
        const began = performance.now();
        worker.child.askToStop();
        await worker.gone;
        slowest = Math.max(slowest, performance.now() - began);
      }
    }
    receiver.slowMs = 0;
    const { rows } = await site.db.pool.query<{ crashes: number }>(
      "select coalesce(sum(crashes), 0)::int as crashes from run",
    );
    if (rows[0]?.crashes !== 0) throw new Error("An orderly stop was counted as a crash.");
    const person = startPerson(site, receiver);
    const healed = await settle(site, runs);
    await person.stop();
    await fleet.stop();
    const states = await judge(site, runs, receiver);
    if (states["succeeded"] !== runs.length) throw new Error(`They ended as ${JSON.stringify(states)}`);
    const asked = [...person.decided.keys()].filter((name) => name.startsWith("outcome-unknown"));
    if (asked.length > 0) throw new Error("A drain left calls of unknown outcome behind.");
    return {
      deploys,
      runs: runs.length,
      "slowest drain in s": (slowest / 1000).toFixed(1),
      "s to settle": healed.toFixed(1),
    };
  },
};
