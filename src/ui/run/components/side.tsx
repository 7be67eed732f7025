"use client";
import { lazy, Suspense, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import type { Flow } from "#flow/index.ts";
import { tokensOf, type RunState } from "#flow/machine/index.ts";
import { StateBadge } from "../../graph/state-icon.tsx";
import { costLines, logLines, runsBelow } from "../model/detail.ts";
import { costOf, costText, count, instant, money, withInstants } from "../model/format.ts";
import { nodeStates } from "../model/graph.ts";
import { staticPathOf } from "../model/paths.ts";
import { definitionAt, taskRowState } from "../model/tree.ts";
import { Fields, JsonText, Words } from "./value.tsx";

const RunGraph = lazy(async () => ({ default: (await import("./run-graph.tsx")).RunGraph }));

const MemoryPanel = lazy(async () => ({
  default: (await import("../../memory/memory-panel.tsx")).MemoryPanel,
}));

const tabs = ["Graph", "In and out", "Log", "Cost", "Memory"] as const;
type Tab = (typeof tabs)[number];

/** The column beside the words: graph, inputs and outputs, log, cost; below the graph the selection's facts. */
export function Side({
  runId,
  state,
  flow,
  flowProblem,
  currency,
  selected,
  onSelect,
}: {
  runId: string;
  state: RunState;
  flow: Flow | null;
  /** Why the graph can't be drawn, if it can't. */
  flowProblem: string | null;
  currency: string;
  /** Task path. */
  selected: string | null;
  onSelect(path: string): void;
}) {
  const [tab, setTab] = useState<Tab>("Graph");
  const bar = useRef<HTMLDivElement>(null);
  const logs = logLines(state);
  const move = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length] ?? "Graph";
    setTab(next);
    bar.current?.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
    event.preventDefault();
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div
        ref={bar}
        role="tablist"
        aria-label="More of this run"
        onKeyDown={move}
        className="flex h-10 shrink-0 gap-4 overflow-x-auto border-b border-(--border) px-4"
      >
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            data-tab={name}
            aria-selected={tab === name}
            aria-controls="run-side"
            tabIndex={tab === name ? 0 : -1}
            onClick={() => setTab(name)}
            className={`-mb-px border-b-2 whitespace-nowrap ${tab === name ? "border-(--text) font-semibold text-(--text)" : "border-transparent text-(--text-2) hover:text-(--text)"}`}
          >
            {name}
            {name === "Log" && logs.length > 0 ? (
              <span className="ml-1.5 text-(--text-3) tabular-nums [font:var(--type-12)]">{logs.length}</span>
            ) : null}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id="run-side"
        aria-labelledby={`tab-${tab}`}
        tabIndex={0}
        className={`flex min-h-0 flex-1 flex-col ${tab === "Graph" ? "" : `overflow-y-auto ${tab === "Memory" ? "" : "p-4"}`}`}
      >
        {tab === "Graph" ? (
          <>
            <div className="min-h-56 flex-[3] bg-(--bg)">
              {flow === null ? (
                <p className="p-4 text-(--text-2)">{flowProblem ?? "Drawing the graph"}</p>
              ) : (
                <Suspense fallback={<p className="p-4 text-(--text-2)">Drawing the graph</p>}>
                  <RunGraph
                    flow={flow}
                    states={nodeStates(state)}
                    selected={selected === null ? null : staticPathOf(selected)}
                    onSelect={(path) => onSelect(instanceOf(state, path))}
                  />
                </Suspense>
              )}
            </div>
            <Facts state={state} flow={flow} selected={selected} />
          </>
        ) : tab === "In and out" ? (
          <InAndOut state={state} />
        ) : tab === "Log" ? (
          <Log lines={logs} state={state} onSelect={onSelect} />
        ) : tab === "Memory" ? (
          <Suspense fallback={<p className="p-4 text-(--text-2)">Looking what is remembered</p>}>
            <MemoryPanel scope="run" subject={runId} />
          </Suspense>
        ) : (
          <Costs state={state} currency={currency} />
        )}
      </div>
    </div>
  );
}

/** The instance to show for a task of the graph: the last that began, else the place itself. */
function instanceOf(state: RunState, path: string): string {
  return state.order.findLast((one) => staticPathOf(one) === path) ?? path;
}

function Facts({ state, flow, selected }: { state: RunState; flow: Flow | null; selected: string | null }) {
  if (selected === null) return null;
  const task = state.tasks[selected];
  const definition = flow === null ? undefined : definitionAt(flow, selected);
  const agent = definition?.kind === "agent" ? flow?.agents[definition.agent] : undefined;
  const facts: [string, ReactNode][] = [];
  const label = withInstants(task?.label ?? "", state.lastAt);
  const kind = task?.kind ?? definition?.kind ?? "";
  if (definition?.kind === "agent") {
    facts.push(["Agent", `${definition.agent}${agent?.role === undefined ? "" : `, ${agent.role}`}`]);
    facts.push(["Model", agent?.model ?? "default"]);
    const tools = agent?.tools.map((grant) => grant.tool) ?? [];
    facts.push([
      "May call",
      tools.length === 0 ? (
        "no tools"
      ) : (
        <code key="tools" className="[font:var(--type-code)]">
          {tools.join(", ")}
        </code>
      ),
    ]);
  } else facts.push(["Kind", label === "" || label === selected ? kind : `${kind}, ${label}`]);
  if (definition?.title !== undefined) facts.push(["Title", definition.title]);
  if (task !== undefined && task.status.name !== "skipped") {
    facts.push(["Began", <Moment key="began" at={task.startedAt} now={state.lastAt} />]);
    if (task.attempt > 1) facts.push(["Attempt", String(task.attempt)]);
    if (task.finishedAt !== null)
      facts.push(["Ended", <Moment key="ended" at={task.finishedAt} now={state.lastAt} />]);
    const tokens = tokensOf(task.usage);
    if (tokens > 0) facts.push(["Tokens", count(tokens)]);
  }
  return (
    <section
      aria-label="The selection"
      className="max-h-64 min-h-28 flex-[2] overflow-y-auto border-t border-(--border) px-4 py-3"
      tabIndex={0}
    >
      <div className="mb-2 flex items-center gap-2">
        <h3 className="truncate font-semibold" title={selected}>
          {task?.id ?? definition?.id ?? selected}
        </h3>
        {task === undefined ? null : <StateBadge state={taskRowState(task, state.paused !== null)} />}
      </div>
      <dl className="grid grid-cols-[72px_1fr] gap-x-4 gap-y-1">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-(--text-2)">{name}</dt>
            <dd className="min-w-0 truncate">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** An instant in few words, the exact one on hover. */
export function Moment({ at, now }: { at: number; now: number }) {
  return (
    <time
      dateTime={new Date(at).toISOString()}
      title={new Date(at).toLocaleString()}
      suppressHydrationWarning
    >
      {instant(at, now)}
    </time>
  );
}

function InAndOut({ state }: { state: RunState }) {
  const outputs = state.phase.name === "finished" ? state.phase.outputs : null;
  const [isRaw, setRaw] = useState(false);
  return (
    <div className="flex flex-col gap-4">
      <Part title="Inputs">
        {isRaw ? <JsonText value={state.inputs} /> : <Fields value={state.inputs} />}
      </Part>
      {Object.keys(state.vars).length === 0 ? null : (
        <Part title="Variables">
          {isRaw ? <JsonText value={state.vars} /> : <Fields value={state.vars} />}
        </Part>
      )}
      <Part title="Outputs">
        {outputs === null ? (
          <span className="text-(--text-2)">
            {state.phase.name === "finished"
              ? "The run ended without outputs."
              : "They come when the run is done."}
          </span>
        ) : isRaw ? (
          <JsonText value={outputs} />
        ) : (
          <Fields value={outputs} />
        )}
      </Part>
      <button
        type="button"
        onClick={() => setRaw(!isRaw)}
        className="self-start text-(--accent-text) hover:underline pointer-coarse:min-h-11"
      >
        {isRaw ? "Show as fields" : "Show as JSON"}
      </button>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3 className="mb-1.5 font-semibold">{title}</h3>
      {children}
    </section>
  );
}

function Log({
  lines,
  state,
  onSelect,
}: {
  lines: ReturnType<typeof logLines>;
  state: RunState;
  onSelect(path: string): void;
}) {
  if (lines.length === 0)
    return <p className="text-(--text-2)">Nothing was logged. A task with the head “log” writes here.</p>;
  return (
    <ol className="flex flex-col gap-2">
      {lines.map((line, index) => (
        <li key={index} className="grid grid-cols-[1fr_auto] gap-x-3">
          <span
            className={`min-w-0 break-words whitespace-pre-wrap ${line.level === "error" ? "text-(--fail)" : line.level === "warn" ? "text-(--wait)" : ""}`}
          >
            {line.level === "info" ? "" : `${line.level}: `}
            <Words text={line.message} />
          </span>
          <span className="text-(--text-3) tabular-nums [font:var(--type-12)] leading-5">
            <Moment at={line.at} now={state.lastAt} />
          </span>
          <button
            type="button"
            onClick={() => onSelect(line.path)}
            className="w-fit text-(--text-3) [font:var(--type-12)] hover:underline"
          >
            {line.path}
          </button>
        </li>
      ))}
    </ol>
  );
}

function Costs({ state, currency }: { state: RunState; currency: string }) {
  const lines = costLines(state);
  const { cost, partly } = costOf(state.usage);
  const below = runsBelow(state);
  if (lines.length === 0 && below === null)
    return <p className="text-(--text-2)">No model was called so far.</p>;
  return (
    <div className="flex flex-col gap-3">
      <table className="w-full [font:var(--type-12)]">
        <thead>
          <tr className="border-b border-(--border) text-left text-(--text-2)">
            <th className="py-1 font-medium">Model</th>
            <th className="py-1 text-right font-medium">Calls</th>
            <th className="py-1 text-right font-medium">In</th>
            <th className="py-1 text-right font-medium">Out</th>
            <th className="py-1 text-right font-medium">{currency}</th>
          </tr>
        </thead>
        <tbody className="tabular-nums">
          {lines.map((line) => (
            <tr key={`${line.provider}${line.model}`} className="border-b border-(--border)">
              <td className="max-w-28 truncate py-1.5" title={`${line.provider}: ${line.model}`}>
                {line.model}
              </td>
              <td className="py-1.5 text-right">{line.calls}</td>
              <td className="py-1.5 text-right">{count(line.inputTokens)}</td>
              <td className="py-1.5 text-right">{count(line.outputTokens)}</td>
              <td className="py-1.5 text-right">
                {line.unknownCosts === line.calls ? "unknown" : money(line.cost)}
              </td>
            </tr>
          ))}
          {below && (
            <tr className="border-b border-(--border)">
              <td className="py-1.5" colSpan={2}>
                {below.runs === 1 ? "A run that it started" : `${below.runs} runs that it started`}
              </td>
              <td className="py-1.5 text-right" colSpan={2} title="Tokens in and out">
                {count(below.tokens)}
              </td>
              <td className="py-1.5 text-right">{costText(below.cost)}</td>
            </tr>
          )}
        </tbody>
        <tfoot className="tabular-nums">
          <tr>
            <th scope="row" colSpan={4} className="py-1.5 text-left font-semibold">
              In all
            </th>
            <td className="py-1.5 text-right font-semibold">{costText(cost)}</td>
          </tr>
        </tfoot>
      </table>
      {partly || cost === "unknown" ? (
        <p className="text-(--text-2)">
          No price is known for some of these calls, so they are not in the sum.
        </p>
      ) : null}
    </div>
  );
}
