import type { RunId } from "#base/index.ts";
import { createFleet, type KillPoint } from "../fleet.ts";
import { mixedFlow } from "../flows.ts";
import { judge, overOf, settle } from "../oracle.ts";
import { startPerson } from "../person.ts";
import type { Random } from "../random.ts";
import type { Scenario } from "../scenario.ts";
import { pause } from "../wait.ts";

const workers = 4;
/** Runs that are kept under way. */
const underWay = 12;
/** Of so many deaths one is not seen by a supervisor: the heartbeats have to tell. */
const unseen = 25;

/**
 * The part of deaths that count against the runs. Were it all of them, every run would soon go on alone, each in a
 * process of its own.
 */
const heldAgainst = 0.3;
/** Of the processes that drive a run alone, the part that is killed as well: that ends the run. */
const killedAlone = 0.2;

/** One death: where, whether a supervisor sees it, whether it counts, and where a lone process of that worker dies. */
type Death = {
  readonly point: KillPoint;
  readonly isSeen: boolean;
  readonly held: boolean;
  readonly alone: KillPoint | null;
};

/** All deaths, drawn beforehand, so that a seed gives the same ones however the processes are scheduled. */
function planDeaths({ next, pick, whole }: Random, count: number): Death[] {
  const point = (): KillPoint => {
    const what = pick(["append", "effect"] as const);
    const when = pick(["before", "in", "after"] as const);
    return { what, when, number: whole(1, what === "append" ? 12 : 6) };
  };
  return Array.from({ length: count }, (_, n) => ({
    point: point(),
    isSeen: (n + 1) % unseen !== 0,
    held: next() < heldAgainst,
    alone: next() < killedAlone ? point() : null,
  }));
}

/** `kill -9` at seeded points before, in and after appends and effects. */
export const kill: Scenario = {
  name: "kill -9 of workers at seeded points",
  waits: false,
  async run({ short, random, site, receiver, environment }) {
    const kills = short ? 200 : 1000;
    await site.publish(mixedFlow(receiver));
    const given = { ...environment, DATABASE_URL: site.url(), BATON_CONCURRENCY: "2" };
    const supervised = createFleet({ db: site.db, environment: given });
    const orphaned = createFleet({ db: site.db, environment: given, supervised: false });
    const person = startPerson(site, receiver);
    const runs: RunId[] = [];
    const deaths = planDeaths(random, kills);
    let begun = 0;
    let killed = 0;
    async function keep(): Promise<void> {
      for (let death = deaths[begun]; death !== undefined; death = deaths[begun]) {
        begun += 1;
        const fleet = death.isSeen ? supervised : orphaned;
        const alone = { BATON_FAULT_ALONE: JSON.stringify(death.alone) };
        // On a busy machine one may be declared dead before it comes to its point: then another one goes there.
        for (let isKilled = false; !isKilled;) {
          const worker = fleet.start(death.point, alone, death.held);
          await worker.gone;
          isKilled = (await worker.child.ended).signal === "SIGKILL";
        }
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
    try {
      await Promise.all(Array.from({ length: workers }, keep));
    } finally {
      over = true;
      await feeding;
    }
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
      "held against runs": deaths.filter(({ held, isSeen }) => held || !isSeen).length,
      runs: runs.length,
      ...states,
      "lost calls asked about": asked.reduce((sum, [, times]) => sum + times, 0),
      "calls repeated under their key": [...receiver.arrivals.values()].filter((times) => times > 1).length,
      "s to settle": healed.toFixed(1),
    };
  },
};
