import { z } from "zod";
import { map, readTemplates, textTemplate } from "../parts.ts";
import { defineHead } from "./head.ts";

export const stop = defineHead({
  key: "stop",
  summary: "Ends the run early. What is under way is stopped; finally still runs.",
  shape: () => ({
    stop: textTemplate.meta({ description: "Why, in a sentence. May hold {{ }}." }),
    state: z
      .enum(["succeeded", "failed", "cancelled"], { error: "must be succeeded, failed or cancelled" })
      .optional()
      .meta({ description: "How the run ends; succeeded when left out." }),
    outputs: map.optional().meta({ description: "Outputs of the run in place of the flow's own." }),
  }),
  normalise: (raw) => ({
    kind: "stop",
    message: String(raw.stop),
    state: raw.state ?? "succeeded",
    outputs: raw.outputs === undefined ? undefined : readTemplates(raw.outputs),
  }),
});
