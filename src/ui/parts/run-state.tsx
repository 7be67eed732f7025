import type { RunState } from "#api/index.ts";
import { StateBadge, StateIcon } from "../graph/state-icon.tsx";
import type { StateName } from "../graph/states.ts";

const shown: Readonly<Record<RunState, { state: StateName; word: string }>> = {
  queued: { state: "pending", word: "Queued" },
  running: { state: "running", word: "Running" },
  waiting: { state: "waiting", word: "Waiting" },
  paused: { state: "paused", word: "Paused" },
  cancelling: { state: "cancelled", word: "Cancelling" },
  succeeded: { state: "done", word: "Succeeded" },
  failed: { state: "failed", word: "Failed" },
  cancelled: { state: "cancelled", word: "Cancelled" },
  "dead-lettered": { state: "failed", word: "Set aside" },
};

export function runStateWord(state: RunState): string {
  return shown[state].word;
}
export function RunStateBadge({ state }: { state: RunState }) {
  return <StateBadge state={shown[state].state} word={shown[state].word} />;
}
export function RunStateIcon({ state, size = 16 }: { state: RunState; size?: number }) {
  return (
    <span title={shown[state].word} className="inline-flex">
      <StateIcon state={shown[state].state} size={size} bare />
      <span className="sr-only">{shown[state].word}</span>
    </span>
  );
}
