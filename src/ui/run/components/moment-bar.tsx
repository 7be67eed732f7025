"use client";
import type { ReactNode } from "react";
import { ChevronLeft, ChevronRight, History } from "lucide-react";

/** Says that a past moment is seen, and leads to its neighbours and back to now. */
export function MomentBar({
  at,
  last,
  instant,
  onMove,
}: {
  /** Number of the last event that is seen. */
  at: number;
  last: number;
  /** When that was; epoch milliseconds. */
  instant: number;
  /** Null: live. */
  onMove(at: number | null): void;
}) {
  return (
    <div
      role="status"
      className="flex min-h-10 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-(--border) bg-(--accent-soft) px-4 py-1"
    >
      <History aria-hidden size={15} className="text-(--accent-text)" />
      <span>
        Seen at{" "}
        <time
          dateTime={new Date(instant).toISOString()}
          className="font-semibold tabular-nums"
          suppressHydrationWarning
        >
          {new Date(instant).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" })}
        </time>
        , event {at} of {last}
      </span>
      <input
        type="range"
        aria-label="Moment"
        min={1}
        max={last}
        value={at}
        onChange={(event) => onMove(Number(event.target.value))}
        className="h-5 min-w-24 flex-1 accent-(--accent)"
      />
      <span className="flex">
        <Step label="One event back" disabled={at <= 1} onClick={() => onMove(at - 1)}>
          <ChevronLeft aria-hidden size={16} />
        </Step>
        <Step label="One event on" disabled={at >= last - 1} onClick={() => onMove(at + 1)}>
          <ChevronRight aria-hidden size={16} />
        </Step>
      </span>
      <button
        type="button"
        onClick={() => onMove(null)}
        className="h-7 rounded-(--radius-2) bg-(--accent) px-2.5 font-medium text-(--on-accent) hover:bg-(--accent-hover) pointer-coarse:h-11"
      >
        Go live
      </button>
    </div>
  );
}

function Step({
  label,
  disabled,
  onClick,
  children,
}: {
  label: string;
  disabled: boolean;
  onClick(): void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      aria-label={label}
      disabled={disabled}
      onClick={onClick}
      className="grid size-7 place-items-center rounded-(--radius-2) hover:bg-(--surface-3) disabled:opacity-40 pointer-coarse:size-11"
    >
      {children}
    </button>
  );
}
