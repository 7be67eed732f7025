import { z } from "zod";
import { editComment } from "#people/index.ts";
import { verb } from "../trpc.ts";
import { body, id } from "./shared.ts";

/** Changes a comment of mine. */
export const edit = verb("comment.write")
  .input(z.object({ id, body }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    await editComment(deps, scope, input.id, input.body);
    return { ok: true };
  });
