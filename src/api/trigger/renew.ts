import { z } from "zod";
import { renewAddress } from "#triggers/index.ts";
import { verb } from "../trpc.ts";

/** Gives a webhook another address; calls to the old one are refused from now on. */
export const renew = verb("flow.edit")
  .input(z.object({ id: z.string().max(100) }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await renewAddress(deps.db, scope, input.id);
    return { ok: true };
  });
