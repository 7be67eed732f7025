import { z } from "zod";
import { startThread } from "#people/index.ts";
import { verb } from "../trpc.ts";
import { body, bytesOf, id, place } from "./shared.ts";

/** Begins a thread on a task or a stretch of a draft's text. What stands there the server reads itself. */
export const start = verb("comment.write")
  .input(z.object({ flowId: id, kind: z.enum(["task", "range"]), body, ...place }))
  .mutation(({ ctx: { deps, scope }, input }) =>
    startThread(deps, scope, { ...input, stateVector: bytesOf(input.stateVector) }),
  );
