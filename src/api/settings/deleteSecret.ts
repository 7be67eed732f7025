import { z } from "zod";
import { deleteSecret as remove } from "#governance/index.ts";
import { verb } from "../trpc.ts";

export const deleteSecret = verb("settings.manage")
  .input(z.object({ name: z.string().max(100) }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await remove(deps.db, scope, input.name);
    return { ok: true };
  });
