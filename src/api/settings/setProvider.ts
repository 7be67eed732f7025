import { z } from "zod";
import { providers, setProvider as change } from "#governance/index.ts";
import { verb } from "../trpc.ts";

export const setProvider = verb("settings.manage")
  .input(
    z.object({
      provider: z.enum(providers),
      baseUrl: z.string().max(500).nullish(),
      /** Left out: stays as it is. Empty: is taken away. */
      key: z.string().max(2000).optional(),
    }),
  )
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    const baseUrl = input.baseUrl === "" ? null : input.baseUrl;
    await change(deps.db, scope, { ...input, baseUrl });
    return { ok: true };
  });
