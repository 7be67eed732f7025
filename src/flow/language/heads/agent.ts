import { z } from "zod";
import { anything, fields, limits, name, readLimits } from "../parts.ts";
import { defineHead } from "./head.ts";

export const agent = defineHead({
  key: "agent",
  summary: "One agent works on a prompt with its tools.",
  shape: () => ({
    agent: name.meta({ description: "Name of an agent of this flow." }),
    prompt: z.json().meta({ description: "What the agent is asked. May hold {{ }}." }),
    files: z.array(anything, { error: "must be a list of files" }).optional(),
    context: anything.optional().meta({ description: "Facts handed over beside the prompt." }),
    returns: fields.optional().meta({ description: "Shape of the answer. Without it the output is text." }),
    limits: limits.optional(),
  }),
  normalise: (raw, reader) => ({
    kind: "agent",
    agent: raw.agent,
    prompt: raw.prompt,
    files: raw.files ?? [],
    context: raw.context,
    returns: raw.returns === undefined ? undefined : reader.shape(raw.returns, ["returns"]),
    limits: readLimits(raw.limits),
  }),
});
