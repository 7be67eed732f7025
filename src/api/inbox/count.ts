import { countPending, countUnread } from "#people/index.ts";
import { verb } from "../trpc.ts";

export const count = verb("workspace.see").query(async ({ ctx: { deps, scope } }) => {
  const [pending, unread] = await Promise.all([countPending(deps.db, scope), countUnread(deps.db, scope)]);
  return { pending, unread };
});
