import { z } from "zod";
import { inviteMember, roles } from "#governance/index.ts";
import { verb } from "../trpc.ts";

/** Makes a link by which someone joins, once, within seven days. It can't be shown again. */
export const invite = verb("members.manage")
  .input(z.object({ email: z.email().max(200), roles: z.array(z.enum(roles)).min(1) }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    const { token } = await inviteMember(deps.db, scope, input);
    return { url: `${deps.url}/join?token=${encodeURIComponent(token)}` };
  });
