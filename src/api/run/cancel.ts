import { z } from "zod";
import type { RunId } from "#base/index.ts";
import { controlRun } from "#journal/index.ts";
import { verb } from "../trpc.ts";

/**
 * Asks a run to stop. Asking again at once changes nothing; some seconds later, the run ends without waiting for its
 * handlers. A run that is over is refused as "conflict".
 */
export const cancel = verb("run.control")
  .input(z.object({ id: z.string().max(100), reason: z.string().max(500).default("") }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await controlRun(deps.db, scope, "cancel", input.id as RunId, input.reason.trim());
    return { ok: true };
  });
