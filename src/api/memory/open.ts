import { z } from "zod";
import { openEntryText } from "#memory/index.ts";
import { verb } from "../trpc.ts";
import { memoryOf, name, subject } from "./shared.ts";

/** Opens an entry's text in the live document of its memory, whose id it answers, for people to type in together. */
export const open = verb("flow.edit")
  .input(z.object({ subject, name }))
  .mutation(async ({ ctx: { deps, scope }, input }) => ({
    subject: (await openEntryText(memoryOf(deps), scope, input.subject, input.name)).subject,
  }));
