import { listRuns } from "#journal/index.ts";
import { createFleet } from "../fleet.ts";
import { shortFlow, tools } from "../flows.ts";
import { judge, settle } from "../oracle.ts";
import type { Scenario } from "../scenario.ts";

/** A run that crashes whoever drives it. */
export const poison: Scenario = {
  name: "a run that crashes its worker every time is dead-lettered, others are unaffected",
  waits: false,
  async run({ short, site, receiver, environment }) {
    const poisons = short ? 2 : 10;
    await site.publish(shortFlow(receiver));
    await site.publish(`id: poison\n${tools(receiver)}tasks: [{ id: crash, tool: crash }]\n`);
    const fleet = createFleet({
      db: site.db,
      environment: { ...environment, DATABASE_URL: site.url(), BATON_CONCURRENCY: "4" },
    });
    let crashes = 0;
    let over = false;
    const keep = async (): Promise<void> => {
      while (!over) {
        await fleet.start().gone;
        if (!over) crashes += 1;
      }
    };
    const kept = Promise.all([keep(), keep()]);
    const poisoned = await Promise.all(Array.from({ length: poisons }, () => site.start("poison")));
    const runs = await Promise.all(Array.from({ length: 20 }, () => site.start("short")));
    await settle(site, [...poisoned, ...runs], 120_000);
    over = true;
    await fleet.stop();
    await kept;
    const good = await judge(site, runs, receiver);
    if (good["succeeded"] !== runs.length) throw new Error(`Others were affected: ${JSON.stringify(good)}`);
    const bad = await judge(site, poisoned, null);
    if (bad["dead-lettered"] !== poisons) throw new Error(`The poison ended as ${JSON.stringify(bad)}`);
    const { rows } = await listRuns(site.db, site.scope, { state: ["dead-lettered"] });
    if (!rows.every(({ headline }) => headline.includes("crashed")) || rows.length !== poisons) {
      throw new Error("Lists do not say why they were given up.");
    }
    return {
      "dead-lettered": poisons,
      "workers that crashed": crashes,
      "others that succeeded": runs.length,
    };
  },
};
