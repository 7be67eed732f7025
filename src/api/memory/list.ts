import { z } from "zod";
import { listEntries } from "#memory/index.ts";
import { verb } from "../trpc.ts";
import { memoryOf, subject } from "./shared.ts";

/** What a memory holds, with who wrote and who read each entry; by words and tags. */
export const list = verb("workspace.see")
  .input(
    z
      .object({
        subject,
        text: z.string().max(500).optional(),
        tags: z.array(z.string().max(60)).max(20).optional(),
      })
      .optional(),
  )
  .query(({ ctx: { deps, scope }, input }) =>
    listEntries(memoryOf(deps), scope, input?.subject, { text: input?.text, tags: input?.tags }),
  );
