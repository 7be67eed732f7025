"use client";
import { ChevronDown, Wrench } from "lucide-react";
import { useId, useState } from "react";
import type { ApprovalState, EffectState } from "#flow/machine/index.ts";
import { MockedMark } from "../../parts/sandbox.tsx";
import { StateBadge, StateIcon } from "../../graph/state-icon.tsx";
import type { StateName } from "../../graph/states.ts";
import { Elapsed } from "./elapsed.tsx";
import { Fields, InlineValue, JsonText } from "./value.tsx";

type ToolEffect = Extract<EffectState, { kind: "tool" }>;

/** A tool call: what was asked of the tool, what came back or why nothing did; the whole of both one click away. */
export function ToolCard({
  tool,
  args,
  call,
  approval,
  denied,
  isOver,
}: {
  tool: string;
  args: unknown;
  call: ToolEffect | null;
  approval: ApprovalState | null;
  denied: string | null;
  /** Whether its task is over: then a call without an end was cut off. */
  isOver: boolean;
}) {
  const [isOpen, setOpen] = useState(false);
  const body = useId();
  const end = call?.end ?? null;
  const state = stateOf(call, approval, denied, isOver);
  const problem =
    denied ??
    (end?.name === "failed"
      ? end.error.message
      : end?.name === "denied" || end?.name === "lost"
        ? end.reason
        : null);
  const hint = end?.name === "failed" ? (end.error.hint ?? null) : null;
  const isBad = state === "failed" || state === "denied";
  return (
    <article
      aria-label={`Tool call ${tool}`}
      className={`overflow-hidden rounded-(--radius-3) border ${isBad ? "border-(--fail)" : "border-(--border)"}`}
    >
      <h3>
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={body}
          onClick={() => setOpen(!isOpen)}
          className="flex min-h-8 w-full items-center gap-2 px-2.5 text-left hover:bg-(--surface-2) pointer-coarse:min-h-11"
        >
          <StateIcon state={state} />
          <Wrench aria-hidden size={14} className="shrink-0 text-(--text-3)" />
          <code className="truncate [font:var(--type-code)] font-medium">{tool}</code>
          {call === null ? null : call.mocked ? <MockedMark how={call.mocked} /> : <Risk risk={call.risk} />}
          {isBad ? <StateBadge state={state} /> : null}
          {call !== null && call.approvedHash !== null ? (
            <span className="truncate text-(--text-2) [font:var(--type-12)]">
              approved
              {approval?.end?.name === "decided" && approval.end.by ? ` by ${approval.end.by.name}` : ""}
            </span>
          ) : null}
          <span className="ml-auto shrink-0 pl-2 text-(--text-2) tabular-nums [font:var(--type-12)]">
            {call === null || end?.name === "denied" ? null : (
              <Elapsed from={call.begunAt} to={end?.at ?? (isOver ? call.begunAt : null)} />
            )}
          </span>
          <ChevronDown
            aria-hidden
            size={14}
            className={`shrink-0 text-(--text-3) ${isOpen ? "rotate-180" : ""}`}
          />
        </button>
      </h3>
      <div
        id={body}
        className="grid grid-cols-[64px_1fr] gap-x-2 gap-y-0.5 border-t border-(--border) px-2.5 py-1.5 [font:var(--type-code)]"
      >
        <Label>Arguments</Label>
        {isOpen ? (
          <JsonText value={args} />
        ) : (
          <div className="line-clamp-2 min-w-0 break-words">
            <InlineValue value={args} />
          </div>
        )}
        {end?.name === "finished" ? (
          <>
            <Label>Result</Label>
            {isOpen ? (
              <div className="min-w-0">
                <div className="mb-2 [font:var(--type-13)]">
                  <Fields value={end.result} />
                </div>
                <JsonText value={end.result} />
              </div>
            ) : (
              <div className="line-clamp-3 min-w-0 break-words">
                <InlineValue value={end.result} />
              </div>
            )}
          </>
        ) : null}
        {problem === null ? null : (
          <>
            <Label>{state === "denied" ? "Denied" : "Failed"}</Label>
            <div className="min-w-0 break-words [font:var(--type-13)]">
              <span className="text-(--fail)">{problem}</span>
              {hint === null ? null : <span className="block text-(--text-2)">{hint}</span>}
            </div>
          </>
        )}
      </div>
    </article>
  );
}

function Label({ children }: { children: string }) {
  return <span className="text-(--text-2) [font:var(--type-12)] leading-5">{children}</span>;
}

function Risk({ risk }: { risk: string }) {
  const look =
    risk === "high"
      ? "bg-(--fail-soft) text-(--fail)"
      : risk === "medium"
        ? "bg-(--wait-soft) text-(--wait)"
        : "bg-(--surface-3) text-(--text-2)";
  return (
    <span
      className={`hidden h-5 shrink-0 items-center rounded-(--radius-1) px-1.5 [font:var(--type-11)] sm:inline-flex ${look}`}
    >
      {risk} risk
    </span>
  );
}

function stateOf(
  call: ToolEffect | null,
  approval: ApprovalState | null,
  denied: string | null,
  isOver: boolean,
): StateName {
  if (denied !== null) return "denied";
  if (call === null) {
    if (approval?.end === null) return "waiting";
    if (approval?.end?.name === "decided" && approval.end.decision === "reject") return "denied";
    return isOver || approval?.end?.name === "withdrawn" ? "cancelled" : "pending";
  }
  switch (call.end?.name) {
    case undefined:
      return approval?.end === null ? "waiting" : isOver ? "cancelled" : "running";
    case "finished":
      return "done";
    case "denied":
      return "denied";
    case "failed":
    case "lost":
      return "failed";
  }
}
