import { z } from "zod";
import type { RunId } from "#base/index.ts";
import { getRun } from "#journal/index.ts";
import { verb } from "../trpc.ts";

/** Locks that a run's tasks hold or wait for, and who holds those now. */
export const locks = verb("workspace.see")
  .input(z.object({ id: z.string().max(100) }))
  .query(async ({ ctx: { deps, scope }, input }) => (await getRun(deps.db, scope, input.id as RunId)).locks);
