"use client";
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { batonError } from "../client/trpc.ts";
import { Button } from "./button.tsx";

/** A list without rows: what it is for and what to do next. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon: ReactNode;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-start gap-2 p-6 sm:flex-row sm:items-center sm:gap-4">
      <span
        aria-hidden
        className="flex size-9 shrink-0 items-center justify-center rounded-(--radius-3) bg-(--surface-3) text-(--text-2)"
      >
        {icon}
      </span>
      <div className="min-w-0 flex-1">
        <p className="font-semibold">{title}</p>
        <p className="max-w-prose text-(--text-2)">{children}</p>
      </div>
      {action}
    </div>
  );
}

/** What happened, why, and what to do. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const shown = batonError(error);
  return (
    <div role="alert" className="flex flex-wrap items-center gap-3 p-4">
      <CircleAlert aria-hidden size={18} className="shrink-0 text-(--fail)" />
      <div className="min-w-0 flex-1 basis-60">
        <p className="font-medium">{shown.message}</p>
        {shown.hint === null ? null : <p className="text-(--text-2)">{shown.hint}</p>}
      </div>
      {shown.code === "unauthenticated" ? (
        <Button
          onClick={() =>
            location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`)
          }
        >
          Sign in
        </Button>
      ) : onRetry === undefined ? null : (
        <Button onClick={onRetry}>Try again</Button>
      )}
    </div>
  );
}

/** An error beside a form. */
export function FormError({ error }: { error: unknown }) {
  if (error === null || error === undefined) return null;
  const shown = batonError(error);
  return (
    <div role="alert" className="rounded-(--radius-2) border border-(--fail) bg-(--fail-soft) px-3 py-2">
      <p className="font-medium text-(--fail)">{shown.message}</p>
      {shown.hint === null ? null : <p>{shown.hint}</p>}
    </div>
  );
}

/** Rows that keep the place of what is being read. */
export function SkeletonRows({ rows = 5, height = 44 }: { rows?: number; height?: number }) {
  return (
    <div role="status" aria-label="Loading" className="divide-y divide-(--border)">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex items-center gap-3 px-4" style={{ height }}>
          <div className="skeleton size-4 rounded-full" />
          <div className="skeleton h-3" style={{ width: `${30 + ((row * 17) % 35)}%` }} />
          <div className="skeleton ml-auto h-3 w-16" />
        </div>
      ))}
    </div>
  );
}
