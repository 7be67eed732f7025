import { z } from "zod";
import { deleteComment } from "#people/index.ts";
import { verb } from "../trpc.ts";
import { id } from "./shared.ts";

/** Deletes a comment of mine. */
export const remove = verb("comment.write")
  .input(z.object({ id }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await deleteComment(deps, scope, input.id);
    return { ok: true };
  });
