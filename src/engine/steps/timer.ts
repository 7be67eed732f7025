import type { RunId, WorkspaceId } from "#base/index.ts";
import type { RunEventBody } from "#flow/machine/index.ts";
import type { EngineOptions } from "../ports.ts";

/** Has timers fire that were journaled as set. A timer that is void by then means nothing to the machine. */
export function carryTimers(
  events: readonly RunEventBody[],
  context: { options: EngineOptions; run: RunId; workspace: WorkspaceId },
): Promise<void>[] {
  return events.flatMap((event) => {
    if (event.type !== "timer-set") return [];
    const { path, name, n, dueAt } = event;
    return [context.options.journal.setTimer(context.run, { path, name, n, dueAt })];
  });
}
