import { z } from "zod";
import type { RunId } from "#base/index.ts";
import { controlRun } from "#journal/index.ts";
import { verb } from "../trpc.ts";

/** Asks a run to begin nothing more: what is under way ends, and what comes is recorded. It stays so until it is resumed, over restarts. */
export const pause = verb("run.control")
  .input(z.object({ id: z.string().max(100), reason: z.string().max(500).default("") }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await controlRun(deps.db, scope, "pause", input.id as RunId, input.reason.trim());
    return { ok: true };
  });
