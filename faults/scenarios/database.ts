import type { RunId } from "#base/index.ts";
import { signalInTransaction } from "#journal/index.ts";
import { createFleet } from "../fleet.ts";
import { mixedFlow, shortFlow } from "../flows.ts";
import { judge, settle } from "../oracle.ts";
import { startPerson } from "../person.ts";
import { startProxy, through } from "../proxy.ts";
import type { Scenario, Stage } from "../scenario.ts";
import { pause, until } from "../wait.ts";

/** Starts runs at a steady pace; those that are acknowledged count. A start that got no answer is made anew. */
async function feed(stage: Stage, slug: string, count: number, everyMs: number): Promise<RunId[]> {
  const runs: RunId[] = [];
  const began = performance.now();
  for (let n = 0; n < count;) {
    const due = began + n * everyMs - performance.now();
    if (due > 0) await pause(due);
    try {
      runs.push(await stage.site.start(slug, { n }));
      n += 1;
    } catch {
      await pause(100);
    }
  }
  return runs;
}

/** The server of the database is restarted again and again, in order and as by a crash. */
export const restarts: Scenario = {
  name: "Postgres restarted under 500 runs, 500 signals and 60 queued runs",
  waits: false,
  breaksServer: true,
  async run(stage) {
    const { short, random, server, site, receiver, environment } = stage;
    const running = short ? 100 : 500;
    const queued = short ? 20 : 60;
    const rounds = short ? 2 : 12;
    const proxy = await startProxy(portOf(site.url()));
    await site.publish(mixedFlow(receiver));
    await site.publish(shortFlow(receiver));
    const fleet = createFleet({
      get db() {
        return site.db;
      },
      environment: { ...environment, DATABASE_URL: through(site.url(), proxy), BATON_CONCURRENCY: "24" },
    });
    try {
      // Queued before any worker is there.
      const waiting = await feed(stage, "short", queued, 0);
      fleet.keep();
      fleet.keep();
      const person = startPerson(site, receiver);
      const feeding = feed(stage, "mixed", running, short ? 60 : 100);
      for (let round = 0; round < rounds; round += 1) {
        await pause(random.whole(short ? 3000 : 5000, short ? 5000 : 10_000));
        await server.restart(random.pick(["in order", "crash"]));
        proxy.aim(portOf(site.url()));
        await site.reopen();
      }
      const runs = [...waiting, ...(await feeding)];
      const healed = await settle(site, runs);
      await person.stop();
      await fleet.stop();
      const states = await judge(site, runs, receiver);
      const signals = [...person.decided.values()].reduce((sum, times) => sum + times, 0);
      return { restarts: rounds, runs: runs.length, signals, ...states, "s to settle": healed.toFixed(1) };
    } finally {
      await proxy.close();
    }
  },
};

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** The network between workers and the database is cut every few seconds. */
export const cuts: Scenario = {
  name: "network cut between worker and Postgres",
  waits: false,
  async run(stage) {
    const { short, site, receiver, environment } = stage;
    const lasts = short ? 16_000 : 60_000;
    const every = short ? 4000 : 5000;
    const proxy = await startProxy(portOf(site.url()));
    await site.publish(mixedFlow(receiver));
    const fleet = createFleet({
      db: site.db,
      environment: { ...environment, DATABASE_URL: through(site.url(), proxy), BATON_CONCURRENCY: "16" },
    });
    try {
      fleet.keep();
      fleet.keep();
      const person = startPerson(site, receiver);
      const until = performance.now() + lasts;
      const runs: RunId[] = [];
      const feeding = (async () => {
        while (performance.now() < until) {
          runs.push(await site.start("mixed", { n: runs.length }));
          await pause(150);
        }
      })();
      let made = 0;
      while (performance.now() < until) {
        await pause(every);
        proxy.cut(stage.random.whole(0, 1500));
        made += 1;
      }
      await feeding;
      const healed = await settle(site, runs);
      await person.stop();
      await fleet.stop();
      const states = await judge(site, runs, receiver);
      return { cuts: made, runs: runs.length, ...states, "s to settle": healed.toFixed(1) };
    } finally {
      await proxy.close();
    }
  },
};

/** The network swallows what comes back: no connection breaks, and nobody answers. */
export const silence: Scenario = {
  name: "network falls silent: a worker that hears nothing is taken over, and ends itself",
  waits: true,
  async run({ short, site, receiver, environment }) {
    const proxy = await startProxy(portOf(site.url()));
    await site.publish(shortFlow(receiver));
    const silenced = { ...environment, DATABASE_URL: through(site.url(), proxy), BATON_CONCURRENCY: "8" };
    const deaf = createFleet({ db: site.db, environment: silenced, supervised: false });
    const fleet = createFleet({
      db: site.db,
      environment: { ...environment, DATABASE_URL: site.url(), BATON_CONCURRENCY: "8" },
    });
    const held: (() => void)[] = [];
    try {
      const worker = deaf.start();
      await worker.child.ready;
      receiver.hold = (_, answer) => held.push(answer);
      const runs = await site.startMany("short", short ? 6 : 24);
      await until("the worker is in the middle of its runs", () => held.length >= 6, 30_000, 20);
      const broken = proxy.deafen("");
      if (broken === 0) throw new Error("The worker has no connection.");
      receiver.hold = null;
      for (const answer of held) answer();
      fleet.start();
      const healed = await settle(site, runs);
      const began = performance.now();
      await Promise.race([worker.gone, pause(60_000)]);
      const ended = performance.now() - began;
      if (ended >= 60_000) throw new Error("The worker that hears nothing goes on.");
      const states = await judge(site, runs, receiver);
      return {
        runs: runs.length,
        ...states,
        "s to settle": healed.toFixed(1),
        "s until it ended": (ended / 1000).toFixed(1),
      };
    } finally {
      receiver.hold = null;
      await proxy.close();
      await deaf.stop();
      await fleet.stop();
    }
  },
};

/** News do not come: nothing comes any more over the connections that listen, and nobody notices. */
export const deafness: Scenario = {
  name: "LISTEN connection lost: nothing waits longer than the sweep",
  waits: true,
  async run({ short, site, receiver, environment }) {
    const proxy = await startProxy(portOf(site.url()));
    await site.publish(shortFlow(receiver));
    const fleet = createFleet({
      db: site.db,
      environment: { ...environment, DATABASE_URL: through(site.url(), proxy), BATON_CONCURRENCY: "8" },
    });
    try {
      const worker = fleet.start();
      await worker.child.ready;
      // Once with news, so that all that listens does.
      await settle(site, [await site.start("short")]);
      const deaf = proxy.deafen("baton listener") + proxy.deafen('LISTEN "jobs:insert"');
      if (deaf < 2) throw new Error(`Of the connections that listen, ${deaf} were found.`);
      const starts: number[] = [];
      const signals: number[] = [];
      const runs: RunId[] = [];
      for (let time = 0; time < (short ? 4 : 12); time += 1) {
        const held: (() => void)[] = [];
        receiver.hold = (_, answer) => held.push(answer);
        const began = performance.now();
        const run = await site.start("short");
        runs.push(run);
        await until("the run begins", () => held.length > 0, 30_000, 20);
        starts.push(performance.now() - began);
        const asked = performance.now();
        await cancel(site, run);
        await settle(site, [run]);
        signals.push(performance.now() - asked);
        receiver.hold = null;
      }
      // Its connections break when it ends: what it says there gets no answer either.
      worker.child.kill();
      await worker.gone;
      const longest = Math.max(...starts, ...signals);
      // The sweep, and what the work itself takes on a busy machine.
      if (longest > 5000 + 2000) throw new Error(`Something waited ${(longest / 1000).toFixed(1)} s.`);
      // Had news come, all would have been quick.
      if (Math.max(...signals) < 500) throw new Error("The news came all the same: nothing was tested.");
      await judge(site, runs, null);
      return {
        starts: starts.length,
        "longest start in s": (Math.max(...starts) / 1000).toFixed(1),
        signals: signals.length,
        "longest signal in s": (Math.max(...signals) / 1000).toFixed(1),
      };
    } finally {
      receiver.hold = null;
      await fleet.stop();
      await proxy.close();
    }
  },
};

async function cancel(site: Stage["site"], run: RunId): Promise<void> {
  await signalInTransaction(site.db.pool, run, "cancel", {
    kind: "cancel",
    by: { kind: "user", id: site.scope.actor.id, name: "Ada" },
    reason: "Enough",
  });
}
