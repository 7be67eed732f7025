import { z } from "zod";
import { getEntry } from "#memory/index.ts";
import { verb } from "../trpc.ts";
import { memoryOf, name, subject } from "./shared.ts";

/** One entry, with who read it. */
export const get = verb("workspace.see")
  .input(z.object({ subject, name }))
  .query(({ ctx: { deps, scope }, input }) => getEntry(memoryOf(deps), scope, input.subject, input.name));
