import { condition, readCondition } from "../parts.ts";
import { defineHead } from "./head.ts";

export const ifHead = defineHead({
  key: "if",
  summary: "Tasks under a condition.",
  shape: (tasks) => ({ if: condition, then: tasks, else: tasks.optional() }),
  children: ["then", "else"],
  normalise: (raw, reader) => ({
    kind: "if",
    condition: readCondition(raw.if),
    then: reader.tasks(raw.then, ["then"]),
    else: reader.tasks(raw.else, ["else"]),
  }),
});
