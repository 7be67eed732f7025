"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Braces, CircleCheck, CircleSlash, CircleX, Hand, TriangleAlert, Users } from "lucide-react";
import Link from "next/link";
import { useEffect, useRef, useState } from "react";
import { isObject, type Json } from "#base/index.ts";
import type { ApprovalView } from "#api/index.ts";
import type { Field as FlowField } from "#flow/index.ts";
import { useTRPC, type Inputs } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Field, Textarea } from "../parts/field.tsx";
import { SandboxMark } from "../parts/sandbox.tsx";
import { ShapeFields } from "../parts/shape-fields.tsx";
import { FormError } from "../parts/states.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { Fields } from "../run/components/value.tsx";
import { fieldsOf, requiresComment } from "./answer.ts";
import { FailureDetails } from "./failure-details.tsx";

/**
 * What a person is asked: labelled fields first, the exact bytes one click away, buttons that say their consequence.
 * `hotkeys`: A presses the primary button, R the refusing one; for one card on a page only.
 */
export function ApprovalCard({
  approval,
  hotkeys = false,
  showRun = false,
}: {
  approval: ApprovalView;
  hotkeys?: boolean;
  showRun?: boolean;
}) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [comment, setComment] = useState("");
  const [answer, setAnswer] = useState<Readonly<Record<string, Json>>>({});
  const [missing, setMissing] = useState<string | null>(null);
  const [showsBytes, setShowsBytes] = useState(false);
  // Of a failed task the fields are for one choice among others: they come up when it is taken.
  const [answers, setAnswers] = useState(false);
  const commentBox = useRef<HTMLDivElement>(null);
  const decide = useMutation(
    trpc.inbox.decide.mutationOptions({
      onSettled: () => {
        void queries.invalidateQueries({ queryKey: trpc.inbox.pathKey() });
        void queries.invalidateQueries({ queryKey: trpc.home.pathKey() });
        void queries.invalidateQueries({ queryKey: trpc.run.get.queryKey({ id: approval.run.id }) });
      },
    }),
  );
  const shown = decide.data ?? approval;
  const fields: readonly FlowField[] = fieldsOf(approval.fields);
  const isPending = shown.state === "pending";
  const primary = approval.decisions[0];
  const isOptional = approval.kind === "escalation";
  const needsReason = approval.decisions.some((option) => requiresComment(approval, option.decision));
  const showsFields = fields.length > 0 && (!isOptional || answers);

  const choose = (decision: string): void => {
    if (decide.isPending || !isPending || !approval.mayDecide) return;
    if (requiresComment(approval, decision) && comment.trim() === "") {
      setMissing("Say why, so that whoever reads this later understands.");
      commentBox.current?.querySelector("textarea")?.focus();
      return;
    }
    setMissing(null);
    const hasAnswer = approval.answers.includes(decision);
    if (isOptional && hasAnswer && !answers) {
      setAnswers(true);
      return;
    }
    decide.mutate({
      id: approval.id,
      hash: approval.hash,
      decision,
      comment: comment.trim(),
      answer: hasAnswer ? (answer as Inputs["inbox"]["decide"]["answer"]) : null,
    });
  };
  useEffect(() => {
    if (!hotkeys || !isPending || !approval.mayDecide) return;
    const press = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement | null;
      if (
        event.metaKey ||
        event.ctrlKey ||
        event.altKey ||
        target?.closest("input, textarea, select, [contenteditable], dialog") != null
      )
        return;
      const decision = approval.decisions.find((_, index) => hotkeyOf(approval, index) === event.key);
      if (decision === undefined) return;
      event.preventDefault();
      choose(decision.decision);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });

  const fieldErrors = fieldErrorsOf(decide.error);
  const asked = approval.call === null ? approval.details : approval.call.args;
  return (
    <article
      aria-label={approval.title}
      className={`overflow-hidden rounded-(--radius-3) border bg-(--surface) ${isPending ? "border-(--wait)" : "border-(--border)"}`}
    >
      <div className="flex flex-wrap items-start gap-2 px-4 pt-3">
        {isPending ? (
          <Hand aria-hidden size={16} className="mt-1 shrink-0 text-(--wait)" />
        ) : shown.state !== "decided" ? (
          <CircleSlash aria-hidden size={16} className="mt-1 shrink-0 text-(--text-3)" />
        ) : ["reject", "fail", "skip"].includes(shown.decision ?? "") ? (
          <CircleX aria-hidden size={16} className="mt-1 shrink-0 text-(--fail)" />
        ) : (
          <CircleCheck aria-hidden size={16} className="mt-1 shrink-0 text-(--ok)" />
        )}
        <h3 className="min-w-0 flex-1 [font:var(--type-16)]">{approval.title}</h3>
        {approval.run.sandbox ? <SandboxMark /> : null}
        {approval.risk === "high" ? (
          <span className="inline-flex h-5 items-center gap-1 rounded-(--radius-1) bg-(--fail-soft) px-1.5 text-(--fail) [font:var(--type-11)]">
            <TriangleAlert aria-hidden size={12} /> High risk
          </span>
        ) : null}
      </div>
      <div className="flex flex-col gap-3 px-4 py-3 sm:pl-10">
        {showRun ? (
          <p className="text-(--text-2)">
            <Link
              className="text-(--accent-text) hover:underline"
              href={`/runs/${approval.run.id}?task=${encodeURIComponent(approval.path)}`}
            >
              {approval.run.flowTitle}, run {approval.run.number}
            </Link>{" "}
            started by {approval.run.startedByName}, asked <RelativeTime at={approval.createdAt} />
          </p>
        ) : null}
        {approval.run.sandbox && isPending ? (
          <p className="text-(--text-2)">
            This run only tries the flow out: nothing real comes of what you decide.
          </p>
        ) : null}
        {approval.call === null ? null : (
          <dl className="grid grid-cols-[minmax(72px,max-content)_1fr] gap-x-4 gap-y-1">
            <dt className="text-(--text-2)">Calls</dt>
            <dd className="[font:var(--type-code)]">{approval.call.tool}</dd>
            {approval.call.agent === null ? null : (
              <>
                <dt className="text-(--text-2)">Asked by</dt>
                <dd>
                  {approval.call.agent}{" "}
                  <span className="rounded-(--radius-1) border border-(--border-strong) px-1 text-(--text-2) [font:var(--type-11)]">
                    AI
                  </span>
                </dd>
              </>
            )}
          </dl>
        )}
        {approval.kind === "escalation" ? (
          <FailureDetails details={approval.details} withAttempts={showRun} />
        ) : asked === null || (isObject(asked) && Object.keys(asked).length === 0) ? null : (
          <Fields value={asked} />
        )}
        {isPending && approval.mayDecide && showsFields ? (
          <div className="max-w-[640px]">
            <ShapeFields fields={fields} values={answer} errors={fieldErrors} onChange={setAnswer} />
          </div>
        ) : null}
        {isPending && approval.mayDecide && approval.comment !== "never" ? (
          <div ref={commentBox} className="max-w-[640px]">
            <Field
              label="Comment"
              error={missing}
              optional={approval.comment !== "always"}
              hint={needsReason ? "Needed to say no." : undefined}
            >
              {(ids) => (
                <Textarea
                  {...ids}
                  className="min-h-11"
                  rows={1}
                  value={comment}
                  onChange={(event) => setComment(event.target.value)}
                />
              )}
            </Field>
          </div>
        ) : null}
        {isPending && approval.quorum > 1 ? (
          <p className="flex items-start gap-1.5 text-(--text-2)">
            <Users aria-hidden size={14} className="mt-[3px] shrink-0" /> {votesOf(shown)}
          </p>
        ) : null}
        <FormError error={decide.error} />
      </div>
      <div className="flex flex-wrap items-center gap-2 border-t border-(--border) bg-(--surface-2) px-4 py-2.5">
        {isPending && shown.mayDecide ? (
          approval.decisions.map((option, index) => (
            <Button
              key={option.decision}
              tone={option === primary ? "primary" : "plain"}
              busy={decide.isPending && decide.variables.decision === option.decision}
              disabled={decide.isPending}
              onClick={() => choose(option.decision)}
              className="max-sm:h-auto max-sm:min-h-11 max-sm:w-full max-sm:py-2 max-sm:text-center max-sm:whitespace-normal"
              {...(hotkeys && hotkeyOf(approval, index) !== null
                ? { shortcut: hotkeyOf(approval, index)?.toUpperCase() }
                : {})}
            >
              {isOptional && answers && approval.answers.includes(option.decision)
                ? "Go on with this output"
                : option.label}
            </Button>
          ))
        ) : (
          <p className="text-(--text-2)">{outcomeOf(shown)}</p>
        )}
        <span className="ml-auto flex items-center gap-3 text-(--text-2)">
          {isPending && approval.deadline !== null ? (
            <span>
              until <RelativeTime at={approval.deadline} />
            </span>
          ) : null}
          <button
            type="button"
            aria-expanded={showsBytes}
            onClick={() => setShowsBytes(!showsBytes)}
            className="inline-flex items-center gap-1.5 hover:text-(--text) hover:underline pointer-coarse:min-h-11"
          >
            <Braces aria-hidden size={14} /> Exact bytes,{" "}
            {new TextEncoder().encode(approval.canonical).length} B
          </button>
        </span>
      </div>
      {showsBytes ? (
        <div className="border-t border-(--border) p-4">
          <p className="mb-2 text-(--text-2)">The decision holds for these bytes and no others.</p>
          <pre
            tabIndex={0}
            className="overflow-auto rounded-(--radius-2) bg-(--surface-2) p-3 break-all whitespace-pre-wrap [font:var(--type-code)]"
          >
            {approval.canonical}
          </pre>
          <p className="mt-2 break-all text-(--text-2) [font:var(--type-12)]">SHA-256 {approval.hash}</p>
        </div>
      ) : null}
    </article>
  );
}

/** A takes the first choice; R refuses, where the second one does. */
function hotkeyOf({ decisions, kind }: ApprovalView, index: number): "a" | "r" | null {
  if (index === 0) return "a";
  return index === 1 && kind !== "escalation" && decisions[index] !== undefined ? "r" : null;
}

/** "1 of 2 approved by Ada". */
function votesOf({ votes, quorum }: ApprovalView): string {
  if (votes.length === 0) return `${quorum} people must approve this. One rejection is enough to refuse it.`;
  return `${votes.length} of ${quorum} approved by ${votes.map((vote) => vote.name).join(", ")}`;
}

function outcomeOf(approval: ApprovalView): string {
  if (approval.state === "pending")
    return approval.whyNot ?? `${approval.deciders.join(" or ") || "Nobody yet"} can decide.`;
  if (approval.state === "expired") return "The deadline passed before anybody decided.";
  if (approval.state === "withdrawn") return "The run no longer asks this.";
  const label =
    approval.decisions.find((option) => option.decision === approval.decision)?.label ??
    approval.decision ??
    "";
  const others = approval.votes.filter((vote) => vote.id !== approval.decidedBy?.id).map((vote) => vote.name);
  const who = [...others, approval.decidedBy?.name ?? "Somebody"].join(" and ");
  return `${approval.quorum > 1 ? who : (approval.decidedBy?.name ?? "Somebody")} decided: ${label}${approval.commentText === "" ? "" : `. "${approval.commentText}"`}`;
}

function fieldErrorsOf(error: unknown): Readonly<Record<string, readonly string[]>> {
  const details = (error as { data?: { baton?: { details?: unknown } } } | null)?.data?.baton?.details;
  const fields = isObject(details) ? details["fields"] : undefined;
  return isObject(fields) ? (fields as Record<string, readonly string[]>) : {};
}
