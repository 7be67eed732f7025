import { z } from "zod";
import { BatonError } from "#base/index.ts";
import type { Scope } from "#governance/index.ts";
import { startBulk, type BulkAction } from "#journal/index.ts";
import { pauseWithTriggers } from "#triggers/index.ts";
import type { ApiDeps } from "../deps.ts";
import { verb } from "../trpc.ts";

/** Keeps a flow from starting runs, by hand or by triggers. Runs that have begun go on, unless they are to be paused as well. */
export const pause = verb("run.control")
  .input(
    z.object({
      slug: z.string().max(200),
      reason: z.string().max(500).default(""),
      /** What becomes of runs that have begun. */
      runs: z.enum(["goOn", "pause"]).default("goOn"),
    }),
  )
  .mutation(async ({ ctx: { deps, scope }, input: { slug, reason, runs } }) => {
    await pauseWithTriggers(deps.db, scope, slug, reason);
    return { runs: runs === "pause" ? await withRuns(deps, scope, "pause", slug, reason.trim()) : 0 };
  });

/** Does something with all runs of a flow that it can be done with. Answers how many. */
export async function withRuns(
  deps: ApiDeps,
  scope: Scope,
  action: BulkAction,
  slug: string,
  reason: string,
): Promise<number> {
  try {
    return (await startBulk(deps.db, scope, action, { filter: { flow: slug } }, reason)).total;
  } catch (error) {
    // That there are none is no failure here.
    if (BatonError.isInstance(error) && error.code === "bad-input") return 0;
    throw error;
  }
}
