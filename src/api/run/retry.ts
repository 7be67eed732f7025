import { z } from "zod";
import type { RunId } from "#base/index.ts";
import { controlRun } from "#journal/index.ts";
import { verb } from "../trpc.ts";

/** Takes a run that failed, was cancelled or was set aside up again, under its number: what finished stays, the rest runs anew. */
export const retry = verb("run.control")
  .input(z.object({ id: z.string().max(100), reason: z.string().max(500).default("") }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await controlRun(deps.db, scope, "retry", input.id as RunId, input.reason.trim());
    return { ok: true };
  });
