"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Archive, ArchiveRestore, Plus, Search, Workflow } from "lucide-react";
import Link from "next/link";
import { useDeferredValue, useState } from "react";
import type { FlowRow } from "#api/index.ts";
import { useMe } from "../client/me.ts";
import { useTRPC } from "../client/trpc.ts";
import { ButtonLink, IconButton } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Checkbox, Input } from "../parts/field.tsx";
import { Labels } from "../parts/labels.tsx";
import { Page } from "../parts/page.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../parts/states.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { useToast } from "../parts/toast.tsx";
import { RunStrip } from "./run-strip.tsx";

export function FlowsPage() {
  const trpc = useTRPC();
  const { me, may } = useMe();
  const [typed, setTyped] = useState("");
  const [showsArchived, setShowsArchived] = useState(false);
  const search = useDeferredValue(typed.trim());
  const flows = useQuery(
    trpc.flow.list.queryOptions({
      ...(search === "" ? {} : { search }),
      ...(showsArchived ? { archived: true } : {}),
    }),
  );
  const rows = flows.data ?? [];
  return (
    <Page
      title="Flows"
      about="What your team has its agents do."
      actions={
        <>
          <label className="relative max-sm:flex-1">
            <span className="sr-only">Search flows</span>
            <Search
              aria-hidden
              size={14}
              className="absolute top-1/2 left-2.5 -translate-y-1/2 text-(--text-3)"
            />
            <Input
              type="search"
              placeholder="Name or label"
              className="pl-8 sm:w-52"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
          <Checkbox
            label="Archived"
            checked={showsArchived}
            onChange={(event) => setShowsArchived(event.target.checked)}
          />
          {me === undefined || may("flow.edit") ? (
            <ButtonLink href="/flows/new" tone="primary" className={me === undefined ? "invisible" : ""}>
              <Plus aria-hidden size={14} /> New flow
            </ButtonLink>
          ) : null}
        </>
      }
    >
      <Card flush>
        {flows.error !== null ? (
          <ErrorState error={flows.error} onRetry={() => void flows.refetch()} />
        ) : flows.isPending ? (
          <SkeletonRows rows={4} height={64} />
        ) : rows.length === 0 ? (
          search !== "" || showsArchived ? (
            <EmptyState icon={<Search size={18} />} title="No flow matches">
              {search === ""
                ? "Nothing is archived."
                : `No flow has "${search}" in its name, description or labels.`}
            </EmptyState>
          ) : (
            <EmptyState
              icon={<Workflow size={18} />}
              title="No flow yet"
              action={
                may("flow.edit") ? (
                  <ButtonLink href="/flows/new" tone="primary">
                    New flow
                  </ButtonLink>
                ) : null
              }
            >
              Start from a blueprint, or paste a YAML file.
            </EmptyState>
          )
        ) : (
          <ul className="divide-y divide-(--border)">
            {rows.map((flow) => (
              <FlowItem key={flow.id} flow={flow} mayEdit={may("flow.edit")} />
            ))}
          </ul>
        )}
      </Card>
    </Page>
  );
}

function FlowItem({ flow, mayEdit }: { flow: FlowRow; mayEdit: boolean }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const say = useToast();
  const archive = useMutation(
    trpc.flow.archive.mutationOptions({
      onSuccess: (_, sent) =>
        say(sent.archived ? `${flow.title} is archived. Its runs stay.` : `${flow.title} is back.`),
      onError: () => say(`${flow.title} could not be changed. Try again.`),
      onSettled: () => queries.invalidateQueries({ queryKey: trpc.flow.list.pathKey() }),
    }),
  );
  return (
    <li className="group relative grid min-h-16 grid-cols-[minmax(0,1fr)_max-content_max-content] items-center gap-x-4 px-4 py-2.5 max-md:gap-x-2 hover:bg-(--surface-2) md:grid-cols-[minmax(0,1fr)_max-content_96px_32px]">
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-2">
          <Link
            href={flow.revision === 0 ? `/flows/${flow.slug}/edit` : `/flows/${flow.slug}`}
            className="truncate font-semibold after:absolute after:inset-0"
          >
            {flow.title}
          </Link>
          <span className="text-(--text-3) [font:var(--type-code)]">{flow.slug}</span>
          {flow.revision === 0 ? (
            <span className="rounded-(--radius-1) bg-(--surface-3) px-1.5 text-(--text-2) [font:var(--type-11)]">
              Draft
            </span>
          ) : null}
          {flow.paused === null ? null : (
            <span className="rounded-(--radius-1) bg-(--wait-soft) px-1.5 text-(--wait) [font:var(--type-11)]">
              Paused
            </span>
          )}
          <Labels labels={flow.labels} />
        </div>
        <p className="truncate text-(--text-2)">
          {flow.description !== ""
            ? flow.description
            : flow.revision === 0
              ? "Never published"
              : `Revision ${flow.revision}`}
        </p>
      </div>
      <div className="relative z-10 justify-self-end">
        <RunStrip runs={flow.lastRuns} />
      </div>
      <span className="hidden text-right text-(--text-3) md:block">
        <RelativeTime at={flow.updatedAt} />
      </span>
      <span className="relative z-10">
        {mayEdit ? (
          <IconButton
            label={flow.archived ? `Bring ${flow.title} back` : `Archive ${flow.title}`}
            onClick={() => archive.mutate({ slug: flow.slug, archived: !flow.archived })}
          >
            {flow.archived ? <ArchiveRestore aria-hidden size={14} /> : <Archive aria-hidden size={14} />}
          </IconButton>
        ) : null}
      </span>
    </li>
  );
}
