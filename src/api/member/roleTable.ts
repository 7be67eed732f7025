import { authorize, memberPolicy, permissions, roles, roleTable as table } from "#governance/index.ts";
import { verb } from "../trpc.ts";

/** What each role may do: the table that everything is checked against. */
export const roleTable = verb("workspace.see").query(({ ctx: { scope } }) => {
  authorize(scope, memberPolicy.seeRoles);
  return {
    permissions: Object.entries(permissions).map(([id, title]): { id: string; title: string } => ({
      id,
      title,
    })),
    roles: roles.map((role) => ({ role, permissions: table[role].map((each): string => each) })),
  };
});
