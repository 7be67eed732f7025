import { z } from "zod";
import { anything } from "../parts.ts";
import { defineHead } from "./head.ts";

export const switchHead = defineHead({
  key: "switch",
  summary: "One of several lists of tasks, chosen by a value.",
  shape: (tasks) => ({
    switch: anything.meta({ description: "The value, mostly {{ }}." }),
    cases: z.record(z.string(), tasks, { error: "must be a map of values to lists of tasks" }),
    default: tasks.optional().meta({ description: "When no case fits." }),
  }),
  children: ["cases", "default"],
  normalise: (raw, reader) => ({
    kind: "switch",
    on: raw.switch,
    cases: Object.entries(raw.cases).map(([value, list]) => ({
      value,
      tasks: reader.tasks(list, ["cases", value]),
    })),
    default: reader.tasks(raw.default, ["default"]),
  }),
});
