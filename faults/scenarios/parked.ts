import { readFileSync } from "node:fs";
import type { RunId } from "#base/index.ts";
import { decideApproval, listApprovals } from "#people/index.ts";
import { createFleet, type FleetWorker } from "../fleet.ts";
import type { Scenario, Stage } from "../scenario.ts";
import { pause, percentile, until } from "../wait.ts";

const flow = `id: parked
tasks:
  - { id: gate, approval: "Go on?" }
  - { id: done, log: over }
`;

/** Resident memory of a process, in MB. */
function memoryOf({ child }: FleetWorker): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
  return Number(line) / 1024;
}

async function transactions({ site }: Stage): Promise<number> {
  // Of the database, but for those of its own statistics.
  await site.db.pool.query("select pg_stat_force_next_flush()");
  const { rows } = await site.db.pool.query<{ count: string }>(
    "select (xact_commit + xact_rollback)::text as count from pg_stat_database where datname = current_database()",
  );
  return Number(rows[0]?.count);
}

/** Decides some, one after the other, and answers how long each took from the decision to the run's end, in ms. */
async function decideSome(stage: Stage, count: number): Promise<number[]> {
  const { site } = stage;
  const took: number[] = [];
  for (const { id, hash, run } of (await listApprovals(site.db, site.scope, "pending")).slice(0, count)) {
    const began = performance.now();
    await decideApproval(site.db, site.scope, { id, hash, decision: "approve", comment: "", answer: null });
    await until("the run ends", () => isOver(stage, run.id as RunId), 30_000, 5);
    took.push(performance.now() - began);
  }
  return took;
}

async function isOver({ site }: Stage, run: RunId): Promise<boolean> {
  const { rowCount } = await site.db.pool.query({
    name: "faults_over",
    text: "select 1 from run where id = $1 and finished_at is not null",
    values: [run],
  });
  return (rowCount ?? 0) > 0;
}

/** Many runs wait for people, and cost nothing. */
export const parked: Scenario = {
  name: "parked runs: no memory, no polling, and a decision goes on at once",
  waits: true,
  async run(stage) {
    const { short, site, environment } = stage;
    const count = short ? 2000 : 10_000;
    const decisions = short ? 20 : 200;
    await site.publish(flow);
    const fleet = createFleet({
      db: site.db,
      environment: { ...environment, DATABASE_URL: site.url(), BATON_CONCURRENCY: "32" },
    });
    const idle = fleet.start();
    await idle.child.ready;
    // Compared is with a worker that has done as much, and to which nothing is parked.
    await site.startMany("parked", decisions);
    await until(
      "they are asked",
      async () => (await listApprovals(site.db, site.scope, "pending")).length === decisions,
      60_000,
    );
    await decideSome(stage, decisions);
    await pause(5000);
    const baseline = memoryOf(idle);
    await site.startMany("parked", count);
    const waiting = async (): Promise<number> => {
      const { rows } = await site.db.pool.query<{ count: number }>(
        "select count(*)::int as count from run where state = 'waiting' and owner is null",
      );
      return rows[0]?.count ?? 0;
    };
    await until(
      "all runs are parked",
      async () => (await waiting()) === count,
      short ? 120_000 : 900_000,
      500,
    );
    const used = memoryOf(idle);
    const first = await decideSome(stage, decisions);
    idle.child.askToStop();
    await idle.gone;
    // Right after a restart.
    const next = fleet.start();
    await next.child.ready;
    const second = await decideSome(stage, decisions);
    // Postgres tells what a connection did up to ten seconds after it has gone idle.
    await pause(12_000);
    const grown = memoryOf(next) - baseline;
    const seconds = short ? 10 : 20;
    const before = await transactions(stage);
    await pause(seconds * 1000);
    const perSecond = ((await transactions(stage)) - before) / seconds;
    await fleet.stop();
    const late = Math.max(percentile(first, 0.99), percentile(second, 0.99));
    if (grown > 20) throw new Error(`Its memory is ${grown.toFixed(1)} MB above that of an idle worker.`);
    if (perSecond > 5) throw new Error(`${perSecond} transactions a second, though nothing happens.`);
    if (late > 1000) throw new Error(`A decision took ${late.toFixed(0)} ms.`);
    return {
      runs: count,
      "MB above an idle worker": grown.toFixed(1),
      "MB above, of the one that parked them": (used - baseline).toFixed(1),
      "transactions/s": perSecond.toFixed(1),
      "decision p50 ms": percentile(first, 0.5).toFixed(0),
      "p99 ms": percentile(first, 0.99).toFixed(0),
      "p99 ms after a restart": percentile(second, 0.99).toFixed(0),
    };
  },
};
