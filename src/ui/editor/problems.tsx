"use client";
import { CircleCheck, CircleX, TriangleAlert, Wand2 } from "lucide-react";
import type { Problem } from "#flow/index.ts";
import { Button } from "../parts/button.tsx";

/** What is wrong with the draft: each leads to its place, and some can be put right with one click. */
export function Problems({
  problems,
  isReadOnly,
  onGoTo,
  onFix,
}: {
  problems: readonly Problem[];
  isReadOnly: boolean;
  onGoTo(problem: Problem): void;
  onFix(problem: Problem): void;
}) {
  if (problems.length === 0) {
    return (
      <p className="flex min-h-9 items-center gap-2 border-t border-(--border) px-4 text-(--text-2)">
        <CircleCheck aria-hidden size={14} className="text-(--ok)" /> No problems
      </p>
    );
  }
  return (
    <ul
      aria-label="Problems"
      tabIndex={0}
      className="max-h-40 shrink-0 divide-y divide-(--border) overflow-y-auto border-t border-(--border)"
    >
      {problems.map((problem, index) => (
        <li key={index} className="flex items-start gap-x-2 pr-3 hover:bg-(--surface-2) max-sm:flex-wrap">
          <button
            type="button"
            onClick={() => onGoTo(problem)}
            className="flex min-w-0 flex-1 items-start gap-2 px-4 py-1.5 text-left max-sm:basis-full pointer-coarse:min-h-11"
          >
            {problem.severity === "error" ? (
              <CircleX aria-label="Error" size={14} className="mt-0.5 shrink-0 text-(--fail)" />
            ) : (
              <TriangleAlert aria-label="Warning" size={14} className="mt-0.5 shrink-0 text-(--wait)" />
            )}
            <span className="min-w-0 flex-1 break-words">{problem.message}</span>
            <span className="whitespace-nowrap text-(--text-3) tabular-nums">
              {problem.line}:{problem.column}{" "}
              <span title="Number of the rule in the language's specification">{problem.rule}</span>
            </span>
          </button>
          {problem.fix === undefined || isReadOnly ? null : (
            <Button size="small" className="my-0.5 max-sm:mb-2 max-sm:ml-9" onClick={() => onFix(problem)}>
              <Wand2 aria-hidden size={13} /> {problem.fix.title}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
