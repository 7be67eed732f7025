import {
  CircleCheck,
  CircleDashed,
  CircleMinus,
  CirclePause,
  CircleSlash,
  CircleX,
  Hand,
  Hourglass,
  LoaderCircle,
  RotateCw,
  type LucideIcon,
} from "lucide-react";
import { stateWords, type StateName } from "./states.ts";

const looks: Readonly<Record<StateName, { icon: LucideIcon; ink: string; spins?: true }>> = {
  pending: { icon: CircleDashed, ink: "text-(--text-3)" },
  running: { icon: LoaderCircle, ink: "text-(--accent-text)", spins: true },
  waiting: { icon: Hand, ink: "text-(--wait)" },
  timer: { icon: Hourglass, ink: "text-(--accent-text)" },
  paused: { icon: CirclePause, ink: "text-(--text-2)" },
  retrying: { icon: RotateCw, ink: "text-(--wait)" },
  done: { icon: CircleCheck, ink: "text-(--ok)" },
  failed: { icon: CircleX, ink: "text-(--fail)" },
  denied: { icon: CircleSlash, ink: "text-(--fail)" },
  skipped: { icon: CircleMinus, ink: "text-(--text-3)" },
  cancelled: { icon: CircleSlash, ink: "text-(--text-3)" },
  unreached: { icon: CircleDashed, ink: "text-(--text-3)" },
};

/** The icon of a state, with its word for the screen reader unless a word stands beside it (`bare`). */
export function StateIcon({
  state,
  size = 14,
  bare = false,
}: {
  state: StateName;
  size?: number;
  bare?: boolean;
}) {
  const { icon: Icon, ink, spins } = looks[state];
  return (
    <>
      <Icon
        aria-hidden
        size={size}
        strokeWidth={2}
        className={`shrink-0 ${ink} ${spins === true ? "animate-spin [animation-duration:1.6s] motion-reduce:animate-none" : ""}`}
      />
      {bare ? null : <span className="sr-only">{stateWords[state]}</span>}
    </>
  );
}

const soft: Readonly<Record<StateName, string>> = {
  pending: "bg-(--surface-3) text-(--text-2)",
  running: "bg-(--accent-soft) text-(--accent-text)",
  waiting: "bg-(--wait-soft) text-(--wait)",
  timer: "bg-(--accent-soft) text-(--accent-text)",
  paused: "bg-(--surface-3) text-(--text-2)",
  retrying: "bg-(--wait-soft) text-(--wait)",
  done: "bg-(--ok-soft) text-(--ok)",
  failed: "bg-(--fail-soft) text-(--fail)",
  denied: "bg-(--fail-soft) text-(--fail)",
  skipped: "bg-(--surface-3) text-(--text-2)",
  cancelled: "bg-(--surface-3) text-(--text-2)",
  unreached: "bg-(--surface-3) text-(--text-2)",
};

/** A state as a small badge: icon and word. */
export function StateBadge({ state, word }: { state: StateName; word?: string }) {
  return (
    <span
      className={`inline-flex h-5 shrink-0 items-center gap-1 rounded-(--radius-1) px-1.5 [font:var(--type-11)] ${soft[state]}`}
    >
      <StateIcon state={state} size={12} bare />
      {word ?? stateWords[state]}
    </span>
  );
}
