import { declareDead } from "#journal/index.ts";
import { createFleet } from "../fleet.ts";
import { shortFlow } from "../flows.ts";
import { judge, settle } from "../oracle.ts";
import type { Scenario, Stage } from "../scenario.ts";
import { until } from "../wait.ts";

/** A worker that is frozen, is taken over, and thaws. */
export const zombie: Scenario = {
  name: "SIGSTOP, takeover, SIGCONT: the zombie records nothing",
  waits: true,
  async run(stage) {
    const { short, site, receiver, environment } = stage;
    const times = short ? 2 : 10;
    await site.publish(shortFlow(receiver));
    const fleet = createFleet({
      db: site.db,
      environment: { ...environment, DATABASE_URL: site.url(), BATON_CONCURRENCY: "8" },
    });
    let frozenRuns = 0;
    for (let time = 0; time < times; time += 1) {
      const held: (() => void)[] = [];
      receiver.hold = (_, answer) => held.push(answer);
      const frozen = fleet.start();
      await frozen.child.ready;
      const runs = await Promise.all(Array.from({ length: 8 }, () => site.start("short")));
      await until("all calls are under way", () => held.length === runs.length, 30_000);
      const { pid } = frozen.child;
      if (pid === undefined) throw new Error("The worker has no process.");
      process.kill(pid, "SIGSTOP");
      receiver.hold = null;
      const owned = await declareDead(site.db, frozen.id);
      if (owned.length !== runs.length) throw new Error(`It owned ${owned.length} of ${runs.length} runs.`);
      frozenRuns += owned.length;
      const heir = fleet.start();
      await settle(site, runs);
      const before = await counts(stage);
      for (const answer of held) answer();
      process.kill(pid, "SIGCONT");
      // It learns at its next heartbeat, or from the fence, that it is dead, and ends.
      await frozen.gone;
      const after = await counts(stage);
      if (after !== before) throw new Error(`The zombie changed ${before} to ${after}.`);
      await judge(site, runs, receiver);
      heir.child.askToStop();
      await heir.gone;
    }
    await fleet.stop();
    return { zombies: times, "runs taken over": frozenRuns };
  },
};

async function counts({ site }: Stage): Promise<string> {
  const { rows } = await site.db.pool.query(
    `select (select sum(last - seq + 1)::int from event_batch) as events, (select count(*)::int from audit_entry) as audit,
            (select count(*)::int from run_inbox where consumed_at is not null) as consumed,
            (select count(*)::int from run where owner is not null) as owned`,
  );
  return JSON.stringify(rows[0]);
}
