"use client";
import { Square } from "lucide-react";
import { useState, type RefObject } from "react";

/** Asks before a run is cancelled, and for the reason. */
export function CancelDialog({
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
