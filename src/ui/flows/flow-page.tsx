"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Copy, Eye, PencilLine, Play, SearchX } from "lucide-react";
import { useRouter, useSearchParams } from "next/navigation";
import { useEffect } from "react";
import type { FlowView } from "#api/index.ts";
import { useMe } from "../client/me.ts";
import { batonError, useTRPC } from "../client/trpc.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Page } from "../parts/page.tsx";
import { EmptyState, ErrorState, FormError, SkeletonRows } from "../parts/states.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { RunRows } from "../runs/run-rows.tsx";
import { FlowTriggers } from "../triggers/flow-triggers.tsx";
import { PausedNotice, PauseFlow } from "./flow-pause.tsx";
import { FlowSource, useChecked } from "./flow-source.tsx";
import { FlowTabs } from "./flow-tabs.tsx";
import { StartForm } from "./start-form.tsx";
import { useFlowLink } from "./use-flow-link.ts";
import { useOpenDraft } from "./use-open-draft.ts";

/** One flow: start it, read it as YAML and graph, change it, see its revisions and runs. */
export function FlowPage({ slug }: { slug: string }) {
  const trpc = useTRPC();
  const router = useRouter();
  const search = useSearchParams();
  const asked = Number(search.get("revision"));
  const revision = Number.isInteger(asked) && asked > 0 ? asked : undefined;
  const flow = useQuery(
    trpc.flow.get.queryOptions({ slug, ...(revision === undefined ? {} : { revision }) }),
  );
  useFlowLink(slug, flow.data?.slug);
  // A flow that was never published is nothing but its draft.
  const isDraft = flow.error !== null && batonError(flow.error).code === "conflict";
  useEffect(() => {
    if (isDraft) router.replace(`/flows/${encodeURIComponent(slug)}/edit`);
  }, [isDraft, router, slug]);
  if (flow.error !== null && batonError(flow.error).code === "not-found") {
    return (
      <Page title="There is no such flow">
        <Card flush>
          <EmptyState
            icon={<SearchX size={18} />}
            title={`Nothing is called "${slug}"${revision === undefined ? "" : ` with a revision ${revision}`} here`}
            action={<ButtonLink href="/flows">All flows</ButtonLink>}
          >
            Look for it by another name, or ask who sent the link whether it belongs to another workspace.
          </EmptyState>
        </Card>
      </Page>
    );
  }
  if (flow.error !== null && !isDraft) {
    return (
      <Page title="This flow could not be read">
        <Card flush>
          <ErrorState error={flow.error} onRetry={() => void flow.refetch()} />
        </Card>
        <ButtonLink href="/flows" className="self-start">
          All flows
        </ButtonLink>
      </Page>
    );
  }
  if (flow.data === undefined) {
    return (
      <Page
        title={<span className="skeleton inline-block h-6 w-48" />}
        about={<span className="skeleton inline-block h-4 w-80 max-w-full" />}
      >
        <Card flush>
          <SkeletonRows rows={4} />
        </Card>
        <Card flush>
          <SkeletonRows rows={8} />
        </Card>
      </Page>
    );
  }
  return (
    <Loaded
      key={flow.data.revisionId}
      flow={flow.data}
      shownRevision={revision ?? flow.data.revision}
      isWelcome={search.get("welcome") === "1"}
      showsTriggers={search.get("tab") === "triggers"}
      onRevision={(number) =>
        router.replace(
          number === flow.data.revision ? `/flows/${slug}` : `/flows/${slug}?revision=${number}`,
          { scroll: false },
        )
      }
    />
  );
}

function Loaded({
  flow,
  shownRevision,
  isWelcome,
  showsTriggers,
  onRevision,
}: {
  flow: FlowView;
  shownRevision: number;
  isWelcome: boolean;
  showsTriggers: boolean;
  onRevision(number: number): void;
}) {
  const trpc = useTRPC();
  const router = useRouter();
  const { may } = useMe();
  const checked = useChecked(flow.text);
  const runs = useQuery(trpc.run.list.queryOptions({ flow: flow.slug, limit: 8 }));
  const newest = flow.revisions.reduce((most, row) => Math.max(most, row.number), flow.revision);
  const isOld = shownRevision < newest;
  const open = useOpenDraft();
  const copy = useMutation(
    trpc.flow.duplicate.mutationOptions({ onSuccess: ({ text }) => open.mutate({ text }) }),
  );
  return (
    <Page
      title={flow.title}
      about={flow.description === "" ? flow.slug : flow.description}
      actions={
        <>
          {may("run.control") && !flow.archived ? <PauseFlow flow={flow} /> : null}
          {may("flow.edit") ? (
            <>
              <Button
                busy={copy.isPending || open.isPending || open.isSuccess}
                onClick={() => copy.mutate({ slug: flow.slug })}
              >
                <Copy aria-hidden size={14} /> Duplicate
              </Button>
              <ButtonLink href={`/flows/${encodeURIComponent(flow.slug)}/edit`}>
                <PencilLine aria-hidden size={14} /> Change this flow
              </ButtonLink>
            </>
          ) : (
            <ButtonLink href={`/flows/${encodeURIComponent(flow.slug)}/edit`}>
              <Eye aria-hidden size={14} /> See the draft
            </ButtonLink>
          )}
        </>
      }
    >
      <PausedNotice flow={flow} mayResume={may("run.control")} />
      {isOld ? (
        <p
          role="status"
          className="flex flex-wrap items-center gap-3 rounded-(--radius-2) bg-(--wait-soft) px-3 py-2 text-(--wait)"
        >
          This is revision {shownRevision}; the newest is {newest}.
          <Button size="small" onClick={() => onRevision(newest)}>
            Show the newest
          </Button>
        </p>
      ) : null}
      {copy.error === null && open.error === null ? null : <FormError error={copy.error ?? open.error} />}
      <FlowTabs slug={flow.slug} showsTriggers={showsTriggers} />
      {showsTriggers ? (
        <FlowTriggers slug={flow.slug} />
      ) : (
        <>
          <StartForm
            flow={flow}
            revision={shownRevision}
            isWelcome={isWelcome}
            mayStart={may("run.start") && !flow.archived && flow.paused === null}
            onStarted={(id) => router.push(`/runs/${id}`)}
          />
          <Card
            flush
            title="How it works"
            aside={<span className="text-(--text-3)">Revision {shownRevision}</span>}
          >
            <FlowSource text={flow.text} checked={checked} />
          </Card>
          <div className="grid items-start gap-4 lg:grid-cols-[1.6fr_1fr]">
            <Card
              title="Latest runs"
              flush
              aside={
                <ButtonLink href={`/runs?flow=${encodeURIComponent(flow.slug)}`} tone="quiet" size="small">
                  All of them
                </ButtonLink>
              }
            >
              {runs.error !== null ? (
                <ErrorState error={runs.error} onRetry={() => void runs.refetch()} />
              ) : runs.isPending ? (
                <SkeletonRows rows={3} />
              ) : runs.data.rows.length === 0 ? (
                <EmptyState icon={<Play size={18} />} title="Never run yet">
                  Its runs appear here, the newest on top.
                </EmptyState>
              ) : (
                <RunRows rows={runs.data.rows} withFlow={false} />
              )}
            </Card>
            <Card title="Revisions" flush>
              <ol className="divide-y divide-(--border)">
                {flow.revisions.map((row) => (
                  <li key={row.id}>
                    <button
                      type="button"
                      aria-current={row.number === shownRevision ? "true" : undefined}
                      onClick={() => onRevision(row.number)}
                      className="flex min-h-11 w-full items-center gap-3 px-4 py-1.5 hover:bg-(--surface-2) aria-[current]:bg-(--accent-soft)"
                    >
                      <span className="w-6 font-semibold tabular-nums">{row.number}</span>
                      <span className="min-w-0 flex-1">
                        <span className="block truncate">
                          {row.message === "" ? "No message" : row.message}
                        </span>
                        <span className="block text-(--text-3) [font:var(--type-12)]">{row.createdName}</span>
                      </span>
                      <span className="text-(--text-3)">
                        <RelativeTime at={row.createdAt} />
                      </span>
                    </button>
                  </li>
                ))}
              </ol>
            </Card>
          </div>
        </>
      )}
    </Page>
  );
}
