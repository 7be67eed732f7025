"use client";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { useRouter, useSearchParams } from "next/navigation";
import { useDeferredValue, useState } from "react";
import type { RunState } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Checkbox, Input, Select } from "../parts/field.tsx";
import { Page } from "../parts/page.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../parts/states.tsx";
import { RunRows } from "./run-rows.tsx";

type Filter = RunState;
const states: readonly { state: Filter; title: string }[] = [
  { state: "running", title: "Running" },
  { state: "waiting", title: "Waiting" },
  { state: "succeeded", title: "Succeeded" },
  { state: "failed", title: "Failed" },
  { state: "cancelled", title: "Cancelled" },
  { state: "queued", title: "Queued" },
];

/** All runs; the filters are in the URL. */
export function RunsPage() {
  const trpc = useTRPC();
  const router = useRouter();
  const search = useSearchParams();
  const flow = search.get("flow") ?? undefined;
  const state = states.find((option) => option.state === search.get("state"))?.state;
  const mine = search.get("mine") === "1";
  const [label, setLabel] = useState(search.get("label") ?? "");
  const wanted = useDeferredValue(label.trim());
  const flows = useQuery(trpc.flow.list.queryOptions({}));
  const runs = useInfiniteQuery(
    trpc.run.list.infiniteQueryOptions(
      {
        ...(flow === undefined ? {} : { flow }),
        ...(state === undefined ? {} : { state }),
        ...(mine ? { mine } : {}),
        ...(wanted === "" ? {} : { label: wanted }),
        limit: 30,
      },
      { getNextPageParam: (page) => page.next ?? undefined },
    ),
  );
  const filter = (name: string, value: string): void => {
    const next = new URLSearchParams(search);
    if (value === "") next.delete(name);
    else next.set(name, value);
    router.replace(next.size === 0 ? "/runs" : `/runs?${next.toString()}`);
  };
  const rows = runs.data?.pages.flatMap((page) => page.rows) ?? [];
  const isFiltered = flow !== undefined || state !== undefined || mine || label !== "";
  return (
    <Page
      title="Runs"
      about="Everything that was started, newest first."
      actions={
        <>
          <Select
            aria-label="Flow"
            className="min-w-0 flex-1 sm:w-44 sm:flex-none"
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
            className="min-w-0 flex-1 sm:w-32 sm:flex-none"
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
          <Input
            aria-label="Label"
            placeholder="Label, such as team: support"
            className="min-w-0 flex-1 sm:w-52 sm:flex-none"
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
      <Card flush>
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
          <RunRows rows={rows} />
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
    </Page>
  );
}
