import { z } from "zod";
import { setSecret as set } from "#governance/index.ts";
import { verb } from "../trpc.ts";

export const setSecret = verb("settings.manage")
  .input(z.object({ name: z.string().max(100), value: z.string().max(20_000) }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await set(deps.db, scope, input.name, input.value);
    return { ok: true };
  });
