"use client";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Bot, CalendarClock, Cog, KeyRound, ScrollText, Terminal, User, type LucideIcon } from "lucide-react";
import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";
import { useState, type FormEvent } from "react";
import { isObject } from "#base/index.ts";
import type { AuditRow } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Input } from "../parts/field.tsx";
import { Page } from "../parts/page.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../parts/states.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { Fields } from "../run/components/value.tsx";

const icons: Readonly<Record<string, LucideIcon>> = {
  user: User,
  agent: Bot,
  system: Cog,
  cli: Terminal,
  "api-key": KeyRound,
  trigger: CalendarClock,
};

/** Who did what, to what, why. Newest first; the filters are in the URL. */
export function AuditPage() {
  const trpc = useTRPC();
  const router = useRouter();
  const search = useSearchParams();
  const runId = search.get("run") ?? undefined;
  const actor = search.get("actor") ?? undefined;
  const action = search.get("action") ?? undefined;
  const audit = useInfiniteQuery(
    trpc.audit.list.infiniteQueryOptions(
      {
        ...(runId === undefined ? {} : { runId }),
        ...(actor === undefined ? {} : { actor }),
        ...(action === undefined ? {} : { action }),
        limit: 50,
      },
      { getNextPageParam: (page) => page.next ?? undefined },
    ),
  );
  const rows = audit.data?.pages.flatMap((page) => page.rows) ?? [];
  const filter = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const next = new URLSearchParams();
    if (runId !== undefined) next.set("run", runId);
    for (const name of ["actor", "action"]) {
      const value = String(form.get(name) ?? "").trim();
      if (value !== "") next.set(name, value);
    }
    router.replace(`/audit?${next.toString()}`);
  };
  const isFiltered = runId !== undefined || actor !== undefined || action !== undefined;
  return (
    <Page
      title={runId === undefined ? "Audit" : "Who did what in this run"}
      about="Append-only: each entry was written together with what it records."
      actions={
        <form onSubmit={filter} className="flex w-full flex-wrap gap-2">
          <Input
            name="actor"
            aria-label="Who"
            placeholder="Who"
            className="min-w-[40%] flex-1 sm:w-36 sm:min-w-0 sm:flex-none"
            defaultValue={actor ?? ""}
          />
          <Input
            name="action"
            aria-label="What"
            placeholder="What, e.g. approval"
            className="min-w-[40%] flex-1 sm:w-44 sm:min-w-0 sm:flex-none"
            defaultValue={action ?? ""}
          />
          <Button type="submit">Filter</Button>
          {isFiltered ? (
            <Button tone="quiet" onClick={() => router.replace("/audit")}>
              Show all
            </Button>
          ) : null}
        </form>
      }
    >
      {runId === undefined ? null : (
        <Link
          href={`/runs/${runId}`}
          className="inline-flex items-center self-start text-(--accent-text) hover:underline pointer-coarse:min-h-11"
        >
          Back to the run
        </Link>
      )}
      <Card flush>
        {audit.error !== null ? (
          <ErrorState error={audit.error} onRetry={() => void audit.refetch()} />
        ) : audit.isPending ? (
          <SkeletonRows rows={10} height={36} />
        ) : rows.length === 0 ? (
          <EmptyState icon={<ScrollText size={18} />} title="No entry matches">
            {isFiltered
              ? "Nothing in the audit fits these filters."
              : "What people, agents and the system do is written here."}
          </EmptyState>
        ) : (
          <ul className="divide-y divide-(--border)">
            {rows.map((row) => (
              <Entry key={row.seq} row={row} linksRun={runId === undefined} />
            ))}
          </ul>
        )}
      </Card>
      {audit.hasNextPage ? (
        <Button
          className="self-center"
          busy={audit.isFetchingNextPage}
          onClick={() => void audit.fetchNextPage()}
        >
          Show older entries
        </Button>
      ) : null}
    </Page>
  );
}

function Entry({ row, linksRun }: { row: AuditRow; linksRun: boolean }) {
  const [isOpen, setIsOpen] = useState(false);
  const Icon = icons[row.actor.kind] ?? Cog;
  return (
    <li>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
        className="grid min-h-9 w-full grid-cols-[16px_minmax(0,1fr)_max-content] items-center gap-x-3 px-4 py-1.5 hover:bg-(--surface-2) md:grid-cols-[16px_160px_200px_minmax(0,1fr)_max-content] pointer-coarse:min-h-11"
      >
        <Icon aria-hidden size={14} className="text-(--text-3)" />
        <span className="truncate font-medium">
          {row.actor.name}
          {row.actor.kind === "agent" ? (
            <span className="ml-1.5 rounded-(--radius-1) border border-(--border-strong) px-1 font-normal text-(--text-2) [font:var(--type-11)]">
              AI
            </span>
          ) : null}
        </span>
        <span className="col-start-2 truncate text-(--text-2) md:col-start-3">
          {row.action.replaceAll(/[.-]/g, " ")}
        </span>
        <span className="hidden truncate text-(--text-3) [font:var(--type-code)] md:block">
          {gist(row, linksRun)}
        </span>
        <span className="col-start-3 row-start-1 text-(--text-3) md:col-start-5">
          <RelativeTime at={row.at} />
        </span>
      </button>
      {isOpen ? (
        <div className="flex flex-col gap-3 border-t border-(--border) bg-(--surface-2) px-4 py-3 md:pl-11">
          <Fields
            value={{
              who: `${row.actor.kind} ${row.actor.id}`,
              to: `${row.subject.kind} ${row.subject.id}`,
              ...(row.path === null ? {} : { task: row.path }),
              at: new Date(row.at).toISOString(),
              entry: row.seq,
            }}
          />
          <div>
            <p className="mb-1 text-(--text-2)">As it was written</p>
            <pre
              tabIndex={0}
              className="max-h-80 overflow-auto rounded-(--radius-2) border border-(--border) bg-(--surface) p-3 break-all whitespace-pre-wrap [font:var(--type-code)]"
            >
              {row.body}
            </pre>
          </div>
          {linksRun && row.runId !== null ? (
            <Link
              href={`/runs/${row.runId}${row.path === null ? "" : `?task=${encodeURIComponent(row.path)}`}`}
              className="inline-flex items-center self-start text-(--accent-text) hover:underline pointer-coarse:min-h-11"
            >
              Open the run
            </Link>
          ) : null}
        </div>
      ) : null}
    </li>
  );
}

/** Members of an entry's text that name what it is about, the most telling first. */
const telling = ["tool", "model", "title", "trigger", "slug", "name", "email", "flow"] as const;

/** What it was about, in few words: the tool, the model or the title in the entry's text, the task, and the run. */
function gist({ body: text, subject, path, run }: AuditRow, namesRun: boolean): string {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = null;
  }
  const about = isObject(body)
    ? telling
        .map((key) => body[key])
        .find((value) => typeof value === "string" && value !== "" && !isId(value))
    : undefined;
  const words = [
    ...(typeof about === "string" ? [about] : []),
    ...(path === null ? [] : [path]),
    ...(namesRun && run !== null ? [`${run.flow} #${run.number}`] : []),
  ];
  if (words.length > 0) return words.join(", ");
  return isId(subject.id) || subject.id === subject.kind ? subject.kind : `${subject.kind} ${subject.id}`;
}

/** Whether a text is an id that Baton made: it says nothing to people. */
function isId(text: unknown): boolean {
  return typeof text === "string" && /^[a-z]{2,5}_[0-9a-z]{26}$/.test(text);
}
