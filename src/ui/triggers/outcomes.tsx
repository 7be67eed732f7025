"use client";
import Link from "next/link";
import type { OutcomeRow } from "#api/index.ts";
import { runStateWord } from "../parts/run-state.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { outcomeWords } from "./marks.tsx";

/** What came of a trigger, newest first, with the runs that it started. */
export function Outcomes({ rows }: { rows: readonly OutcomeRow[] }) {
  if (rows.length === 0) return <p className="text-(--text-3)">Nothing came of it yet.</p>;
  return (
    <ol className="flex flex-col">
      {rows.map((row) => {
        const { word, look } = outcomeWords[row.outcome];
        return (
          <li
            key={row.id}
            className="grid min-h-8 grid-cols-[88px_minmax(0,1fr)_max-content] items-baseline gap-x-3 py-0.5"
          >
            <span className={`font-medium ${look}`}>
              {word}
              {row.count > 1 ? <span className="font-normal tabular-nums"> × {row.count}</span> : null}
            </span>
            <span className="min-w-0 [overflow-wrap:anywhere]">
              {row.run === null ? null : (
                <>
                  <Link href={`/runs/${row.run.id}`} className="font-medium underline underline-offset-2">
                    Run {row.run.number}
                  </Link>{" "}
                  <span className="text-(--text-2)">
                    {runStateWord(row.run.state as Parameters<typeof runStateWord>[0]).toLowerCase()}
                  </span>
                </>
              )}
              {row.message === "" ? null : (
                <span className="block text-(--text-2) [font:var(--type-12)]">{row.message}</span>
              )}
            </span>
            <span className="text-(--text-3)">
              <RelativeTime at={row.at} />
            </span>
          </li>
        );
      })}
    </ol>
  );
}
