import type { RunId, WorkspaceId } from "#base/index.ts";
import type { Ask, RunEventBody, StoredAsk } from "#flow/machine/index.ts";
import type { EngineOptions } from "../ports.ts";
import type { Blobs } from "../values.ts";

/** Puts questions before people that were journaled as asked, and takes back those that were withdrawn. */
export function carryApprovals(
  events: readonly RunEventBody[],
  context: { options: EngineOptions; run: RunId; workspace: WorkspaceId; blobs: Blobs },
): Promise<void>[] {
  if (!events.some((event) => event.type.startsWith("approval-"))) return [];
  const { run, workspace } = context;
  const { approvals } = context.options;
  // What was decided or taken back with the same words never comes before anybody.
  const withdrawn = new Set(
    events.flatMap((event) =>
      event.type === "approval-withdrawn" || event.type === "approval-decided" ? [event.approvalId] : [],
    ),
  );
  const requested = new Set<string>();
  return events.flatMap((event) => {
    if (event.type === "approval-requested" && !withdrawn.has(event.approvalId)) {
      const { path, approvalId, ask, deadline } = event;
      const further = events.flatMap((one) =>
        one.type === "approval-escalated" && one.approvalId === approvalId ? [one.to] : [],
      );
      const open = async (): Promise<void> => {
        const whole = await opened(ask, context.blobs);
        await approvals.open({ run, workspace, path, approvalId, ask: whole, deadline });
        for (const to of further) await approvals.widen?.({ run, workspace, approvalId, to });
      };
      requested.add(approvalId);
      return [open()];
    }
    if (event.type === "approval-escalated" && !requested.has(event.approvalId)) {
      const { approvalId, to } = event;
      const widened = approvals.widen?.({ run, workspace, approvalId, to });
      return widened === undefined ? [] : [widened];
    }
    if (event.type === "approval-withdrawn") {
      const { approvalId, reason } = event;
      return [approvals.withdraw({ run, workspace, approvalId, reason })];
    }
    return [];
  });
}

/** People are shown, and decide on, all of it. */
async function opened(ask: StoredAsk, blobs: Blobs): Promise<Ask> {
  const details = await blobs.open(ask.details);
  const canonical = await blobs.openText(ask.canonical);
  const call = ask.call === null ? null : { ...ask.call, args: await blobs.open(ask.call.args) };
  return { ...ask, details, canonical, call };
}
