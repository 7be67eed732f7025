"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTRPC } from "../client/trpc.ts";

/** Which steps of runs under way see an edit next. */
export function NextReaders({ subject, name }: { subject: string | undefined; name: string }) {
  const trpc = useTRPC();
  const next = useQuery(trpc.memory.next.queryOptions({ subject, name }));
  return (
    <section aria-label="Read next by" className="flex min-h-11 flex-col gap-1">
      <h3 className="font-semibold">Read next by</h3>
      {next.data === undefined ? (
        <p className="text-(--text-3)">
          {next.error === null ? "Looking at the runs under way" : next.error.message}
        </p>
      ) : next.data.readers.length === 0 ? (
        <p className="text-(--text-2)">No run under way reads it any more.</p>
      ) : (
        <ul className="divide-y divide-(--border)">
          {next.data.readers.map(({ runId, runNumber, flow, path, title, agent, when }) => (
            <li key={`${runId} ${path}`} className="flex flex-wrap items-center gap-x-2 py-1">
              <Link
                href={`/runs/${runId}?task=${encodeURIComponent(path)}`}
                className="text-(--accent-text) underline underline-offset-2"
              >
                {flow}, run {runNumber}
              </Link>
              <span>{agent === null ? title : `${agent} in ${title}`}</span>
              <span className="text-(--text-2)">
                {when === "now" ? "at its next step" : "when it begins"}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
