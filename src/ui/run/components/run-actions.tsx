"use client";
import { Pause, Play, RotateCw, Square } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import type { RunState } from "#flow/machine/index.ts";
import { CancelDialog } from "./cancel-dialog.tsx";

/** What may be done with the whole run. Each answers when the server has taken it up. */
export type RunControls = {
  pause(): Promise<void>;
  resume(): Promise<void>;
  retry(): Promise<void>;
  cancel(reason: string): Promise<void>;
};

/** What can be done with a run as it stands. */
export function controlsOf(
  state: RunState,
  summary: string,
): { pause: boolean; resume: boolean; cancel: boolean; retry: boolean; isCancelling: boolean } {
  const { phase, paused } = state;
  const isSetAside = summary === "dead-lettered";
  const isOver = phase.name === "finished" || isSetAside;
  const isCancelling = phase.name === "cancelling" && !isSetAside;
  return {
    pause: !isOver && !isCancelling && paused === null,
    resume: !isOver && paused !== null,
    cancel: !isOver && !isCancelling,
    retry: isSetAside || (phase.name === "finished" && phase.outcome !== "succeeded"),
    isCancelling,
  };
}

/** Pause or go on, cancel, retry: what fits the run as it stands. On a phone icons, named for the screen reader. */
export function RunActions({
  number,
  can,
  controls,
}: {
  number: number;
  can: ReturnType<typeof controlsOf>;
  controls: RunControls;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const act = async (name: string, action: () => Promise<void>): Promise<void> => {
    if (busy !== null) return;
    setBusy(name);
    setProblem(null);
    try {
      await action();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(null);
    }
  };
  return (
    <>
      {problem === null ? null : (
        <span role="alert" className="order-last basis-full text-(--fail)">
          {problem}
        </span>
      )}
      {can.pause ? (
        <Action
          id="run-pause"
          label="Pause"
          title="Begin nothing more until it is told to go on"
          icon={<Pause aria-hidden size={14} />}
          isBusy={busy === "pause"}
          onPress={() => void act("pause", controls.pause)}
        />
      ) : null}
      {can.resume ? (
        <Action
          id="run-resume"
          label="Go on"
          title="Let the paused run go on"
          icon={<Play aria-hidden size={14} />}
          isPrimary
          isBusy={busy === "resume"}
          onPress={() => void act("resume", controls.resume)}
        />
      ) : null}
      {can.retry ? (
        <Action
          id="run-retry"
          label="Retry"
          title="Go on where it failed: what is finished stays, the rest runs again"
          icon={<RotateCw aria-hidden size={14} />}
          isPrimary
          isBusy={busy === "retry"}
          onPress={() => void act("retry", controls.retry)}
        />
      ) : null}
      {can.cancel ? (
        <Action
          id="run-cancel"
          label="Cancel run"
          icon={<Square aria-hidden size={13} className="sm:hidden" />}
          isBusy={false}
          onPress={() => dialog.current?.showModal()}
        />
      ) : null}
      {can.isCancelling ? (
        <Action
          id="run-cancelling"
          label="Cancelling…"
          icon={<Square aria-hidden size={13} className="sm:hidden" />}
          isBusy
          onPress={() => undefined}
        />
      ) : null}
      <CancelDialog dialog={dialog} number={number} onCancel={controls.cancel} />
    </>
  );
}

function Action({
  id,
  label,
  title = label,
  icon,
  isPrimary = false,
  isBusy,
  onPress,
}: {
  id: string;
  label: string;
  title?: string;
  icon: ReactNode;
  isPrimary?: boolean;
  isBusy: boolean;
  onPress(): void;
}) {
  const look = isPrimary
    ? "bg-(--accent) text-(--on-accent) hover:bg-(--accent-hover)"
    : "border border-(--border-strong) hover:bg-(--surface-2)";
  return (
    <button
      id={id}
      type="button"
      title={title}
      aria-label={label}
      disabled={isBusy}
      aria-busy={isBusy}
      onClick={onPress}
      className={`inline-flex h-7 shrink-0 items-center gap-2 rounded-(--radius-2) px-2.5 font-medium whitespace-nowrap disabled:opacity-60 pointer-coarse:h-11 max-sm:min-w-11 max-sm:justify-center ${look}`}
    >
      {icon}
      <span className="max-sm:hidden">{label}</span>
    </button>
  );
}
