"use client";
import { FilePenLine, RotateCcw, ScrollText } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { isBlobRef, isFileRef, isObject } from "#base/index.ts";
import { tokensOf, type GoalReached, type RunState } from "#flow/machine/index.ts";
import { costOf, costText, count, spentInWords } from "../model/format.ts";
import { openTasks } from "../model/header.ts";
import { Prose } from "./prose.tsx";
import { Fields, words } from "./value.tsx";

function goalSentence({ reached, reason }: GoalReached): string {
  if (reached === null) return `not known: ${reason ?? "it could not be evaluated"}`;
  return reached ? "reached" : "not reached";
}

/** What a run came to, shown first when it is over: outputs, or what went wrong; what it cost; what to do next. */
export function Result({
  state,
  run,
  flow,
  currency,
  cancelled,
  mayEdit,
  mayAudit,
  mayStart,
  onSelect,
}: {
  state: RunState;
  run: { id: string; number: number; forks: { id: string; number: number; path: string }[] };
  flow: { slug: string; title: string };
  currency: string;
  /** Who cancelled the run and why, as a sentence. */
  cancelled: string | null;
  mayEdit: boolean;
  mayAudit: boolean;
  mayStart: boolean;
  onSelect(path: string): void;
}) {
  const { phase } = state;
  if (phase.name !== "finished") return null;
  const { cost, partly } = costOf(state.usage);
  const tokens = tokensOf(state.usage);
  return (
    <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={0} role="group" aria-label="Outputs and cost">
      <div className="flex max-w-[760px] flex-col gap-5 px-4 py-4 sm:px-5">
        {phase.outcome === "failed" ? <Failure state={state} onSelect={onSelect} /> : null}
        {phase.outcome === "cancelled" ? (
          <p className="text-(--text-2) [font:var(--type-14)]">
            {phase.message === undefined
              ? (cancelled ?? "The run was cancelled.")
              : `The flow stopped it: ${phase.message}`}{" "}
            What was done before stays in the trace.
          </p>
        ) : null}
        {phase.outcome === "succeeded" && phase.message !== undefined && phase.message !== "" ? (
          <p className="[font:var(--type-14)]">
            {state.sandbox?.until === undefined ? "Stopped early: " : ""}
            {phase.message}
          </p>
        ) : null}
        <SandboxNote sandbox={state.sandbox} wasStopped={phase.message !== undefined} />
        {run.forks.length === 0 ? null : (
          <p className="text-(--text-2)">
            Forked as{" "}
            {run.forks.map((fork, index) => (
              <span key={fork.id}>
                {index === 0 ? "" : ", "}
                <Link href={`/runs/${fork.id}`} className="text-(--accent-text) underline underline-offset-2">
                  run {fork.number}
                </Link>{" "}
                from {fork.path}
              </span>
            ))}
            .
          </p>
        )}
        {phase.outputs === null || Object.keys(phase.outputs).length === 0 ? (
          phase.outcome === "succeeded" &&
          !(state.sandbox?.until !== undefined && phase.message !== undefined) ? (
            <p className="text-(--text-2) [font:var(--type-14)]">
              Done. The flow declares no outputs; what each task came to is in the trace.
            </p>
          ) : null
        ) : (
          <dl className="flex flex-col gap-4">
            {Object.entries(phase.outputs).map(([name, value]) => (
              <div key={name}>
                <dt className="mb-0.5 text-(--text-2) [font:var(--type-12)]">{words(name)}</dt>
                <dd className="[font:var(--type-14)]">
                  <Output value={value} />
                </dd>
              </div>
            ))}
          </dl>
        )}
        <dl className="flex flex-wrap gap-x-8 gap-y-2 border-y border-(--border) py-3">
          <Figure name="Cost">
            {cost === null ? "nothing" : `${costText(cost)}${cost === "unknown" ? "" : ` ${currency}`}`}
            {partly ? " and calls of unknown price" : ""}
          </Figure>
          {phase.goal === undefined ? null : <Figure name="Goal">{goalSentence(phase.goal)}</Figure>}
          <Figure name="Took">{spentInWords(phase.at - state.startedAt)}</Figure>
          {tokens === 0 ? null : <Figure name="Tokens">{count(tokens)}</Figure>}
          <Figure name="Model calls">{count(state.usage.modelCalls)}</Figure>
          <Figure name="Tool calls">{count(state.usage.toolCalls)}</Figure>
        </dl>
        <nav aria-label="Next steps" className="flex flex-wrap gap-2">
          {mayAudit ? (
            <Step href={`/audit?run=${run.id}`} icon={<ScrollText aria-hidden size={15} />}>
              See who did what
            </Step>
          ) : null}
          {mayStart && !state.sandbox ? (
            <Step href={`/flows/${flow.slug}`} icon={<RotateCcw aria-hidden size={15} />}>
              Run it again
            </Step>
          ) : null}
          {mayEdit ? (
            <Step
              href={`/flows/${encodeURIComponent(flow.slug)}/edit`}
              icon={<FilePenLine aria-hidden size={15} />}
            >
              Change this flow
            </Step>
          ) : null}
        </nav>
        {state.simulated ? (
          <p className="text-(--text-2)">
            The words of this run are simulated. <Hint href="/settings">Use a real model</Hint>, or{" "}
            <Hint href="/people">invite a teammate</Hint> and send them the link.
          </p>
        ) : null}
      </div>
    </div>
  );
}

/** What is not to be mistaken about a run that only tried a flow out. */
function SandboxNote({ sandbox, wasStopped }: { sandbox: RunState["sandbox"]; wasStopped: boolean }) {
  if (sandbox === undefined) return null;
  return (
    <p className="text-(--text-2)">
      This was a sandbox run: what would have changed something is marked as mocked in the trace, and was not
      done.
      {sandbox.until === undefined || wasStopped
        ? ""
        : ` It ended without coming to “${sandbox.until.split("/").at(-1) ?? ""}”.`}
    </p>
  );
}

function Failure({ state, onSelect }: { state: RunState; onSelect(path: string): void }) {
  const error = state.phase.name === "finished" ? state.phase.error : null;
  if (error === null) return null;
  const task = error.task;
  const stopped = openTasks(state).length;
  return (
    <section role="alert" className="rounded-(--radius-3) border border-(--fail) bg-(--fail-soft) px-4 py-3">
      <h2 className="[font:var(--type-16)]">{error.message}</h2>
      {error.hint === undefined ? null : <p className="mt-1 [font:var(--type-14)]">{error.hint}</p>}
      {task === undefined ? null : (
        <p className="mt-2 text-(--text-2)">
          It happened in{" "}
          <button
            type="button"
            onClick={() => onSelect(task)}
            className="text-(--accent-text) underline underline-offset-2"
          >
            {task}
          </button>
          {stopped > 0 ? `; ${stopped} more were stopped` : ""}.
        </p>
      )}
    </section>
  );
}

function Output({ value }: { value: unknown }) {
  if (typeof value === "string") return <Prose text={value} />;
  if (typeof value === "number") return <span className="tabular-nums">{value.toLocaleString("en")}</span>;
  if (isObject(value) && !isFileRef(value) && !isBlobRef(value))
    return (
      <div className="rounded-(--radius-3) border border-(--border) px-3 py-2">
        <Fields value={value} />
      </div>
    );
  return <Fields value={value} />;
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-(--text-2) [font:var(--type-12)]">{name}</dt>
      <dd className="font-semibold tabular-nums">{children}</dd>
    </div>
  );
}

function Step({ href, icon, children }: { href: string; icon: ReactNode; children: string }) {
  return (
    <Link
      href={href}
      className="inline-flex h-8 items-center gap-2 rounded-(--radius-2) border border-(--border-strong) bg-(--surface) px-3 font-medium hover:bg-(--surface-2) pointer-coarse:h-11"
    >
      {icon}
      {children}
    </Link>
  );
}

function Hint({ href, children }: { href: string; children: string }) {
  return (
    <Link href={href} className="text-(--accent-text) underline underline-offset-2">
      {children}
    </Link>
  );
}
