import type { RunId, WorkspaceId } from "#base/index.ts";
import type { RunEventBody } from "#flow/machine/index.ts";
import type { EngineOptions } from "../ports.ts";

/** Puts questions before people that were journaled as asked, and takes back those that were withdrawn. */
export function carryApprovals(
  events: readonly RunEventBody[],
  context: { options: EngineOptions; run: RunId; workspace: WorkspaceId },
): Promise<void>[] {
  if (!events.some((event) => event.type === "approval-requested" || event.type === "approval-withdrawn")) {
    return [];
  }
  const { run, workspace } = context;
  const { approvals } = context.options;
  const withdrawn = new Set(
    events.flatMap((event) => (event.type === "approval-withdrawn" ? [event.approvalId] : [])),
  );
  return events.flatMap((event) => {
    if (event.type === "approval-requested" && !withdrawn.has(event.approvalId)) {
      const { path, approvalId, ask, deadline } = event;
      return [approvals.open({ run, workspace, path, approvalId, ask, deadline })];
    }
    if (event.type === "approval-withdrawn") {
      const { approvalId, reason } = event;
      return [approvals.withdraw({ run, workspace, approvalId, reason })];
    }
    return [];
  });
}
