import { z } from "zod";
import { markRead } from "#people/index.ts";
import { verb } from "../trpc.ts";

/** Marks my notifications as read. */
export const read = verb("workspace.see")
  .input(
    z.union([z.object({ ids: z.array(z.string().max(100)).max(200) }), z.object({ all: z.literal(true) })]),
  )
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await markRead(deps.db, scope, "ids" in input ? input.ids : "all");
    return { ok: true };
  });
