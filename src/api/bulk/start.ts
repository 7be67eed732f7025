import { z } from "zod";
import { bulkActions, startBulk } from "#journal/index.ts";
import { readLabel, runState } from "../run/list.ts";
import { verb } from "../trpc.ts";

/**
 * Begins to cancel or retry many runs: those named, or all that match a filter and that it can be done with. Workers
 * carry it out; `bulk.list` tells how far it has come.
 */
export const start = verb("run.control")
  .input(
    z.object({
      action: z.enum(bulkActions),
      reason: z.string().max(500).default(""),
      runs: z.union([
        z.object({ ids: z.array(z.string().max(100)).min(1).max(1_000) }),
        z.object({
          filter: z.object({
            flow: z.string().max(200).optional(),
            state: runState.optional(),
            mine: z.boolean().optional(),
            sandbox: z.enum(["only", "too"]).optional(),
            label: z.string().max(300).optional(),
          }),
        }),
      ]),
    }),
  )
  .mutation(({ ctx: { deps, scope }, input }) => {
    const { action, reason, runs } = input;
    if ("ids" in runs) return startBulk(deps.db, scope, action, runs, reason.trim());
    const { flow, state, mine, sandbox, label } = runs.filter;
    const filter = {
      flow,
      sandbox,
      state: state === undefined ? undefined : [state],
      labels: label === undefined ? undefined : readLabel(label),
      startedBy: mine === true ? scope.actor.id : undefined,
    };
    return startBulk(deps.db, scope, action, { filter }, reason.trim());
  });
