import { listBulk } from "#journal/index.ts";
import { verb } from "../trpc.ts";
import type { BulkRow } from "../views.ts";

/** What was done with many runs at once, newest first, and how far it has come. */
export const list = verb("workspace.see").query(({ ctx: { deps, scope } }): Promise<BulkRow[]> =>
  listBulk(deps.db, scope),
);
