"use client";
import "./run.css";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useCallback, useEffect, useMemo } from "react";
import type { RunView as RunFacts } from "#api/index.ts";
import type { ApprovalState, RunState, TaskState } from "#flow/machine/index.ts";
import { useMe } from "../client/me.ts";
import { batonError, useTRPC } from "../client/trpc.ts";
import { ErrorState } from "../parts/states.tsx";
import { ApprovalInPlace } from "./components/approval-in-place.tsx";
import { ForkButton, isForkable } from "./components/fork.tsx";
import { RunView } from "./components/run-view.tsx";
import { RunSkeleton } from "./components/skeleton.tsx";
import { stateAt } from "./live/run-log.ts";
import { useFlow } from "./live/use-flow.ts";
import { useRunLog } from "./live/use-run.ts";
import { runName } from "./model/format.ts";
import { headerOf } from "./model/header.ts";
import { readPlace, writePlace, type RunPlace } from "./model/place.ts";
import { pendingApproval } from "./model/tree.ts";

/** The page of one run. The URL carries the selected task and the moment. */
export function RunPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(
    trpc.run.get.queryOptions(
      { id },
      {
        staleTime: 2_000,
        // Events tell nearly all; that a run was set aside is known to its row alone.
        refetchInterval: ({ state }) => (state.data?.finishedAt === null ? 30_000 : false),
      },
    ),
  );
  if (data !== undefined) return <LoadedRun key={id} run={data} refetch={refetch} />;
  return error === null ? <RunSkeleton /> : <NoRun error={error} onRetry={() => void refetch()} />;
}

function LoadedRun({ run, refetch }: { run: RunFacts; refetch: () => unknown }) {
  const trpc = useTRPC();
  const { log, isConnected } = useRunLog(run, refetch);
  const { me, may } = useMe();
  const { flow, problem } = useFlow(run.text);
  const cancel = useMutation(trpc.run.cancel.mutationOptions());
  const pause = useMutation(trpc.run.pause.mutationOptions());
  const resume = useMutation(trpc.run.resume.mutationOptions());
  const retry = useMutation(trpc.run.retry.mutationOptions());

  const search = useSearchParams();
  const place = useMemo(() => readPlace(new URLSearchParams(search.toString())), [search]);
  const move = useCallback((next: RunPlace) => {
    window.history.replaceState(null, "", `${window.location.pathname}${writePlace(next)}`);
  }, []);

  const last = log.events.length;
  const isPast = place.at !== null && place.at < last;
  const state = useMemo(() => (place.at === null ? log.state : stateAt(log, place.at)), [log, place.at]);
  const { approvals } = run;
  const isSetAside = run.state === "dead-lettered";
  const hot = isPast || isSetAside ? null : firstDecidable(log.state, approvals);
  const renderApproval = useCallback(
    (approval: ApprovalState, task: TaskState) => (
      <ApprovalInPlace
        approval={approval}
        view={isPast ? undefined : approvals.find((one) => one.id === approval.approvalId)}
        isPast={isPast}
        isOver={task.finishedAt !== null}
        isSetAside={isSetAside && !isPast}
        hotkeys={approval.approvalId === hot}
      />
    ),
    [approvals, hot, isPast, isSetAside],
  );

  const asked = log.events.findLast(({ body }) => body.type === "run-cancel-requested")?.body;
  const cancelled =
    asked?.type === "run-cancel-requested"
      ? `${asked.by.name} cancelled it${asked.reason === "" ? "" : `: ${asked.reason}`}.`
      : null;
  const title = `${headerOf(log.state, approvals, run, flow).title} · ${runName(run.number)}`;
  useEffect(() => {
    document.title = title;
  }, [title]);

  return (
    <RunView
      run={run}
      state={state}
      flow={flow}
      flowProblem={problem}
      lastSeq={last}
      place={place}
      onPlace={move}
      currency={me?.workspace.currency ?? ""}
      isConnected={isConnected}
      cancelled={cancelled}
      may={{
        control: may("run.control"),
        edit: may("flow.edit"),
        audit: may("audit.read"),
        start: may("run.start"),
      }}
      renderApproval={renderApproval}
      renderFork={(task) =>
        may("run.control") && flow !== null && isForkable(task) ? (
          <ForkButton run={run} flow={flow} task={task} />
        ) : null
      }
      controls={{
        pause: async () => void (await pause.mutateAsync({ id: run.id })),
        resume: async () => void (await resume.mutateAsync({ id: run.id })),
        retry: async () => {
          await retry.mutateAsync({ id: run.id });
          // It goes on under the same address: from here on its events are followed again.
          move({ task: null, at: null });
          await refetch();
        },
        cancel: async (reason) => void (await cancel.mutateAsync({ id: run.id, reason })),
      }}
    />
  );
}

/** Why the run can't be shown, and where to go from there. */
function NoRun({ error, onRetry }: { error: unknown; onRetry(): void }) {
  const { code } = batonError(error);
  const isRefused = code === "not-found" || code === "forbidden";
  return (
    <div className="max-w-[720px] p-4">
      <ErrorState error={error} onRetry={isRefused ? undefined : onRetry} />
      {isRefused ? (
        <p className="px-4 text-(--text-2)">
          The link may belong to another workspace.{" "}
          <Link href="/runs" className="text-(--accent-text) underline underline-offset-2">
            See the runs of this workspace
          </Link>
        </p>
      ) : null}
    </div>
  );
}

/** The approval that A and R answer: the first pending one that the reader may decide. */
function firstDecidable(
  state: RunState,
  views: readonly { id: string; mayDecide: boolean }[] | undefined,
): string | null {
  for (const path of state.order) {
    const task = state.tasks[path];
    const approval = task === undefined ? undefined : pendingApproval(task);
    if (approval === undefined) continue;
    if (views?.some((view) => view.id === approval.approvalId && view.mayDecide)) return approval.approvalId;
  }
  return null;
}
