import { setupNeeded } from "#governance/index.ts";
import { publicVerb } from "../trpc.ts";

/** Whether this installation has no workspace yet. */
export const state = publicVerb().query(async ({ ctx: { deps } }) => ({
  needed: await setupNeeded(deps.db),
}));
