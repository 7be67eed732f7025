import { defineHead } from "./head.ts";

export const sequence = defineHead({
  key: "sequence",
  summary: "Tasks one after the other. The output is that of each, by id.",
  shape: (tasks) => ({ sequence: tasks }),
  children: ["sequence"],
  normalise: (raw, reader) => ({ kind: "sequence", tasks: reader.tasks(raw.sequence, ["sequence"]) }),
});
