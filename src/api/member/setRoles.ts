import { z } from "zod";
import { roles, setMemberRoles } from "#governance/index.ts";
import { verb } from "../trpc.ts";

export const setRoles = verb("members.manage")
  .input(z.object({ userId: z.string().max(100), roles: z.array(z.enum(roles)).min(1) }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await setMemberRoles(deps.db, scope, input.userId, [...new Set(input.roles)]);
    return { ok: true };
  });
