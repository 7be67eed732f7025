import { z } from "zod";
import { removeMember } from "#governance/index.ts";
import { verb } from "../trpc.ts";

export const remove = verb("members.manage")
  .input(z.object({ userId: z.string().max(100) }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await removeMember(deps.db, scope, input.userId);
    return { ok: true };
  });
