import type { RunState } from "./state.ts";
import type { GoalReached, TaskError, Value } from "./events.ts";

/** How a run ended; null while it goes on. */
export function runResult(state: RunState): {
  readonly outcome: "succeeded" | "failed" | "cancelled";
  readonly outputs: Readonly<Record<string, Value>> | null;
  readonly error: TaskError | null;
  /** What the task said that ended the run early; null where none did. */
  readonly message: string | null;
  /** Null where the flow does not say what success is. */
  readonly goal: GoalReached | null;
} | null {
  if (state.phase.name !== "finished") return null;
  const { outcome, outputs, error, message, goal } = state.phase;
  return { outcome, outputs, error, message: message ?? null, goal: goal ?? null };
}
