import { z } from "zod";
import { entryHistory } from "#memory/index.ts";
import { verb } from "../trpc.ts";
import { memoryOf, name, subject } from "./shared.ts";

/** The kept versions of an entry, newest first, and who read it. */
export const history = verb("workspace.see")
  .input(z.object({ subject, name }))
  .query(({ ctx: { deps, scope }, input }) => entryHistory(memoryOf(deps), scope, input.subject, input.name));
