import { z } from "zod";
import { listOutcomes, type OutcomeRow } from "#triggers/index.ts";
import { verb } from "../trpc.ts";

/** What came of a trigger, newest first. */
export const outcomes = verb("workspace.see")
  .input(
    z.object({
      id: z.string().max(100),
      cursor: z.string().max(100).nullish(),
      limit: z.number().int().min(1).max(100).optional(),
    }),
  )
  .query(({ ctx: { deps, scope }, input }): Promise<{ rows: OutcomeRow[]; next: string | null }> =>
    listOutcomes(deps.db, scope, { ...input, cursor: input.cursor ?? undefined }),
  );
