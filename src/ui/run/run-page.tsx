"use client";
import "./run.css";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useCallback, useEffect, useMemo } from "react";
import type { ApprovalState, RunState, TaskState } from "#flow/machine/index.ts";
import { batonError, useTRPC } from "../client/trpc.ts";
import { ErrorState } from "../parts/states.tsx";
import { ApprovalInPlace } from "./components/approval-in-place.tsx";
import { RunView } from "./components/run-view.tsx";
import { RunSkeleton } from "./components/skeleton.tsx";
import { stateAt } from "./live/run-log.ts";
import { useFlow } from "./live/use-flow.ts";
import { useRun } from "./live/use-run.ts";
import { headerOf } from "./model/header.ts";
import { readPlace, writePlace, type RunPlace } from "./model/place.ts";
import { pendingApproval } from "./model/tree.ts";

/** The page of one run. The URL carries the selected task and the moment. */
export function RunPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const { run, log, error, isConnected, reload } = useRun(id);
  const me = useQuery(trpc.me.queryOptions()).data;
  const { flow, problem } = useFlow(run?.text);
  const cancel = useMutation(trpc.run.cancel.mutationOptions());

  const search = useSearchParams();
  const place = useMemo(() => readPlace(new URLSearchParams(search.toString())), [search]);
  const move = useCallback((next: RunPlace) => {
    window.history.replaceState(null, "", `${window.location.pathname}${writePlace(next)}`);
  }, []);

  const last = log.events.length;
  const isPast = place.at !== null && place.at < last;
  const state = useMemo(
    () => (place.at !== null && place.at < log.events.length ? stateAt(log, place.at) : log.state),
    [log, place.at],
  );
  const approvals = run?.approvals;
  const hot = isPast ? null : firstDecidable(log.state, approvals);
  const renderApproval = useCallback(
    (approval: ApprovalState, task: TaskState) => (
      <ApprovalInPlace
        approval={approval}
        view={isPast ? undefined : approvals?.find((one) => one.id === approval.approvalId)}
        isPast={isPast}
        isOver={task.finishedAt !== null}
        hotkeys={approval.approvalId === hot}
      />
    ),
    [approvals, hot, isPast],
  );

  const title =
    run === undefined || last === 0
      ? null
      : `${headerOf(log.state, run.approvals, run).title} · Run ${run.number}`;
  useEffect(() => {
    if (title !== null) document.title = title;
  }, [title]);

  if (run === undefined) {
    if (error === null) return <RunSkeleton />;
    const { code } = batonError(error);
    return (
      <div className="max-w-[720px] p-4">
        <ErrorState error={error} onRetry={code === "unavailable" ? reload : undefined} />
        <p className="px-4 text-(--text-2)">
          {code === "not-found" || code === "forbidden" ? (
            <>
              The link may be of another workspace, or the run may not be yours to see.{" "}
              <Link href="/runs" className="text-(--accent-text) underline underline-offset-2">
                See the runs of this workspace
              </Link>
            </>
          ) : null}
        </p>
      </div>
    );
  }
  if (last === 0 && run.events.length > 0) return <RunSkeleton />;
  const permissions = me?.permissions ?? [];
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
      may={{
        control: permissions.includes("run.control"),
        edit: permissions.includes("flow.edit"),
        audit: permissions.includes("audit.read"),
        start: permissions.includes("run.start"),
      }}
      renderApproval={renderApproval}
      onCancel={async (reason) => {
        await cancel.mutateAsync({ id, reason });
      }}
    />
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
