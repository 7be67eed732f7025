import { z } from "zod";
import { by, escalate, fields, readBy, readEscalate, textTemplate } from "../parts.ts";
import { defineHead } from "./head.ts";

export const form = defineHead({
  key: "form",
  summary: "A person fills in fields; the output is what they gave.",
  shape: () => ({
    form: textTemplate.meta({ description: "The question. May hold {{ }}." }),
    fields,
    by: by.optional().meta({ description: "Who answers; approvers when left out." }),
    onTimeout: z
      .enum(["fail", "continue", "escalate"], { error: "must be fail, continue or escalate" })
      .optional(),
    escalate: escalate.optional().meta({ description: "Who may answer as well while nobody does." }),
  }),
  normalise: (raw, reader) => ({
    kind: "form",
    question: String(raw.form),
    by: readBy(raw.by),
    fields: reader.shape(raw.fields, ["fields"]),
    escalate: readEscalate(raw.escalate),
    onTimeout: raw.onTimeout ?? "fail",
  }),
});
