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

/** A label that runs must have; without a value any. */
export function readLabel(text: string): Record<string, string | null> | undefined {
  const [, name = "", value] = /^\s*([^:=]+?)\s*(?:[:=]\s*(.*?)\s*)?$/.exec(text) ?? [];
  if (name === "") return undefined;
  return { [name]: value === undefined || value === "" ? null : value };
}

export const list = verb("workspace.see")
  .input(
    z
      .object({
        flow: z.string().max(200).optional(),
        state: z.union([runState, z.array(runState)]).optional(),
        mine: z.boolean().optional(),
        /** Runs that only try a flow out: no others, or these as well. Left out: none of them. */
        sandbox: z.enum(["only", "too"]).optional(),
        /** `name: value`, `name=value`, or a name alone. */
        label: z.string().max(300).optional(),
        cursor: z.string().max(100).nullish(),
        limit: z.number().int().min(1).max(200).optional(),
      })
      .optional(),
  )
  .query(({ ctx: { deps, scope }, input = {} }): Promise<{ rows: RunRow[]; next: string | null }> => {
    const { flow, mine, sandbox, cursor, limit, label } = input;
    return listRuns(deps.db, scope, {
      flow,
      sandbox,
      limit,
      cursor: cursor ?? undefined,
      state: typeof input.state === "string" ? [input.state] : input.state,
      labels: label === undefined ? undefined : readLabel(label),
      startedBy: mine === true ? scope.actor.id : undefined,
    });
  });
