"use client";
import { ChevronRight, Link2, Square } from "lucide-react";
import Link from "next/link";
import { useEffect, useRef, useState, type RefObject } from "react";
import type { RunView } from "#api/index.ts";
import { Labels } from "../../parts/labels.tsx";
import { RelativeTime } from "../../parts/time.tsx";
import { SimulatedMark } from "../../parts/simulated.tsx";

/** Where one is, what may be done with the whole run. */
export function TopBar({
  run,
  link,
  isOver,
  mayCancel,
  onCancel,
}: {
  run: Pick<RunView, "number" | "flow" | "revision" | "startedBy" | "simulated" | "createdAt" | "labels">;
  /** Address of the moment that is seen. */
  link(): string;
  isOver: boolean;
  mayCancel: boolean;
  onCancel(reason: string): Promise<void>;
}) {
  const [copied, setCopied] = useState<string | null>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (copied === null) return;
    const timer = setTimeout(() => setCopied(null), 4000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async (): Promise<void> => {
    const address = link();
    try {
      await navigator.clipboard.writeText(address);
      setCopied("Link copied");
    } catch {
      window.history.replaceState(null, "", address);
      setCopied("Copy the address from the address bar");
    }
  };
  return (
    <header className="flex min-h-12 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-(--border) px-4 py-1">
      <nav aria-label="Where you are" className="flex min-w-0 items-center gap-2">
        <Link
          href={`/flows/${run.flow.slug}`}
          className="truncate text-(--text-2) hover:text-(--text) hover:underline"
        >
          {run.flow.title}
        </Link>
        <ChevronRight aria-hidden size={14} className="shrink-0 text-(--text-3)" />
        <span aria-current="page" className="font-semibold whitespace-nowrap">
          Run {run.number}
        </span>
      </nav>
      {run.simulated ? <SimulatedMark /> : null}
      <Labels labels={run.labels} href={(label) => `/runs?label=${encodeURIComponent(label)}`} />
      <span className="hidden text-(--text-2) sm:inline">
        revision {run.revision}, started by {run.startedBy.name} <RelativeTime at={run.createdAt} />
      </span>
      <div className="ml-auto flex items-center gap-2">
        <span role="status" className="text-(--text-2)">
          {copied}
        </span>
        <button
          id="run-copy-link"
          type="button"
          title="Copy a link to this task and moment (C)"
          onClick={() => void copy()}
          className="inline-flex h-7 items-center gap-2 rounded-(--radius-2) px-2.5 font-medium hover:bg-(--surface-2) pointer-coarse:h-11"
        >
          <Link2 aria-hidden size={15} />
          <span>Copy link</span>
        </button>
        {isOver || !mayCancel ? null : (
          <button
            type="button"
            onClick={() => dialog.current?.showModal()}
            className="inline-flex h-7 items-center rounded-(--radius-2) border border-(--border-strong) px-2.5 font-medium hover:bg-(--surface-2) pointer-coarse:h-11"
          >
            Cancel run
          </button>
        )}
      </div>
      <CancelDialog dialog={dialog} number={run.number} onCancel={onCancel} />
    </header>
  );
}

function CancelDialog({
  dialog,
  number,
  onCancel,
}: {
  dialog: RefObject<HTMLDialogElement | null>;
  number: number;
  onCancel(reason: string): Promise<void>;
}) {
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const send = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      await onCancel(reason.trim());
      dialog.current?.close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <dialog
      ref={dialog}
      aria-labelledby="cancel-title"
      className="m-auto w-[min(440px,calc(100vw-32px))] rounded-(--radius-3) border border-(--border-strong) bg-(--surface) p-5 text-(--text) backdrop:bg-black/40"
    >
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
        className="flex flex-col gap-3"
      >
        <h2 id="cancel-title" className="[font:var(--type-16)]">
          Cancel run {number}?
        </h2>
        <p className="text-(--text-2)">
          What is under way is stopped within ten seconds, and open approvals are withdrawn. What was done
          stays done.
        </p>
        <label className="flex flex-col gap-1">
          <span>Reason (optional, shown in the audit)</span>
          <input
            value={reason}
            maxLength={500}
            onChange={(event) => setReason(event.target.value)}
            className="h-8 rounded-(--radius-2) border border-(--border-field) bg-(--surface) px-2.5 pointer-coarse:h-11"
          />
        </label>
        {problem === null ? null : (
          <p role="alert" className="text-(--fail)">
            {problem}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <button
            type="button"
            onClick={() => dialog.current?.close()}
            className="h-8 rounded-(--radius-2) border border-(--border-strong) px-3 font-medium hover:bg-(--surface-2) pointer-coarse:h-11"
          >
            Keep it running
          </button>
          <button
            type="submit"
            disabled={isBusy}
            className="inline-flex h-8 items-center gap-2 rounded-(--radius-2) bg-(--fail-fill) px-3 font-medium text-white disabled:opacity-60 pointer-coarse:h-11"
          >
            <Square aria-hidden size={13} />
            {isBusy ? "Cancelling" : "Cancel run"}
          </button>
        </div>
      </form>
    </dialog>
  );
}
