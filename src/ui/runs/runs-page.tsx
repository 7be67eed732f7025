"use client";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { useRouter, useSearchParams } from "next/navigation";
import { useDeferredValue, useState } from "react";
import type { RunState } from "#api/index.ts";
import { useMe } from "../client/me.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Checkbox, Input, Select } from "../parts/field.tsx";
import { Page } from "../parts/page.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../parts/states.tsx";
import { BulkBar, BulkProgress, type Chosen } from "./bulk.tsx";
import { RunRows } from "./run-rows.tsx";

const none: Chosen = { kind: "some", ids: new Set() };

type Filter = RunState;
const states: readonly { state: Filter; title: string }[] = [
  { state: "running", title: "Running" },
  { state: "waiting", title: "Waiting" },
  { state: "paused", title: "Paused" },
  { state: "succeeded", title: "Succeeded" },
  { state: "failed", title: "Failed" },
  { state: "cancelled", title: "Cancelled" },
  { state: "queued", title: "Queued" },
  { state: "dead-lettered", title: "Set aside" },
];

/** All runs; the filters are in the URL. */
export function RunsPage() {
  const trpc = useTRPC();
  const { may } = useMe();
  const router = useRouter();
  const search = useSearchParams();
  const flow = search.get("flow") ?? undefined;
  const state = states.find((option) => option.state === search.get("state"))?.state;
  const mine = search.get("mine") === "1";
  const kind = search.get("sandbox");
  const sandbox = kind === "only" || kind === "too" ? kind : undefined;
  const [label, setLabel] = useState(search.get("label") ?? "");
  const wanted = useDeferredValue(label.trim());
  const flows = useQuery(trpc.flow.list.queryOptions({}));
  const runs = useInfiniteQuery(
    trpc.run.list.infiniteQueryOptions(
      {
        ...(flow === undefined ? {} : { flow }),
        ...(state === undefined ? {} : { state }),
        ...(mine ? { mine } : {}),
        ...(sandbox === undefined ? {} : { sandbox }),
        ...(wanted === "" ? {} : { label: wanted }),
        limit: 30,
      },
      { getNextPageParam: (page) => page.next ?? undefined },
    ),
  );
  const [chosen, setChosen] = useState<Chosen>(none);
  const [last, setLast] = useState<string | null>(null);
  const filter = (name: string, value: string): void => {
    setChosen(none);
    const next = new URLSearchParams(search);
    if (value === "") next.delete(name);
    else next.set(name, value);
    router.replace(next.size === 0 ? "/runs" : `/runs?${next.toString()}`);
  };
  const rows = runs.data?.pages.flatMap((page) => page.rows) ?? [];
  const listed = rows.map(({ id }) => id);
  const isChosen = (id: string): boolean => chosen.kind === "all" || chosen.ids.has(id);
  /** With Shift, all between the last one and this one as well. */
  const toggle = (id: string, extend: boolean): void => {
    const ids = new Set(chosen.kind === "all" ? listed : chosen.ids);
    const from = extend && last !== null ? listed.indexOf(last) : -1;
    const to = listed.indexOf(id);
    const turned = from < 0 ? [id] : listed.slice(Math.min(from, to), Math.max(from, to) + 1);
    const isOn = !ids.has(id);
    for (const one of turned) {
      if (isOn) ids.add(one);
      else ids.delete(one);
    }
    setLast(id);
    setChosen({ kind: "some", ids });
  };
  const isAnyChosen = chosen.kind === "all" || chosen.ids.size > 0;
  const isAllChosen = rows.length > 0 && listed.every(isChosen);
  const isFiltered =
    flow !== undefined || state !== undefined || mine || sandbox !== undefined || label !== "";
  return (
    <Page
      title="Runs"
      about="Everything that was started, newest first."
      actions={
        <>
          <Select
            aria-label="Flow"
            className="min-w-0 flex-1 max-sm:basis-[40%] sm:w-44 sm:flex-none"
            value={flow ?? ""}
            onChange={(event) => filter("flow", event.target.value)}
          >
            <option value="">All flows</option>
            {(flows.data ?? []).map((row) => (
              <option key={row.id} value={row.slug}>
                {row.title}
              </option>
            ))}
          </Select>
          <Select
            aria-label="State"
            className="min-w-0 flex-1 max-sm:basis-[40%] sm:w-32 sm:flex-none"
            value={state ?? ""}
            onChange={(event) => filter("state", event.target.value)}
          >
            <option value="">All states</option>
            {states.map((option) => (
              <option key={option.state} value={option.state}>
                {option.title}
              </option>
            ))}
          </Select>
          <Select
            aria-label="Kind of run"
            className="min-w-0 flex-1 max-sm:basis-[60%] sm:w-36 sm:flex-none"
            value={sandbox ?? ""}
            onChange={(event) => filter("sandbox", event.target.value)}
          >
            <option value="">Without sandbox</option>
            <option value="only">Sandbox alone</option>
            <option value="too">Sandbox as well</option>
          </Select>
          <Input
            aria-label="Label"
            placeholder="Label, such as team: support"
            className="min-w-0 flex-1 max-sm:basis-[60%] sm:w-52 sm:flex-none"
            value={label}
            onChange={(event) => {
              setLabel(event.target.value);
              filter("label", event.target.value.trim());
            }}
          />
          <Checkbox
            label="Mine"
            checked={mine}
            onChange={(event) => filter("mine", event.target.checked ? "1" : "")}
          />
        </>
      }
    >
      {may("run.control") ? <BulkProgress /> : null}
      <Card flush>
        {may("run.control") && rows.length > 0 ? (
          <div className="flex items-center border-b border-(--border) px-4 text-(--text-2)">
            <Checkbox
              label="Choose all that are listed"
              checked={isAllChosen}
              onChange={() => setChosen(isAllChosen ? none : { kind: "some", ids: new Set(listed) })}
            />
          </div>
        ) : null}
        {runs.error !== null ? (
          <ErrorState error={runs.error} onRetry={() => void runs.refetch()} />
        ) : runs.isPending ? (
          <SkeletonRows rows={8} />
        ) : rows.length === 0 ? (
          isFiltered ? (
            <EmptyState
              icon={<Play size={18} />}
              title="No run matches"
              action={
                <Button
                  onClick={() => {
                    setLabel("");
                    router.replace("/runs");
                  }}
                >
                  Show all runs
                </Button>
              }
            >
              Nothing was started that fits these filters.
            </EmptyState>
          ) : (
            <EmptyState
              icon={<Play size={18} />}
              title="Nothing has run yet"
              action={
                <ButtonLink href="/flows" tone="primary">
                  Choose a flow
                </ButtonLink>
              }
            >
              Choose a flow and start it; its run appears here at once.
            </EmptyState>
          )
        ) : (
          <RunRows rows={rows} {...(may("run.control") ? { choice: { isChosen, toggle } } : {})} />
        )}
      </Card>
      {runs.hasNextPage ? (
        <Button
          className="self-center"
          busy={runs.isFetchingNextPage}
          onClick={() => void runs.fetchNextPage()}
        >
          Show older runs
        </Button>
      ) : null}
      {isAnyChosen ? (
        <BulkBar
          chosen={chosen}
          filter={{ flow, state, mine, sandbox, label: wanted }}
          isMore={runs.hasNextPage || !isAllChosen}
          onAll={() => setChosen({ kind: "all" })}
          onClear={() => setChosen(none)}
        />
      ) : null}
    </Page>
  );
}
