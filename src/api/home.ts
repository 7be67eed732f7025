import { listRuns } from "#journal/index.ts";
import { listApprovals } from "#people/index.ts";
import { verb } from "./trpc.ts";
import type { ApprovalView, RunRow } from "./views.ts";

type Home = { needsMe: ApprovalView[]; running: RunRow[]; recent: RunRow[]; failedMine: RunRow[] };

/** What needs me, what runs, what is new. */
export const home = verb("workspace.see").query(async ({ ctx: { deps, scope } }): Promise<Home> => {
  const { db } = deps;
  const [needsMe, running, recent, failedMine] = await Promise.all([
    listApprovals(db, scope, "pending"),
    listRuns(db, scope, { state: ["queued", "running", "waiting", "cancelling"], limit: 20 }),
    listRuns(db, scope, { state: ["succeeded", "failed", "cancelled", "dead-lettered"], limit: 10 }),
    listRuns(db, scope, { state: ["failed", "dead-lettered"], startedBy: scope.actor.id, limit: 5 }),
  ]);
  return { needsMe, running: running.rows, recent: recent.rows, failedMine: failedMine.rows };
});
