import { z } from "zod";
import { count } from "../parts.ts";
import { defineHead } from "./head.ts";

/** When tasks that run at the same time are over together. */
export const joins = ["all", "any", "settled"] as const;

export const parallel = defineHead({
  key: "parallel",
  summary: "Tasks at the same time.",
  shape: (tasks) => ({
    parallel: tasks,
    concurrency: count.optional().meta({ description: "Greatest number of tasks at once; left out: all." }),
    join: z.enum(joins, { error: "must be all, any or settled" }).optional().meta({
      description: "all must succeed; any: the first success ends it; settled: wait for all, failed or not.",
    }),
  }),
  children: ["parallel"],
  normalise: (raw, reader) => ({
    kind: "parallel",
    tasks: reader.tasks(raw.parallel, ["parallel"]),
    concurrency: raw.concurrency,
    join: raw.join ?? "all",
  }),
});
