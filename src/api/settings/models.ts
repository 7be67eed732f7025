import { listModels } from "#governance/index.ts";
import { verb } from "../trpc.ts";
import type { AliasRow, ProviderRow } from "../views.ts";

export const models = verb("settings.manage").query(
  async ({ ctx: { deps, scope } }): Promise<{ providers: ProviderRow[]; aliases: AliasRow[] }> => {
    const { providers, aliases } = await listModels(deps.db, scope, deps.providers);
    return {
      providers: providers.map((each) => ({ ...each, models: [...deps.models(each.provider)] })),
      aliases,
    };
  },
);
