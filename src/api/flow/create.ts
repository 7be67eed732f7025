import { z } from "zod";
import { createFlow } from "#library/index.ts";
import { verb } from "../trpc.ts";

/** Makes a flow with a draft that nobody has published yet. The text may have problems. */
export const create = verb("flow.edit")
  .input(z.object({ text: z.string().max(1_000_000) }))
  .mutation(({ ctx: { deps, scope }, input }) => createFlow(deps.db, deps.live, scope, input.text));
