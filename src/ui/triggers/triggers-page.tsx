"use client";
import { useQuery } from "@tanstack/react-query";
import { CalendarClock } from "lucide-react";
import Link from "next/link";
import type { TriggerView } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { ButtonLink } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Page } from "../parts/page.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../parts/states.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { outcomeWords, TriggerIcon, TriggerState } from "./marks.tsx";

/** What starts flows by itself, in the whole workspace. */
export function TriggersPage() {
  const trpc = useTRPC();
  const triggers = useQuery(trpc.trigger.list.queryOptions());
  return (
    <Page
      title="Triggers"
      about="What starts flows by itself: schedules, calls from outside, and other flows."
    >
      <Card flush>
        {triggers.error !== null ? (
          <ErrorState error={triggers.error} onRetry={() => void triggers.refetch()} />
        ) : triggers.isPending ? (
          <SkeletonRows rows={4} height={56} />
        ) : triggers.data.length === 0 ? (
          <EmptyState
            icon={<CalendarClock size={18} />}
            title="No flow starts by itself"
            action={<ButtonLink href="/flows">All flows</ButtonLink>}
          >
            Add triggers to a flow: a schedule, a webhook, or the end of another flow. They take effect when
            the flow is published.
          </EmptyState>
        ) : (
          <ul className="divide-y divide-(--border)">
            {triggers.data.map((trigger) => (
              <Row key={trigger.id} trigger={trigger} />
            ))}
          </ul>
        )}
      </Card>
    </Page>
  );
}

function Row({ trigger }: { trigger: TriggerView }) {
  const [next] = trigger.next;
  const [last] = trigger.last;
  return (
    <li>
      <Link
        href={`/flows/${trigger.flow.slug}?tab=triggers#${trigger.name}`}
        className="grid min-h-14 grid-cols-[16px_minmax(0,1fr)_max-content] items-center gap-x-3 gap-y-0.5 px-4 py-2 hover:bg-(--surface-2) md:grid-cols-[16px_minmax(0,1.2fr)_minmax(0,1.2fr)_160px_160px]"
      >
        <TriggerIcon kind={trigger.kind} />
        <span className="min-w-0">
          <span className="block truncate font-medium">{trigger.title ?? trigger.name}</span>
          <span className="block truncate text-(--text-2)">{trigger.flow.title}</span>
        </span>
        <span className="col-span-2 col-start-2 truncate text-(--text-2) md:col-span-1 md:col-start-3">
          {trigger.waitsFor}
        </span>
        <span className="col-start-3 row-start-1 md:col-start-4">
          {trigger.state === "on" && next !== undefined ? (
            <span className="whitespace-nowrap">
              <span className="text-(--text-3)">next </span>
              <RelativeTime at={next} />
            </span>
          ) : (
            <TriggerState state={trigger.state} isHeld={trigger.flow.paused} />
          )}
        </span>
        <span className="hidden whitespace-nowrap md:block">
          {last === undefined ? (
            <span className="text-(--text-3)">nothing yet</span>
          ) : (
            <>
              <span className={outcomeWords[last.outcome].look}>{outcomeWords[last.outcome].word}</span>{" "}
              <span className="text-(--text-3)">
                <RelativeTime at={last.at} />
              </span>
            </>
          )}
        </span>
      </Link>
    </li>
  );
}
