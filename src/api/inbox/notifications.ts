import { listNotifications } from "#people/index.ts";
import { verb } from "../trpc.ts";
import type { NotificationRow } from "../views.ts";

export const notifications = verb("workspace.see").query(
  ({ ctx: { deps, scope } }): Promise<NotificationRow[]> => listNotifications(deps.db, scope),
);
