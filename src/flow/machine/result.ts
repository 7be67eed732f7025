import type { RunState } from "./state.ts";
import type { TaskError, Value } from "./events.ts";

/** How a run ended; null while it goes on. */
export function runResult(state: RunState): {
  readonly outcome: "succeeded" | "failed" | "cancelled";
  readonly outputs: Readonly<Record<string, Value>> | null;
  readonly error: TaskError | null;
} | null {
  if (state.phase.name !== "finished") return null;
  const { outcome, outputs, error } = state.phase;
  return { outcome, outputs, error };
}
