import { z } from "zod";
import { resolveThread } from "#people/index.ts";
import { verb } from "../trpc.ts";
import { id } from "./shared.ts";

/** Marks a thread as done with, or opens it again. */
export const resolve = verb("comment.write")
  .input(z.object({ threadId: id, resolved: z.boolean() }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await resolveThread(deps, scope, input.threadId, input.resolved);
    return { ok: true };
  });
