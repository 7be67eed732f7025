import { anything, condition, count, flag, readCondition } from "../parts.ts";
import { defineHead } from "./head.ts";

export const foreach = defineHead({
  key: "foreach",
  summary: "Tasks for each item of a list or map; item and index are in scope.",
  shape: (tasks) => ({
    foreach: anything.meta({ description: "A list, a map, or {{ }} that yields one." }),
    tasks,
    concurrency: count.optional().meta({ description: "Items at once; 1 when left out." }),
    batch: count.optional().meta({ description: "Items handed over together as a list." }),
    failFast: flag.optional().meta({ description: "Whether the first failure ends it; true when left out." }),
    breakWhen: condition.optional().meta({ description: "Looked at after each item: true ends the loop." }),
  }),
  children: ["tasks"],
  normalise: (raw, reader) => ({
    kind: "foreach",
    items: raw.foreach,
    tasks: reader.tasks(raw.tasks, ["tasks"]),
    concurrency: raw.concurrency ?? 1,
    batch: raw.batch,
    failFast: raw.failFast ?? true,
    breakWhen: raw.breakWhen === undefined ? undefined : readCondition(raw.breakWhen),
  }),
});
