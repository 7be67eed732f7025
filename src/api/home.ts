import { listRuns } from "#journal/index.ts";
import { listApprovals, listNotifications } from "#people/index.ts";
import { verb } from "./trpc.ts";
import type { ApprovalView, NotificationRow, RunRow } from "./views.ts";

/** Mentions that are shown before one looks into the inbox. */
const mostMentions = 5;

type Home = {
  needsMe: ApprovalView[];
  /** Unread ones, newest first. */
  mentions: NotificationRow[];
  running: RunRow[];
  recent: RunRow[];
  failedMine: RunRow[];
};

/** What needs me, what runs, what is new. */
export const home = verb("workspace.see").query(async ({ ctx: { deps, scope } }): Promise<Home> => {
  const { db } = deps;
  const [needsMe, notices, running, recent, failedMine] = await Promise.all([
    listApprovals(db, scope, "pending"),
    listNotifications(db, scope),
    listRuns(db, scope, { state: ["queued", "running", "waiting", "cancelling"], limit: 20 }),
    listRuns(db, scope, { state: ["succeeded", "failed", "cancelled", "dead-lettered"], limit: 10 }),
    listRuns(db, scope, { state: ["failed", "dead-lettered"], startedBy: scope.actor.id, limit: 5 }),
  ]);
  const mentions = notices.filter(({ kind, readAt }) => kind === "mention" && readAt === null);
  return {
    needsMe,
    mentions: mentions.slice(0, mostMentions),
    running: running.rows,
    recent: recent.rows,
    failedMine: failedMine.rows,
  };
});
