"use client";
import { useQuery } from "@tanstack/react-query";
import { Check, Play, Workflow } from "lucide-react";
import Link from "next/link";
import { useMe } from "../client/me.ts";
import { RunStrip } from "../flows/run-strip.tsx";
import { useTRPC } from "../client/trpc.ts";
import { ApprovalCard } from "../inbox/approval-card.tsx";
import { NoticeRows } from "../inbox/notice-rows.tsx";
import { ButtonLink } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Page } from "../parts/page.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../parts/states.tsx";
import { RunRows } from "../runs/run-rows.tsx";

/** What needs me, what runs now, what changed. */
export function HomePage() {
  const trpc = useTRPC();
  const { me, may } = useMe();
  const home = useQuery(trpc.home.queryOptions());
  const needsMe = home.data?.needsMe ?? [];
  const title =
    home.data === undefined
      ? "Home"
      : needsMe.length === 0
        ? "Nothing waits for you"
        : needsMe.length === 1
          ? "One decision waits for you"
          : `${needsMe.length} decisions wait for you`;
  return (
    <Page
      title={title}
      about={me?.workspace.name ?? "\u00a0"}
      actions={
        me === undefined || may("run.start") ? (
          <ButtonLink
            href="/flows"
            tone={needsMe.length === 0 ? "primary" : "plain"}
            // Keeps its room until it is known who is here and what they are asked.
            className={me === undefined || home.isPending ? "invisible" : ""}
          >
            <Play aria-hidden size={14} /> Start a run
          </ButtonLink>
        ) : null
      }
    >
      {home.error !== null ? (
        <Card flush>
          <ErrorState error={home.error} onRetry={() => void home.refetch()} />
        </Card>
      ) : null}
      {needsMe.length > 0 ? (
        <section aria-label="Needs you" className="flex flex-col gap-3">
          {needsMe.slice(0, 3).map((approval) => (
            <ApprovalCard key={approval.id} approval={approval} showRun hotkeys={needsMe.length === 1} />
          ))}
          {needsMe.length > 3 ? (
            <ButtonLink href="/inbox" className="self-start">
              All {needsMe.length} in the inbox
            </ButtonLink>
          ) : null}
        </section>
      ) : null}
      {home.isPending ? (
        // One block for all: what needs somebody comes first, and nobody knows yet whether anything does.
        <Card flush>
          <SkeletonRows rows={8} />
        </Card>
      ) : null}
      {home.data === undefined ? null : (
        <>
          {home.data.mentions.length === 0 ? null : (
            <Card title="You were mentioned" flush>
              <NoticeRows rows={home.data.mentions} />
            </Card>
          )}
          <Card title="Running now" flush>
            {home.data.running.length === 0 ? (
              <EmptyState
                icon={<Check size={18} />}
                title="All quiet"
                action={<ButtonLink href="/flows">Choose a flow</ButtonLink>}
              >
                No run is under way. What you start appears here, live.
              </EmptyState>
            ) : (
              <RunRows rows={home.data.running} />
            )}
          </Card>
          {home.data.failedMine.length > 0 ? (
            <Card title="Failed runs that you started" flush>
              <RunRows rows={home.data.failedMine} />
            </Card>
          ) : null}
          <Card
            title="Latest"
            flush
            aside={
              <ButtonLink href="/runs" tone="quiet" size="small">
                All runs
              </ButtonLink>
            }
          >
            {home.data.recent.length === 0 ? (
              <EmptyState
                icon={<Workflow size={18} />}
                title="Nothing has run yet"
                action={<ButtonLink href="/flows/support-desk">Open Support desk</ButtonLink>}
              >
                Support desk is a good first flow: agents handle a ticket, and you decide on the refund.
              </EmptyState>
            ) : (
              <RunRows rows={home.data.recent} />
            )}
          </Card>
        </>
      )}
      <FlowsCard />
    </Page>
  );
}

/** The flows at hand, to start one from here. */
function FlowsCard() {
  const trpc = useTRPC();
  const flows = useQuery(trpc.flow.list.queryOptions({}));
  if (flows.data === undefined || flows.data.length === 0) return null;
  return (
    <Card
      title="Flows"
      flush
      aside={
        <ButtonLink href="/flows" tone="quiet" size="small">
          All flows
        </ButtonLink>
      }
    >
      <ul className="grid sm:grid-cols-2 lg:grid-cols-3">
        {flows.data.slice(0, 6).map((flow) => (
          <li key={flow.id} className="-mr-px -mb-px border-r border-b border-(--border)">
            <Link
              href={`/flows/${flow.slug}`}
              className="flex h-full flex-col gap-0.5 px-4 py-3 hover:bg-(--surface-2)"
            >
              <span className="flex items-center gap-2">
                <span className="min-w-0 flex-1 truncate font-semibold">{flow.title}</span>
                {flow.lastRuns.length === 0 ? null : <RunStrip runs={flow.lastRuns} />}
              </span>
              <span className="line-clamp-2 text-(--text-2)">{flow.description}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
