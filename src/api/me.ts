import { readWorkspaces } from "#governance/index.ts";
import { verb } from "./trpc.ts";
import type { Me } from "./views.ts";

/** Who I am here, and what I may do. */
export const me = verb("member").query(async ({ ctx: { deps, scope } }): Promise<Me> => {
  const workspaces = await readWorkspaces(deps.db, scope);
  const { actor } = scope;
  return {
    user: { id: actor.id, name: actor.name, email: actor.kind === "user" ? actor.email : "" },
    workspace: workspaces.current,
    workspaces: workspaces.all,
    roles: [...scope.roles],
    permissions: [...scope.permissions],
  };
});
