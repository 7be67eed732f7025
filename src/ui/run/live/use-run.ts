"use client";
import { skipToken, useQuery } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useReducer, useRef, useState } from "react";
import type { RunView } from "#api/index.ts";
import type { RunEvent } from "#flow/machine/index.ts";
import { useTRPC } from "../../client/trpc.ts";
import { emptyLog, extendLog, type RunLog } from "./run-log.ts";

/** A run, live: what is known of it, its events as they come, and whether the line is up. */
export function useRun(id: string): {
  run: RunView | undefined;
  log: RunLog;
  error: unknown;
  isConnected: boolean;
  reload(): void;
} {
  const trpc = useTRPC();
  const [log, extend] = useReducer(extendLog, emptyLog);
  const query = useQuery(trpc.run.get.queryOptions({ id }, { staleTime: 2_000, refetchOnWindowFocus: true }));
  const { data: run, refetch } = query;

  // Where the subscription begins is settled once; tRPC itself goes on after the last event when the line breaks.
  const [start, setStart] = useState<string | null>(null);
  useEffect(() => {
    if (run === undefined) return;
    extend(run.events);
    setStart((before) => before ?? String(run.events.at(-1)?.seq ?? 0));
  }, [run]);

  const pending = useRef<RunEvent[]>([]);
  const frame = useRef(0);
  useEffect(() => () => cancelAnimationFrame(frame.current), []);
  const isOver = run?.finishedAt != null || log.state.phase.name === "finished";
  const { status } = useSubscription(
    trpc.run.watch.subscriptionOptions(start === null || isOver ? skipToken : { id, lastEventId: start }, {
      onData: ({ data }) => {
        pending.current.push(data as RunEvent);
        if (frame.current !== 0) return;
        frame.current = requestAnimationFrame(() => {
          frame.current = 0;
          extend(pending.current.splice(0));
        });
      },
    }),
  );

  // What the events don't carry (who may decide, what lists say) is read again when it changed.
  const decisions = log.events.reduce(
    (count, { body }) =>
      body.type.startsWith("approval-") || body.type === "run-finished" ? count + 1 : count,
    0,
  );
  const missing =
    run !== undefined &&
    log.state.phase.name !== "finished" &&
    Object.values(log.state.tasks).some((task) =>
      task.approvals.some(
        (one) => one.end === null && !run.approvals.some((view) => view.id === one.approvalId),
      ),
    );
  const known = useRef(0);
  useEffect(() => {
    if (decisions === known.current) return;
    known.current = decisions;
    void refetch();
  }, [decisions, refetch]);
  useEffect(() => {
    if (!missing && !log.hasGap) return;
    const timer = setInterval(() => void refetch(), 700);
    return () => clearInterval(timer);
  }, [missing, log.hasGap, refetch]);

  // A blink is not worth a word.
  const isDown = !isOver && start !== null && (status === "error" || status === "connecting");
  const [isConnected, setConnected] = useState(true);
  useEffect(() => {
    if (!isDown) {
      setConnected(true);
      return;
    }
    const timer = setTimeout(() => setConnected(false), 2_500);
    return () => clearTimeout(timer);
  }, [isDown]);

  return { run, log, error: query.error, isConnected, reload: () => void refetch() };
}
