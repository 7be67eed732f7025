import { z } from "zod";
import { providers, setAlias as change } from "#governance/index.ts";
import { verb } from "../trpc.ts";

const limit = (most: number) => z.int().min(1).max(most).nullable();

export const setAlias = verb("settings.manage")
  .input(
    z.object({
      alias: z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9_-]{0,49}$/, "Begin with a letter, then letters, digits, _ and -."),
      provider: z.enum(providers),
      model: z.string().trim().min(1).max(200),
      inputPrice: z.number().min(0).max(1_000_000).nullish(),
      outputPrice: z.number().min(0).max(1_000_000).nullish(),
      contextTokens: z.int().min(1_000).max(100_000_000).nullish(),
      /** Over all workers; null: none. All are lifted when left out. */
      limits: z
        .object({
          maxCalls: limit(10_000),
          callsPerMinute: limit(1_000_000),
          tokensPerMinute: limit(1_000_000_000),
        })
        .optional(),
    }),
  )
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await change(deps.db, scope, input);
    return { ok: true };
  });
