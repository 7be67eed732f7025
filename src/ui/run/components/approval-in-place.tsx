"use client";
import { CircleCheck, CircleSlash, Hand } from "lucide-react";
import type { ReactNode } from "react";
import type { ApprovalView } from "#api/index.ts";
import type { ApprovalState } from "#flow/machine/index.ts";
import { ApprovalCard } from "../../inbox/approval-card.tsx";
import { RelativeTime } from "../../parts/time.tsx";
import { Fields } from "./value.tsx";

/** An approval where it was asked: to be decided, or who decided it how. */
export function ApprovalInPlace({
  approval,
  view,
  isPast,
  isOver,
  isSetAside,
  hotkeys,
}: {
  approval: ApprovalState;
  /** What the reader may do with it; not at hand for a moment after it was asked, and at past moments. */
  view: ApprovalView | undefined;
  isPast: boolean;
  isOver: boolean;
  /** The run is dead-lettered: nobody takes a decision up until it is retried. */
  isSetAside: boolean;
  hotkeys: boolean;
}) {
  const { ask, end } = approval;
  if (end === null && !isPast && !isOver && !isSetAside && view !== undefined) {
    return <ApprovalCard approval={view} hotkeys={hotkeys} />;
  }
  const label = ask.decisions.find((one) => end?.name === "decided" && one.decision === end.decision)?.label;
  const isRefused = end?.name === "withdrawn" || (end?.name === "decided" && end.decision === "reject");
  const details = ask.call?.args ?? ask.details;
  const shown = end?.name === "decided" && end.answer !== null ? end.answer : details;
  return (
    <article
      aria-label={ask.title}
      className={`rounded-(--radius-3) border ${end === null ? "border-(--wait)" : "border-(--border)"}`}
    >
      <div className="flex items-start gap-2 px-3 py-2">
        {end === null ? (
          <Hand aria-hidden size={16} className="mt-1 shrink-0 text-(--wait)" />
        ) : isRefused ? (
          <CircleSlash aria-hidden size={16} className="mt-1 shrink-0 text-(--fail)" />
        ) : (
          <CircleCheck aria-hidden size={16} className="mt-1 shrink-0 text-(--ok)" />
        )}
        <div className="min-w-0 flex-1">
          <h3 className="[font:var(--type-16)] [overflow-wrap:anywhere]">{ask.title}</h3>
          <p className="text-(--text-2)">{outcome(approval, label, isOver, isSetAside)}</p>
          {end?.name === "decided" && end.comment !== "" ? (
            <blockquote className="mt-1 border-l-2 border-(--border-strong) pl-3">{end.comment}</blockquote>
          ) : null}
        </div>
      </div>
      {isEmpty(shown) ? null : (
        <div className="border-t border-(--border) px-3 py-2 pl-9">
          <Fields value={shown} />
        </div>
      )}
    </article>
  );
}

function outcome(
  approval: ApprovalState,
  label: string | undefined,
  isOver: boolean,
  isSetAside: boolean,
): ReactNode {
  const { end } = approval;
  if (end === null && isOver) return "Nobody decided before the task ended.";
  if (end === null && isSetAside) return "The run was set aside. Retry it, then this can be decided.";
  if (end === null) return "Waiting for a decision.";
  if (end.name === "withdrawn") return `Withdrawn: ${end.reason}`;
  return (
    <>
      {label ?? end.decision}: decided by{" "}
      {end.votes?.map((vote) => vote.by.name).join(" and ") ?? end.by?.name ?? "its deadline"}{" "}
      <RelativeTime at={end.at} />
    </>
  );
}

function isEmpty(value: unknown): boolean {
  return (
    value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0)
  );
}
