"use client";
import { CircleX, TriangleAlert } from "lucide-react";
import type { Problem } from "#flow/index.ts";

/** The problems of a text, each a button that goes to its line. */
export function ProblemList({
  problems,
  onGoTo,
}: {
  problems: readonly Problem[];
  onGoTo(problem: Problem): void;
}) {
  return (
    <ul className="max-h-48 divide-y divide-(--border) overflow-y-auto" aria-label="Problems">
      {problems.map((problem, index) => (
        <li key={index}>
          <button
            type="button"
            onClick={() => onGoTo(problem)}
            className="flex w-full items-start gap-2 px-4 py-1.5 hover:bg-(--surface-2) pointer-coarse:min-h-11"
          >
            {problem.severity === "error" ? (
              <CircleX aria-label="Error" size={14} className="mt-0.5 shrink-0 text-(--fail)" />
            ) : (
              <TriangleAlert aria-label="Warning" size={14} className="mt-0.5 shrink-0 text-(--wait)" />
            )}
            <span className="min-w-0 flex-1">{problem.message}</span>
            <span className="whitespace-nowrap text-(--text-3) tabular-nums">
              {problem.line}:{problem.column}{" "}
              <span title="Number of the rule in the language's specification">{problem.rule}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
