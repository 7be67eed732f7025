import { z } from "zod";
import { forget as forgetEntry } from "#memory/index.ts";
import { verb } from "../trpc.ts";
import { memoryOf, name, subject } from "./shared.ts";

/** Makes an entry hold nothing; its history stays. */
export const forget = verb("flow.edit")
  .input(z.object({ subject, name, ifVersion: z.int().min(0).optional() }))
  .mutation(async ({ ctx: { deps, scope }, input }) => ({
    forgotten: await forgetEntry(memoryOf(deps), scope, input.subject, input.name, input.ifVersion),
  }));
