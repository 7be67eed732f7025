import { z } from "zod";
import { resumeWithTriggers } from "#triggers/index.ts";
import { verb } from "../trpc.ts";
import { withRuns } from "./pause.ts";

/** Lets a flow start runs again. Those of its runs that are paused stay so, unless they are to go on as well. */
export const resume = verb("run.control")
  .input(z.object({ slug: z.string().max(200), runs: z.enum(["stay", "goOn"]).default("stay") }))
  .mutation(async ({ ctx: { deps, scope }, input: { slug, runs } }) => {
    await resumeWithTriggers(deps.db, scope, slug);
    return { runs: runs === "goOn" ? await withRuns(deps, scope, "resume", slug, "") : 0 };
  });
