import { z } from "zod";
import { describeEntry } from "#memory/index.ts";
import { verb } from "../trpc.ts";
import { entryType, memoryOf, name, subject, tags } from "./shared.ts";

/** Changes the type and tags of an entry, and leaves what it holds. */
export const describe = verb("flow.edit")
  .input(z.object({ subject, name, type: entryType.optional(), tags: tags.optional() }))
  .mutation(({ ctx: { deps, scope }, input: { subject: of, name: entry, ...change } }) =>
    describeEntry(memoryOf(deps), scope, of, entry, change),
  );
