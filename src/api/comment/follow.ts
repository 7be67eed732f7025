import { z } from "zod";
import { followPin } from "#people/index.ts";
import { verb } from "../trpc.ts";
import { bytesOf, id, place } from "./shared.ts";

/** Says where the text of a thread went. `moved` is false where another editor said so first. */
export const follow = verb("flow.edit")
  .input(z.object({ threadId: id, version: z.int().nonnegative(), ...place }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    const { threadId, version, anchor, stateVector } = input;
    const moved = await followPin(deps, scope, threadId, {
      version,
      anchor,
      stateVector: bytesOf(stateVector),
    });
    return { moved };
  });
