import { z } from "zod";
import type { Json } from "#base/index.ts";
import { startRun } from "./starting.ts";
import { verb } from "../trpc.ts";

export const start = verb("run.start")
  .input(
    z.object({
      slug: z.string().max(200),
      revision: z.number().int().positive().optional(),
      inputs: z.record(z.string(), z.json()).default({}),
    }),
  )
  .mutation(({ ctx: { deps, scope }, input }) =>
    startRun(deps.db, scope, { ...input, inputs: input.inputs as Record<string, Json> }),
  );
