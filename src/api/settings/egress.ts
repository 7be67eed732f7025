import { readEgress } from "#governance/index.ts";
import { verb } from "../trpc.ts";
import type { EgressView } from "../views.ts";

export const egress = verb("settings.manage").query(async ({ ctx: { deps, scope } }): Promise<EgressView> => {
  const { only } = await readEgress(deps.db, scope);
  return { only: only === null ? null : [...only] };
});
