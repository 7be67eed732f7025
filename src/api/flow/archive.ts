import { z } from "zod";
import { archiveWithTriggers } from "#triggers/index.ts";
import { verb } from "../trpc.ts";

export const archive = verb("flow.edit")
  .input(z.object({ slug: z.string().max(200), archived: z.boolean() }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await archiveWithTriggers(deps.db, scope, input.slug, input.archived);
    return { ok: true };
  });
