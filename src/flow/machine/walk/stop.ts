import type { TaskPath, Value } from "../events.ts";
import type { Walk } from "./walk.ts";

/** Ends a walk in mid-flight: the run has been told to end, and what stood next in its tasks does not begin. */
export class RunStopped extends Error {
  constructor() {
    super("The run is stopped.");
  }
}

/** How a task ends the run. */
export type StopOrder = {
  readonly state: "succeeded" | "failed" | "cancelled";
  readonly message: string;
  /** In place of the flow's. */
  readonly outputs: Readonly<Record<string, Value>> | null;
};

/**
 * Ends the task that stops the run as the run will end, so that a retry of the run asks it again, and begins the end of
 * the run. Throws {@link RunStopped}; where the run is ending already, it does nothing.
 */
export function stopRun(walk: Walk, path: TaskPath, { state, message, outputs }: StopOrder): void {
  if (walk.draft.run.phase.name !== "running") return;
  const text = message === "" ? "The flow stopped the run as failed." : message;
  const error = state === "failed" ? { code: "stopped", message: text, task: path } : null;
  if (error) walk.emit({ type: "task-failed", path, error, handled: false });
  else if (state === "cancelled") walk.emit({ type: "task-cancelled", path });
  else walk.emit({ type: "task-succeeded", path, output: message });
  walk.emit({ type: "run-finishing", outcome: state, error, stop: { path, message, outputs } });
  throw new RunStopped();
}
