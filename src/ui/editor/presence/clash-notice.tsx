"use client";
import { Button } from "../../parts/button.tsx";
import type { Clash } from "./use-clash.ts";

/** Says that somebody else changed the very value that one was changing, and what it is now. */
export function ClashNotice({
  clash,
  onShow,
  onDismiss,
}: {
  clash: Clash;
  /** Null where it can't be shown, since it is in no task. */
  onShow: (() => void) | null;
  onDismiss(): void;
}) {
  const where = [clash.label, clash.node].filter((part) => part !== null && part !== "").join(" of ");
  const shown = clash.source.length > 160 ? `${clash.source.slice(0, 160)}…` : clash.source;
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-(--border) bg-(--wait-soft) px-4 py-2"
    >
      <p className="min-w-0 flex-1">
        {clash.name ?? "Somebody else"} and you changed <strong>{where}</strong> at the same time. It now says{" "}
        <code className="break-words [font:var(--type-code)]">{shown}</code>
      </p>
      {onShow === null ? null : (
        <Button size="small" onClick={onShow}>
          Show it
        </Button>
      )}
      <Button size="small" tone="quiet" onClick={onDismiss}>
        It is right
      </Button>
    </div>
  );
}
