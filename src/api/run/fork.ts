import { z } from "zod";
import type { Json, RunId } from "#base/index.ts";
import { forkRun } from "./forking.ts";
import { verb } from "../trpc.ts";

/**
 * Starts a new run that goes out from a task of another: what that run finished before the task is taken over, the
 * task and everything behind it runs again. Inputs that are left out are those of the source.
 */
export const fork = verb("run.control")
  .input(
    z.object({
      id: z.string().max(100),
      path: z.string().max(2_000),
      inputs: z.record(z.string(), z.json()).default({}),
      vars: z.record(z.string().max(80), z.json()).default({}),
      /** Runs the newest revision of the flow instead of the one that the source runs. */
      newest: z.boolean().default(false),
    }),
  )
  .mutation(({ ctx: { deps, scope }, input }) =>
    forkRun(deps.db, scope, {
      id: input.id as RunId,
      path: input.path,
      inputs: input.inputs as Record<string, Json>,
      vars: input.vars as Record<string, Json>,
      newest: input.newest,
    }),
  );
