import { z } from "zod";
import { duration, map, milliseconds, readTemplates, strings } from "../parts.ts";
import { defineHead } from "./head.ts";

/** What an entry of memory can be. */
export const entryKinds = ["fact", "note", "decision", "artefact"] as const;

export const remember = defineHead({
  key: "remember",
  summary: "Writes entries into shared memory: run:, flow: or workspace: keys.",
  shape: () => ({
    remember: map.meta({ description: "Keys with their scope, such as flow:case.closed, and values." }),
    as: z
      .enum(entryKinds, { error: "must be fact, note, decision or artefact" })
      .optional()
      .meta({ description: "What is remembered; a fact when left out." }),
    tags: strings.optional(),
    expires: duration.optional().meta({ description: "How long it is remembered; for good when left out." }),
  }),
  normalise: (raw) => ({
    kind: "remember",
    entries: readTemplates(raw.remember),
    as: raw.as ?? "fact",
    tags: raw.tags ?? [],
    expires: milliseconds(raw.expires),
  }),
});
