import type { RunId } from "#base/index.ts";
import { startWeb } from "../browser.ts";
import { createFleet } from "../fleet.ts";
import { shortFlow } from "../flows.ts";
import { judge, overOf, settle } from "../oracle.ts";
import type { Scenario } from "../scenario.ts";
import { until } from "../wait.ts";

/** The largest share of the calls over the smallest. */
function unevenness(calls: readonly number[]): number {
  return Math.max(...calls) / Math.max(1, Math.min(...calls));
}

/** Three workers share what two webs take in; one worker comes in the middle, one goes in the middle. */
export const spread: Scenario = {
  name: "work of two webs spreads evenly over three workers; one is added and one drained in the middle",
  waits: false,
  async run({ short, site, receiver, environment }) {
    const count = short ? 300 : 1500;
    await site.publish(shortFlow(receiver));
    const given = {
      ...environment,
      DATABASE_URL: site.url(),
      BATON_CONCURRENCY: "16",
      BATON_FAULT_TELL: "1",
    };
    const fleet = createFleet({ db: site.db, environment: given });
    receiver.slowMs = 20;
    const webs = await Promise.all([startWeb(given), startWeb(given)]);
    // Every other one through each.
    const begin = async (many: number): Promise<RunId[]> =>
      Promise.all(
        Array.from({ length: many }, (_, n) => {
          const web = webs[n % 2];
          if (web === undefined) throw new Error("There is no web.");
          return web.start("short", { n });
        }),
      );

    const workers = [fleet.start(), fleet.start(), fleet.start()];
    await Promise.all(workers.map(({ child }) => child.ready));
    const runs = await begin(count);
    await settle(site, runs);
    const shares = workers.map(({ id }) => receiver.byWorker.get(id) ?? 0);
    if (unevenness(shares) > 2) throw new Error(`The workers made ${shares.join(", ")} calls.`);

    const more = await begin(count);
    const added = fleet.start();
    await added.child.ready;
    await until("a third is done", async () => (await overOf(site, more)) > count / 3, 60_000, 20);
    const [leaving] = workers;
    leaving?.child.askToStop();
    await leaving?.gone;
    const late = await begin(count / 3);
    await settle(site, [...more, ...late]);
    const taken = receiver.byWorker.get(added.id) ?? 0;
    if (taken === 0) throw new Error("The worker that was added took no work.");
    const states = await judge(site, [...runs, ...more, ...late], receiver);
    const twice = [...receiver.arrivals.values()].filter((times) => times > 1).length;
    if (twice > 0) throw new Error(`${twice} calls were made twice.`);
    await fleet.stop();
    for (const web of webs) await web.stop();
    return {
      webs: webs.length,
      ...states,
      "calls by worker": shares.join(" / "),
      "calls by the one added": taken,
    };
  },
};
