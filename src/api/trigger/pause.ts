import { z } from "zod";
import { pauseTrigger } from "#triggers/index.ts";
import { verb } from "../trpc.ts";

/** Stops a trigger from starting runs until it is resumed. */
export const pause = verb("flow.edit")
  .input(z.object({ id: z.string().max(100), reason: z.string().max(500).default("") }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await pauseTrigger(deps.db, scope, input.id, input.reason.trim());
    return { ok: true };
  });
