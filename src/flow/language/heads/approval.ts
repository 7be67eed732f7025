import { z } from "zod";
import {
  anything,
  by,
  escalate,
  fields,
  readBy,
  readEscalate,
  textTemplate,
  unknownAware,
} from "../parts.ts";
import { defineHead } from "./head.ts";

export const approval = defineHead({
  key: "approval",
  summary: "A person decides.",
  shape: () => ({
    approval: textTemplate.meta({ description: "The question. May hold {{ }}." }),
    by: by.optional().meta({ description: "Who decides; approvers when left out." }),
    details: anything.optional().meta({ description: "What the decider should see." }),
    decisions: z
      .strictObject(
        { approve: textTemplate.optional(), reject: textTemplate.optional() },
        { error: unknownAware("must be a map such as { approve: Close it, reject: Keep it open }") },
      )
      .optional()
      .meta({ description: "Labels of the two buttons." }),
    fields: fields.optional().meta({ description: "What the decider fills in." }),
    comment: z
      .enum(["never", "always", "onReject"], { error: "must be never, always or onReject" })
      .optional()
      .meta({ description: "When a comment must be given; onReject when left out." }),
    onTimeout: z
      .enum(["fail", "reject", "continue", "approve", "escalate"], {
        error: "must be fail, reject, continue, approve or escalate",
      })
      .optional()
      .meta({ description: "What happens after timeout; fail when left out." }),
    escalate: escalate.optional().meta({ description: "Who may decide as well while nobody does." }),
    onReject: z.enum(["fail", "continue"], { error: "must be fail or continue" }).optional(),
  }),
  normalise: (raw, reader) => ({
    kind: "approval",
    question: String(raw.approval),
    by: readBy(raw.by),
    details: raw.details,
    decisions: {
      approve: String(raw.decisions?.approve ?? "Approve"),
      reject: String(raw.decisions?.reject ?? "Reject"),
    },
    fields: raw.fields === undefined ? undefined : reader.shape(raw.fields, ["fields"]),
    comment: raw.comment ?? "onReject",
    escalate: readEscalate(raw.escalate),
    onTimeout: raw.onTimeout ?? "fail",
    onReject: raw.onReject ?? "fail",
  }),
});
