import type { RunId } from "#base/index.ts";
import { completionTask, followCompletion } from "./completion/follow.ts";
import { fireSchedule } from "./schedule/fire.ts";
import { scheduleTask } from "./schedule/job.ts";
import type { TriggerDeps } from "./spec.ts";

/** The queue's tasks that triggers live by. */
export function triggerTasks(
  deps: TriggerDeps,
): Readonly<Record<typeof scheduleTask | typeof completionTask, (payload: unknown) => Promise<void>>> {
  return {
    [scheduleTask]: (payload) => fireSchedule(deps, (payload as { trigger: string }).trigger),
    [completionTask]: (payload) => followCompletion(deps, (payload as { run: RunId }).run),
  };
}
