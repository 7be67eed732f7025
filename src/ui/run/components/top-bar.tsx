"use client";
import { ChevronRight, CornerLeftUp, GitFork, Link2 } from "lucide-react";
import Link from "next/link";
import { useEffect, useState, type ReactNode } from "react";
import type { RunView } from "#api/index.ts";
import { Labels } from "../../parts/labels.tsx";
import { RelativeTime } from "../../parts/time.tsx";
import { SandboxMark } from "../../parts/sandbox.tsx";
import { runName } from "../model/format.ts";
import { SimulatedMark } from "../../parts/simulated.tsx";

/** Where one is, what may be done with the whole run. */
export function TopBar({
  run,
  link,
  children,
}: {
  run: Pick<
    RunView,
    | "number"
    | "flow"
    | "revision"
    | "startedBy"
    | "simulated"
    | "sandbox"
    | "createdAt"
    | "labels"
    | "forkedFrom"
    | "parent"
    | "internal"
  >;
  /** Address of the moment that is seen. */
  link(): string;
  /** What may be done with the run. */
  children: ReactNode;
}) {
  const [copied, setCopied] = useState<string | null>(null);
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
    <header className="flex min-h-12 shrink-0 items-center gap-x-3 gap-y-1 border-b border-(--border) px-4 py-1 sm:flex-wrap">
      <nav aria-label="Where you are" className="flex min-w-0 items-center gap-2">
        <Link
          href={`/flows/${run.flow.slug}${run.revision < 0 ? "/edit" : ""}`}
          className="truncate text-(--text-2) hover:text-(--text) hover:underline"
        >
          {run.flow.title}
        </Link>
        <ChevronRight aria-hidden size={14} className="shrink-0 text-(--text-3)" />
        <span aria-current="page" className="font-semibold whitespace-nowrap">
          {runName(run.number)}
        </span>
      </nav>
      {run.sandbox ? <SandboxMark /> : null}
      {run.simulated ? (
        <span className="max-sm:hidden">
          <SimulatedMark />
        </span>
      ) : null}
      {run.parent === null ? null : (
        <Link
          href={`/runs/${run.parent.id}?task=${encodeURIComponent(run.parent.path)}`}
          title={`Started by ${run.parent.path} of run #${run.parent.number} of ${run.parent.title}`}
          className="inline-flex shrink-0 items-center gap-1 text-(--text-2) hover:text-(--text) hover:underline pointer-coarse:min-h-11"
        >
          <CornerLeftUp aria-hidden size={14} />
          <span>
            <span className="max-sm:sr-only">{run.internal ? "part of run " : "started by run "}</span>#
            {run.parent.number}
            <span className="max-sm:sr-only"> of {run.parent.title}</span>
          </span>
        </Link>
      )}
      {run.forkedFrom === null ? null : (
        <Link
          href={`/runs/${run.forkedFrom.id}?task=${run.forkedFrom.path}`}
          title={`Goes out from run ${run.forkedFrom.number} at ${run.forkedFrom.path}`}
          className="inline-flex shrink-0 items-center gap-1 text-(--text-2) hover:text-(--text) hover:underline pointer-coarse:min-h-11"
        >
          <GitFork aria-hidden size={14} />
          <span>
            <span className="max-sm:sr-only">fork of run </span>
            {run.forkedFrom.number}
          </span>
        </Link>
      )}
      <span className="hidden sm:contents">
        <Labels labels={run.labels} href={(label) => `/runs?label=${encodeURIComponent(label)}`} />
      </span>
      <span className="hidden text-(--text-2) sm:inline">
        {run.revision < 0 ? "a draft" : `revision ${run.revision}`}, started by {run.startedBy.name}{" "}
        <RelativeTime at={run.createdAt} />
      </span>
      <div className="ml-auto flex shrink-0 items-center justify-end gap-2 sm:flex-wrap">
        <span role="status" className="text-(--text-2) max-sm:sr-only">
          {copied}
        </span>
        <button
          id="run-copy-link"
          type="button"
          title="Copy a link to this task and moment (C)"
          aria-label="Copy link"
          onClick={() => void copy()}
          className="inline-flex h-7 items-center gap-2 rounded-(--radius-2) px-2.5 font-medium hover:bg-(--surface-2) pointer-coarse:h-11 max-sm:min-w-11 max-sm:justify-center"
        >
          <Link2 aria-hidden size={15} />
          <span className="max-sm:hidden">Copy link</span>
        </button>
        {children}
      </div>
    </header>
  );
}
