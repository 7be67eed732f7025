import { z } from "zod";
import { duplicateFlow } from "#library/index.ts";
import { verb } from "../trpc.ts";

/** A copy's text, to be edited and published. */
export const duplicate = verb("flow.edit")
  .input(z.object({ slug: z.string().max(200) }))
  .mutation(({ ctx: { deps, scope }, input }) => duplicateFlow(deps.db, scope, input.slug));
