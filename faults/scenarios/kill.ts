import type { RunId } from "#base/index.ts";
import { createFleet, type KillPoint } from "../fleet.ts";
import { mixedFlow } from "../flows.ts";
import { judge, overOf, settle } from "../oracle.ts";
import { startPerson } from "../person.ts";
import type { Scenario } from "../scenario.ts";
import { pause } from "../wait.ts";

const workers = 3;
/** Runs that are kept under way. */
const underWay = 6;
/** Of so many deaths one is not seen by a supervisor: the heartbeats have to tell. */
const unseen = 25;

/** The part of deaths that count against the runs. */
const heldAgainst = 0.04;

/** `kill -9` at seeded points before, in and after appends and effects. */
export const kill: Scenario = {
  name: "kill -9 of workers at seeded points",
  async run({ short, random, site, receiver, environment }) {
    const kills = short ? 200 : 1000;
    await site.publish(mixedFlow(receiver));
    const given = { ...environment, DATABASE_URL: site.url(), BATON_CONCURRENCY: "2" };
    // That so many workers die is not the runs' fault: most deaths are not held against them, or nearly all of them
    // would soon go on alone, each in a process of its own.
    const onEnd = async (worker: string): Promise<void> => {
      if (random.next() < heldAgainst) return;
      await site.db.pool.query("update run set crashes = 0 where owner = $1", [worker]);
    };
    const supervised = createFleet({ db: site.db, environment: given, onEnd });
    const orphaned = createFleet({ db: site.db, environment: given, supervised: false });
    const person = startPerson(site, receiver);
    const runs: RunId[] = [];
    let killed = 0;
    let begun = 0;
    const point = (): KillPoint => ({
      what: random.pick(["append", "effect"]),
      when: random.pick(["before", "in", "after"]),
      number: random.whole(1, 12),
    });
    async function keep(): Promise<void> {
      while (killed < kills) {
        begun += 1;
        const fleet = begun % unseen === 0 ? orphaned : supervised;
        await fleet.start(point()).gone;
        killed += 1;
      }
    }
    let over = false;
    async function feed(): Promise<void> {
      while (!over) {
        const open = runs.length - (await overOf(site, runs));
        for (let missing = underWay - open; missing > 0; missing -= 1) {
          runs.push(await site.start("mixed", { n: runs.length }));
        }
        await pause(100);
      }
    }
    const feeding = feed();
    await Promise.all(Array.from({ length: workers }, keep));
    over = true;
    await feeding;
    // Healed: workers that live.
    supervised.start();
    supervised.start();
    const healed = await settle(site, runs);
    await person.stop();
    await supervised.stop();
    const states = await judge(site, runs, receiver);
    const asked = [...person.decided].filter(([name]) => name.startsWith("outcome-unknown"));
    return {
      kills: killed,
      runs: runs.length,
      ...states,
      "lost calls asked about": asked.reduce((sum, [, times]) => sum + times, 0),
      "calls repeated under their key": [...receiver.arrivals.values()].filter((times) => times > 1).length,
      "s to settle": healed.toFixed(1),
    };
  },
};
