"use client";
import { useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import type { RunView as RunFacts } from "#api/index.ts";
import type { Flow } from "#flow/index.ts";
import type { ApprovalState, RunState, TaskState } from "#flow/machine/index.ts";
import { headerOf, newestPath } from "../model/header.ts";
import { metersOf } from "../model/meters.ts";
import type { RunPlace } from "../model/place.ts";
import { traceTree, type TraceRow } from "../model/tree.ts";
import { SeenAt, useNow } from "./elapsed.tsx";
import { Headline } from "./headline.tsx";
import { MomentBar } from "./moment-bar.tsx";
import { Result } from "./result.tsx";
import { controlsOf, RunActions, type RunControls } from "./run-actions.tsx";
import { Side } from "./side.tsx";
import { NotBegun, TaskDetail } from "./task-detail.tsx";
import { TimeLine } from "./time-line.tsx";
import { TopBar } from "./top-bar.tsx";
import { Trace } from "./trace.tsx";
import { RunOfValues } from "./value.tsx";

export type RunViewProps = {
  run: Omit<RunFacts, "events" | "text">;
  /** The run as it is seen: now, or at the moment of the URL. */
  state: RunState;
  flow: Flow | null;
  flowProblem: string | null;
  /** The last event's number, whatever moment is seen. */
  lastSeq: number;
  place: RunPlace;
  onPlace(place: RunPlace): void;
  currency: string;
  isConnected: boolean;
  /** Who cancelled the run and why, as a sentence. */
  cancelled: string | null;
  may: { control: boolean; edit: boolean; audit: boolean; start: boolean };
  renderApproval(approval: ApprovalState, task: TaskState): ReactNode;
  /** Lets a task be forked from, where the reader may. */
  renderFork(task: TaskState): ReactNode;
  controls: RunControls;
};

const panes = ["Trace", "Words", "More"] as const;
type Pane = (typeof panes)[number];

/** The run page, from plain data: what happens now, the trace, the words, the graph, the time line. */
export function RunView(props: RunViewProps) {
  const { run, state, flow, place, onPlace, currency } = props;
  const isPast = place.at !== null && place.at < props.lastSeq;
  const isOver = state.phase.name === "finished";
  // Of a run that was set aside nothing goes on until it is retried.
  const isLive = !isPast && !isOver && run.state !== "dead-lettered";
  const now = useNow(isLive);
  const [pane, setPane] = useState<Pane>("Words");
  const [row, setRow] = useState<string | null>(null);

  const rows = useMemo(() => traceTree(state, flow), [state, flow]);
  const header = useMemo(() => headerOf(state, run.approvals, run, flow), [state, run, flow]);
  const meters = metersOf(state, flow, currency, isLive ? now : state.lastAt);
  const showsResult = isOver && place.task === null;
  const path = place.task ?? (isOver ? null : newestPath(state));
  const task = path === null ? undefined : state.tasks[path];
  const rowId = row !== null && row.split("#")[0] === path ? row : path;
  const chosen = path === null ? undefined : findRow(rows, path);

  const select = useCallback(
    (next: string | null) => {
      setRow(null);
      onPlace({ task: next, at: place.at });
      setPane("Words");
    },
    [onPlace, place.at],
  );
  const selectRow = useCallback(
    (next: TraceRow) => {
      setRow(next.id);
      onPlace({ task: next.id.split("#")[0] ?? next.path, at: place.at });
    },
    [onPlace, place.at],
  );

  const link = useCallback(() => {
    const url = new URL(window.location.href);
    url.search = "";
    if (path !== null) url.searchParams.set("task", path);
    url.searchParams.set("at", String(state.seq));
    return url.toString().replaceAll("%2F", "/");
  }, [path, state.seq]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "c" || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement | null;
      if (target?.closest("input, textarea, select, [contenteditable], [role=dialog]")) return;
      document.getElementById("run-copy-link")?.click();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  return (
    <SeenAt value={isPast ? state.lastAt : null}>
      <RunOfValues value={run.id}>
        <div className="run-page flex h-[calc(100dvh-56px)] min-h-0 flex-col md:h-dvh bg-(--surface) text-(--text) [font:var(--type-13)]">
          <TopBar run={run} link={link}>
            {props.may.control && !isPast ? (
              <RunActions number={run.number} can={controlsOf(state, run.state)} controls={props.controls} />
            ) : null}
          </TopBar>
          {props.isConnected ? null : (
            <p
              role="status"
              className="shrink-0 border-b border-(--border) bg-(--wait-soft) px-4 py-1.5 text-(--wait)"
            >
              The connection is lost. The run goes on; this page takes it up again by itself.
            </p>
          )}
          {isPast && place.at !== null ? (
            <MomentBar
              at={place.at}
              last={props.lastSeq}
              instant={state.lastAt}
              onMove={(at) => onPlace({ task: place.task, at })}
            />
          ) : null}
          <Headline header={header} meters={meters} startedAt={state.startedAt} />
          <div
            role="group"
            aria-label="Parts of the page"
            className="flex h-11 shrink-0 border-b border-(--border) lg:hidden"
          >
            {panes.map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={pane === name}
                onClick={() => setPane(name)}
                className={`flex-1 border-b-2 text-center ${pane === name ? "border-(--text) font-semibold" : "border-transparent text-(--text-2)"}`}
              >
                {name === "Words"
                  ? showsResult
                    ? "Result"
                    : "Detail"
                  : name === "More"
                    ? "Graph and more"
                    : name}
              </button>
            ))}
          </div>
          <div className="flex min-h-0 flex-1">
            <section
              aria-label="Trace"
              className={`min-h-0 w-full flex-col border-(--border) lg:flex lg:w-[320px] lg:shrink-0 lg:border-r ${pane === "Trace" ? "flex" : "hidden"}`}
            >
              {isOver ? (
                <button
                  type="button"
                  onClick={() => select(null)}
                  aria-pressed={showsResult}
                  className={`flex h-10 shrink-0 items-center border-b border-(--border) px-4 text-left font-semibold ${showsResult ? "bg-(--accent-soft) shadow-[inset_2px_0_0_var(--accent)]" : "hover:bg-(--surface-2)"}`}
                >
                  Result
                </button>
              ) : null}
              <Trace
                rows={rows}
                currency={currency}
                selected={rowId}
                onSelect={(next) => {
                  selectRow(next);
                  if (window.matchMedia("(max-width: 1023px)").matches) setPane("Words");
                }}
              />
            </section>
            <section
              aria-label={showsResult ? "Result" : "Detail"}
              className={`min-h-0 min-w-0 flex-1 flex-col lg:flex ${pane === "Words" ? "flex" : "hidden"}`}
            >
              {showsResult ? (
                <Result
                  state={state}
                  run={run}
                  flow={run.flow}
                  currency={currency}
                  cancelled={props.cancelled}
                  mayEdit={props.may.edit}
                  mayAudit={props.may.audit}
                  mayStart={props.may.start}
                  onSelect={select}
                />
              ) : task !== undefined ? (
                <TaskDetail
                  run={run.id}
                  task={task}
                  row={chosen}
                  state={state}
                  flow={flow}
                  isLive={isLive}
                  currency={currency}
                  focus={rowId?.includes("#") === true ? rowId.slice(rowId.indexOf("#") + 1) : null}
                  renderApproval={props.renderApproval}
                  fork={isPast ? null : props.renderFork(task)}
                  onSelect={select}
                />
              ) : chosen !== undefined ? (
                <NotBegun row={chosen} />
              ) : (
                <p className="px-5 py-3 text-(--text-2)">
                  {path === null ? "Nothing has begun yet." : `There is no task ${path} in this run so far.`}
                </p>
              )}
            </section>
            <section
              aria-label="Graph and more"
              className={`min-h-0 w-full flex-col border-(--border) lg:flex lg:w-[340px] lg:shrink-0 lg:border-l ${pane === "More" ? "flex" : "hidden"}`}
            >
              <Side
                runId={run.id}
                state={state}
                flow={flow}
                flowProblem={props.flowProblem}
                currency={currency}
                selected={path}
                onSelect={select}
              />
            </section>
          </div>
          <div className={`${pane === "More" ? "" : "hidden lg:block"}`}>
            <TimeLine state={state} isLive={isLive} selected={path} onSelect={select} />
          </div>
        </div>
      </RunOfValues>
    </SeenAt>
  );
}

function findRow(rows: readonly TraceRow[], id: string): TraceRow | undefined {
  for (const row of rows) {
    if (row.id === id) return row;
    const found = findRow(row.children, id);
    if (found !== undefined) return found;
  }
  return undefined;
}
