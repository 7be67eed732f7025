import { listMembers } from "#governance/index.ts";
import { verb } from "../trpc.ts";
import type { MemberRow } from "../views.ts";

export const list = verb("workspace.see").query(({ ctx: { deps, scope } }): Promise<MemberRow[]> =>
  listMembers(deps.db, scope),
);
