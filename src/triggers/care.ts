import { deleteInBatches, forgetStartKeys } from "#journal/index.ts";
import { log, metrics, type Database } from "#platform/index.ts";
import { rouseCompletions } from "./completion/lost.ts";
import { rouseSchedules } from "./schedule/job.ts";

const sweepMs = 15_000;
const forgetMs = 600_000;
/** Days for which outcomes are kept. */
const outcomeDays = 90;

export type TriggerCare = {
  /** To be called often; does something now and then only. */
  tidy(): Promise<void>;
};

/** Looks after what a lost job left lying, and deletes what is of no more use. `now` is of any steady clock. */
export function createTriggerCare(db: Database, now: () => number): TriggerCare {
  let swept = now();
  let forgot = now();
  return {
    async tidy() {
      if (now() - swept >= sweepMs) {
        swept = now();
        const roused = (await rouseSchedules(db.pool)) + (await rouseCompletions(db.pool));
        metrics.forgottenTriggers.inc(roused);
        if (roused > 0) log.warn({ roused }, "triggers that were due had no job and got one");
      }
      if (now() - forgot >= forgetMs) {
        forgot = now();
        await forgetStartKeys(db.pool);
        await deleteInBatches(
          db.pool,
          `delete from trigger_outcome where id in (
             select id from trigger_outcome where at < clock_timestamp() - make_interval(days => ${outcomeDays}) limit $1)`,
        );
      }
    },
  };
}
