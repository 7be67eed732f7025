import { listSecrets } from "#governance/index.ts";
import { verb } from "../trpc.ts";

/** Names of the secrets. Their values can't be read. */
export const secrets = verb("settings.manage").query(({ ctx: { deps, scope } }) =>
  listSecrets(deps.db, scope),
);
