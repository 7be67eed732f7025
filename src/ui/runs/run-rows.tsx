"use client";
import Link from "next/link";
import type { RunRow } from "#api/index.ts";
import { GoalMark } from "../parts/goal.tsx";
import { RunStateIcon } from "../parts/run-state.tsx";
import { SandboxMark } from "../parts/sandbox.tsx";
import { SimulatedMark } from "../parts/simulated.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { money, span, withInstants } from "../run/model/format.ts";
import { Labels } from "../parts/labels.tsx";
import { runStateWord } from "../parts/run-state.tsx";

/** Runs as rows: what happens in each, since when, at what cost. */
export function RunRows({
  rows,
  withFlow = true,
  choice,
}: {
  rows: readonly RunRow[];
  withFlow?: boolean;
  /** Lets rows be chosen. */
  choice?: { isChosen(id: string): boolean; toggle(id: string, extend: boolean): void };
}) {
  return (
    <ul className="divide-y divide-(--border)">
      {rows.map((run) => (
        <li key={run.id} className="flex items-stretch hover:bg-(--surface-2)">
          {choice === undefined ? null : (
            <label className="flex shrink-0 cursor-pointer items-center pr-1 pl-4 pointer-coarse:min-w-11">
              <input
                type="checkbox"
                aria-label={`Choose ${run.flow.title}, run ${run.number}`}
                checked={choice.isChosen(run.id)}
                onClick={(event) => choice.toggle(run.id, event.shiftKey)}
                onChange={() => undefined}
                className="size-4 accent-(--accent)"
              />
            </label>
          )}
          <Link
            href={`/runs/${run.id}`}
            className="grid min-h-11 min-w-0 flex-1 grid-cols-[16px_minmax(0,1fr)_max-content] items-center gap-x-3 px-4 py-2 md:grid-cols-[16px_minmax(0,1.4fr)_minmax(0,1.3fr)_110px_72px_72px]"
          >
            <RunStateIcon state={run.state} />
            <span className="flex min-w-0 items-center gap-2">
              <span className="max-w-[60%] shrink-0 truncate font-medium">
                {withFlow ? run.flow.title : `Run ${run.number}`}
              </span>
              {withFlow ? <span className="whitespace-nowrap text-(--text-3)">run {run.number}</span> : null}
              {run.sandbox ? (
                <span className="hidden md:inline-flex">
                  <SandboxMark />
                </span>
              ) : null}
              {run.simulated ? (
                <span className="hidden lg:inline-flex">
                  <SimulatedMark />
                </span>
              ) : null}
              {run.goal === null ? null : (
                <span className="hidden lg:inline-flex">
                  <GoalMark goal={run.goal} />
                </span>
              )}
              <span className="hidden min-w-0 items-center gap-1 overflow-hidden xl:inline-flex">
                <Labels labels={run.labels} />
              </span>
            </span>
            <span className="col-span-2 col-start-2 flex min-w-0 items-center gap-2 text-(--text-2) md:col-span-1 md:col-start-3">
              <span className="truncate">
                {run.headline === "" ? runStateWord(run.state) : withInstants(run.headline)}
              </span>
              {run.sandbox ? (
                <span className="inline-flex shrink-0 md:hidden">
                  <SandboxMark />
                </span>
              ) : null}
              {run.goal === null ? null : (
                <span className="inline-flex shrink-0 lg:hidden">
                  <GoalMark goal={run.goal} />
                </span>
              )}
            </span>
            <span className="hidden truncate text-(--text-2) md:block">{run.startedBy.name}</span>
            <span className="hidden text-right tabular-nums text-(--text-2) md:block" title="Duration">
              {run.finishedAt === null ? "" : span(run.finishedAt - run.createdAt)}
              {run.finishedAt === null && run.cost > 0 ? money(run.cost) : ""}
            </span>
            <span className="col-start-3 row-start-1 text-right text-(--text-3) md:col-start-6">
              <RelativeTime at={run.createdAt} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
