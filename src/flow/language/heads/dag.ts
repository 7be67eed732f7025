import { z } from "zod";
import { count } from "../parts.ts";
import { defineHead } from "./head.ts";
import { joins } from "./parallel.ts";

export const dag = defineHead({
  key: "dag",
  summary: "Tasks in the order of what each of them needs; what needs nothing runs at the same time.",
  shape: (tasks) => ({
    dag: tasks,
    concurrency: count.optional().meta({ description: "Greatest number of tasks at once; left out: all." }),
    join: z.enum(joins, { error: "must be all, any or settled" }).optional().meta({
      description:
        "all must succeed; any: the first success of a task that no other needs ends it; settled: wait for all, failed or not.",
    }),
  }),
  children: ["dag"],
  normalise: (raw, reader) => ({
    kind: "dag",
    tasks: reader.tasks(raw.dag, ["dag"]),
    concurrency: raw.concurrency,
    join: raw.join ?? "all",
  }),
});
