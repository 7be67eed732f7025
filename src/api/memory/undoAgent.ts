import { z } from "zod";
import { undoWrites } from "#memory/index.ts";
import { verb } from "../trpc.ts";
import { memoryOf, subject } from "./shared.ts";

/** Takes back what one writer wrote and nobody wrote over since; in one run alone where it is given. */
export const undoAgent = verb("flow.edit")
  .input(z.object({ subject, writer: z.string().min(1).max(300), run: z.string().max(100).nullish() }))
  .mutation(async ({ ctx: { deps, scope }, input }) => ({
    undone: await undoWrites(memoryOf(deps), scope, input.subject, input.writer, input.run ?? null),
  }));
