import type { FlowRow, RunState } from "#api/index.ts";
import { runStateWord } from "../parts/run-state.tsx";

const fills: Readonly<Record<RunState, string>> = {
  queued: "bg-(--surface-3)",
  running: "bg-(--accent)",
  waiting: "border border-(--wait) bg-(--wait-soft)",
  paused: "border border-(--border-strong) bg-(--surface-3)",
  cancelling: "bg-(--border-strong)",
  succeeded: "bg-(--ok)",
  failed: "bg-(--fail) h-3",
  cancelled: "bg-(--border-strong) h-3",
  "dead-lettered": "bg-(--fail) h-3",
};

/** The last runs, oldest first, one bar each; a failed one is shorter, so that colour is not the only sign. */
export function RunStrip({ runs }: { runs: FlowRow["lastRuns"] }) {
  if (runs.length === 0) return <span className="text-(--text-3)">never run</span>;
  return (
    <span
      role="img"
      aria-label={`Last runs, newest first: ${runs.map((run) => runStateWord(run.state).toLowerCase()).join(", ")}`}
      className="flex h-6 items-end gap-0.5"
    >
      {runs.toReversed().map((run) => (
        <span
          key={run.id}
          title={`Run ${run.number}: ${runStateWord(run.state)}`}
          className="flex h-6 w-2 items-end"
        >
          <span className={`block h-5 w-1.5 rounded-[2px] ${fills[run.state]}`} />
        </span>
      ))}
    </span>
  );
}
