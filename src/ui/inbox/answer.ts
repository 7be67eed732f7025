import type { JsonObject } from "#base/index.ts";
import type { ApprovalView } from "#api/index.ts";
import { type Field, shapeOfSchema } from "#flow/index.ts";

/** Fields to draw for the JSON Schema of an answer. */
export function fieldsOf(schema: JsonObject | null): readonly Field[] {
  return schema === null ? [] : shapeOfSchema(schema).fields;
}

/** Whether this decision must come with a comment. */
export function requiresComment(approval: Pick<ApprovalView, "comment">, decision: string): boolean {
  return approval.comment === "always" || (approval.comment === "onReject" && decision === "reject");
}
