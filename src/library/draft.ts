import { type DocumentKind, flowKind, flowTextRoot } from "#collab/index.ts";
import type { Database } from "#platform/index.ts";
import { readOrigin } from "./store.ts";

/** Drafts of flows as live documents: one that was never opened begins as its flow's latest revision. */
export function draftKind(db: Database): DocumentKind {
  return flowKind(async (flow) => {
    const origin = await readOrigin(db, flow);
    if (origin === null) return null;
    const { workspaceId, text } = origin;
    return { workspaceId, fill: (doc) => doc.getText(flowTextRoot).insert(0, text) };
  });
}
