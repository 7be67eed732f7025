import { z } from "zod";
import { listRuns } from "#journal/index.ts";
import { verb } from "../trpc.ts";
import type { RunRow } from "../views.ts";

export const runState = z.enum([
  "queued",
  "running",
  "waiting",
  "paused",
  "cancelling",
  "succeeded",
  "failed",
  "cancelled",
  "dead-lettered",
]);

export const list = verb("workspace.see")
  .input(
    z
      .object({
        flow: z.string().max(200).optional(),
        state: z.union([runState, z.array(runState)]).optional(),
        mine: z.boolean().optional(),
        cursor: z.string().max(100).nullish(),
        limit: z.number().int().min(1).max(200).optional(),
      })
      .optional(),
  )
  .query(({ ctx: { deps, scope }, input = {} }): Promise<{ rows: RunRow[]; next: string | null }> => {
    const { flow, mine, cursor, limit } = input;
    return listRuns(deps.db, scope, {
      flow,
      limit,
      cursor: cursor ?? undefined,
      state: typeof input.state === "string" ? [input.state] : input.state,
      startedBy: mine === true ? scope.actor.id : undefined,
    });
  });
