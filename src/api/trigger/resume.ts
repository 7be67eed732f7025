import { z } from "zod";
import { resumeTrigger } from "#triggers/index.ts";
import { verb } from "../trpc.ts";

/** Lets a paused trigger start runs again. */
export const resume = verb("flow.edit")
  .input(z.object({ id: z.string().max(100) }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await resumeTrigger(deps.db, scope, input.id);
    return { ok: true };
  });
