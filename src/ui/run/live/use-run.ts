"use client";
import { skipToken } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useReducer, useRef, useState } from "react";
import type { RunView } from "#api/index.ts";
import type { RunEvent } from "#flow/machine/index.ts";
import { useTRPC } from "../../client/trpc.ts";
import { frameBatch } from "./frame-batch.ts";
import { emptyLog, extendLog, type RunLog } from "./run-log.ts";

/**
 * A run's events as they come, folded. `run` is what was read last; `refetch` reads it again. For one run a component:
 * give it the run's id as its key.
 */
export function useRunLog(run: RunView, refetch: () => unknown): { log: RunLog; isConnected: boolean } {
  const trpc = useTRPC();
  const [log, extend] = useReducer(extendLog, emptyLog, (log) => extendLog(log, run.events));
  // Where the subscription begins is settled once; tRPC itself goes on after the last event when the line breaks.
  const [start] = useState(() => String(run.events.at(-1)?.seq ?? 0));
  const [batch] = useState(() => frameBatch<RunEvent>(extend));
  useEffect(() => () => batch.stop(), [batch]);
  useEffect(() => extend(run.events), [run.events]);

  const isOver = run.finishedAt !== null || log.state.phase.name === "finished";
  const { status } = useSubscription(
    trpc.run.watch.subscriptionOptions(isOver ? skipToken : { id: run.id, lastEventId: start }, {
      onData: ({ data }) => batch.push(data as RunEvent),
    }),
  );

  // What the events don't carry (who may decide, what lists say) is read again when it changed.
  const decisions = log.events.reduce(
    (count, { body }) =>
      body.type.startsWith("approval-") || body.type === "run-finished" ? count + 1 : count,
    0,
  );
  const known = useRef(decisions);
  useEffect(() => {
    if (decisions === known.current) return;
    known.current = decisions;
    refetch();
  }, [decisions, refetch]);
  const isMissing =
    log.hasGap ||
    (log.state.phase.name !== "finished" &&
      Object.values(log.state.tasks).some((task) =>
        task.approvals.some(
          (one) => one.end === null && !run.approvals.some((view) => view.id === one.approvalId),
        ),
      ));
  useEffect(() => {
    if (!isMissing) return;
    const timer = setInterval(() => refetch(), 700);
    return () => clearInterval(timer);
  }, [isMissing, refetch]);

  const isDown = !isOver && (status === "error" || status === "connecting");
  return { log, isConnected: !useLasting(isDown, 2_500) };
}

/** Whether `value` has been true for so many milliseconds: a blink is not worth a word. */
function useLasting(value: boolean, milliseconds: number): boolean {
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    if (!value) return;
    const timer = setTimeout(() => setLasts(true), milliseconds);
    return () => {
      clearTimeout(timer);
      setLasts(false);
    };
  }, [value, milliseconds]);
  return value && lasts;
}
