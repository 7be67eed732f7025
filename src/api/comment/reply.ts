import { z } from "zod";
import { reply as add } from "#people/index.ts";
import { verb } from "../trpc.ts";
import { body, id } from "./shared.ts";

export const reply = verb("comment.write")
  .input(z.object({ threadId: id, body }))
  .mutation(({ ctx: { deps, scope }, input }) => add(deps, scope, input.threadId, input.body));
