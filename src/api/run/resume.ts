import { z } from "zod";
import type { RunId } from "#base/index.ts";
import { controlRun } from "#journal/index.ts";
import { verb } from "../trpc.ts";

/** Lets a paused run go on. A run that is not paused is left as it is. */
export const resume = verb("run.control")
  .input(z.object({ id: z.string().max(100) }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await controlRun(deps.db, scope, "resume", input.id as RunId, "");
    return { ok: true };
  });
