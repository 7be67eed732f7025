"use client";
import { ChevronRight, CircleAlert, CornerDownRight, GitFork, MessageSquareText } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { Flow } from "#flow/index.ts";
import type { ApprovalState, RunState, TaskState } from "#flow/machine/index.ts";
import { KindIcon } from "../../graph/kind-icon.tsx";
import { StateBadge, StateIcon } from "../../graph/state-icon.tsx";
import { stateWords } from "../../graph/states.ts";
import { SimulatedMark } from "../../parts/simulated.tsx";
import { detailOf, type DetailItem } from "../model/detail.ts";
import { costOf, costText, instant, money } from "../model/format.ts";
import { dueAt } from "../model/header.ts";
import {
  definitionAt,
  pendingApproval,
  skipWord,
  taskRowState,
  waitWord,
  type TraceRow,
} from "../model/tree.ts";
import { Crossing } from "./crossing.tsx";
import { Elapsed } from "./elapsed.tsx";
import { Follow } from "./follow.tsx";
import { ModelWords } from "./model-words.tsx";
import { ToolCard } from "./tool-card.tsx";
import { Fields, LargeValue, Words } from "./value.tsx";

/** What the selected task did, to be read from the top; it follows the newest until one scrolls up. */
export function TaskDetail({
  run,
  task,
  row,
  state,
  flow,
  isLive,
  currency,
  focus,
  renderApproval,
  fork,
  onSelect,
}: {
  run: string;
  task: TaskState;
  /** The task's row of the trace, for what it holds. */
  row: TraceRow | undefined;
  state: RunState;
  flow: Flow | null;
  /** False when the run is seen at a past moment. */
  isLive: boolean;
  currency: string;
  /** Effect or approval to bring into view: the part after "#" of a row's id. */
  focus: string | null;
  renderApproval(approval: ApprovalState, task: TaskState): ReactNode;
  /** Lets a run be forked here. */
  fork: ReactNode;
  onSelect(path: string): void;
}) {
  const items = detailOf(task);
  const isOver = task.finishedAt !== null;
  const held = (row?.children ?? []).filter((child) => ["task", "iteration", "block"].includes(child.icon));
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <DetailHead task={task} state={state} flow={flow} currency={currency} fork={fork} />
      <Follow key={task.path} active={isLive && !isOver} focus={focus}>
        <div className="flex flex-col gap-3 px-4 py-3 sm:px-5">
          {items.map((item) => (
            <div key={item.id} data-item={item.id} data-asks={asks(item) ? true : undefined}>
              <Item
                item={item}
                run={run}
                task={task}
                isLive={isLive && !isOver}
                renderApproval={renderApproval}
              />
            </div>
          ))}
          {held.length === 0 ? null : <Held rows={held} onSelect={onSelect} />}
          <Crossing run={run} task={task} />
          <Ending task={task} state={state} hasItems={items.length > 0 || held.length > 0} />
        </div>
      </Follow>
    </div>
  );
}

function DetailHead({
  task,
  state,
  flow,
  currency,
  fork,
}: {
  task: TaskState;
  state: RunState;
  flow: Flow | null;
  currency: string;
  fork: ReactNode;
}) {
  const definition = flow === null ? undefined : definitionAt(flow, task.path);
  const isAgent = task.kind === "agent";
  const agent = definition?.kind === "agent" ? definition.agent : task.label;
  const limits = definition?.kind === "agent" ? definition.limits : undefined;
  const models = task.effects.filter((effect) => effect.kind === "model");
  const speaking = models.some((effect) => effect.end === null) && task.finishedAt === null;
  const simulated = models.some((effect) => effect.end?.name === "finished" && effect.end.simulated);
  const { cost, partly } = costOf(task.usage);
  const rowState = taskRowState(task, state.paused !== null);
  const figures = [
    models.length === 0
      ? ""
      : `step ${models.length}${limits?.steps === undefined ? "" : ` of ${limits.steps}`}`,
    cost === null
      ? ""
      : `${costText(cost)}${partly ? " and unknown" : ""}${limits?.cost === undefined ? "" : ` of ${money(limits.cost)}`} ${cost === "unknown" ? "cost" : currency}`,
  ].filter((text) => text !== "");
  return (
    <div className="flex min-h-10 shrink-0 items-center gap-2 border-b border-(--border) px-4 max-sm:flex-wrap max-sm:py-2 sm:px-5">
      <span className="grid size-5 shrink-0 place-items-center rounded-(--radius-1) bg-(--surface-3)">
        <KindIcon kind={task.kind} size={13} />
      </span>
      <h2 className="truncate font-semibold max-sm:shrink-0 max-sm:max-w-[60%]">
        {isAgent && agent !== "" ? agent : task.id}
      </h2>
      {isAgent ? (
        <abbr
          title="An agent, not a person"
          className="rounded-[3px] border border-(--border-strong) px-1 text-[10px] leading-4 font-medium text-(--text-2) no-underline"
        >
          AI
        </abbr>
      ) : null}
      <span className="hidden truncate text-(--text-2) sm:inline">
        {isAgent ? (definition?.title ?? task.id) : (definition?.title ?? task.kind)}
      </span>
      <StateBadge state={rowState} word={speaking && rowState === "running" ? "Writing" : waitWord(task)} />
      {simulated || (state.simulated && isAgent) ? <SimulatedMark /> : null}
      {task.copiedFrom === null ? null : (
        <span
          title="It was done in the run that this one goes out from; its cost is that run's"
          className="inline-flex h-5 shrink-0 items-center gap-1 rounded-(--radius-1) bg-(--surface-3) px-1.5 text-(--text-2) [font:var(--type-11)]"
        >
          <GitFork aria-hidden size={12} /> Taken over
        </span>
      )}
      <span className="ml-auto hidden shrink-0 gap-3 text-(--text-2) tabular-nums [font:var(--type-12)] md:flex">
        {figures.map((text) => (
          <span key={text}>{text}</span>
        ))}
        {models.length === 0 && task.status.name !== "skipped" ? (
          <span>
            <Elapsed from={task.startedAt} to={task.finishedAt} />
          </span>
        ) : null}
      </span>
      {fork === null ? null : <span className="shrink-0 max-md:ml-auto">{fork}</span>}
    </div>
  );
}

function Item({
  item,
  run,
  task,
  isLive,
  renderApproval,
}: {
  item: DetailItem;
  run: string;
  task: TaskState;
  isLive: boolean;
  renderApproval(approval: ApprovalState, task: TaskState): ReactNode;
}) {
  switch (item.kind) {
    case "asked":
      return typeof item.text === "string" ? (
        <Asked text={item.text} files={item.files} />
      ) : (
        <LargeValue value={item.text} />
      );
    case "attempt":
      return (
        <Note tone="fail">
          Attempt {item.attempt} failed: {item.message}
          {item.hint === "" ? null : <span className="block text-(--text-2)">{item.hint}</span>}
        </Note>
      );
    case "model":
      return <ModelWords run={run} call={item.call} isLive={isLive} />;
    case "tool": {
      const { approval } = item;
      const isSettled = item.call !== null && item.call.end !== null && item.call.end.name !== "lost";
      const waits = approval !== null && approval.end === null && !isSettled;
      if (waits) return renderApproval(approval, task);
      return (
        <ToolCard
          tool={item.tool}
          args={item.args}
          call={item.call}
          approval={approval}
          denied={
            item.denied ??
            (item.call === null && approval?.end?.name === "decided" && approval.end.decision === "reject"
              ? `${approval.end.by?.name ?? "The deadline"} said no${approval.end.comment === "" ? "" : `: ${approval.end.comment}`}`
              : null)
          }
          isOver={task.finishedAt !== null}
        />
      );
    }
    case "approval":
      return renderApproval(item.approval, task);
    case "feedback":
      return (
        <Note tone="wait">
          The answer was sent back: <Words text={item.text} />
        </Note>
      );
    case "log":
      return (
        <p className="flex gap-2">
          <span className="text-(--text-3) [font:var(--type-12)] leading-5">{item.level}</span>
          <span className="min-w-0 break-words">
            <Words text={item.message} />
          </span>
        </p>
      );
  }
}

function Asked({ text, files }: { text: string; files: readonly unknown[] }) {
  const [isOpen, setOpen] = useState(false);
  const isLong = text.length > 140 || text.includes("\n");
  return (
    <div className="text-(--text-2)">
      <button
        type="button"
        disabled={!isLong}
        aria-expanded={isLong ? isOpen : undefined}
        onClick={() => setOpen(!isOpen)}
        className="flex w-full items-start gap-2 text-left pointer-coarse:min-h-11"
      >
        <CornerDownRight aria-hidden size={14} className="mt-[3px] shrink-0 text-(--text-3)" />
        <span className={`min-w-0 flex-1 break-words ${isOpen ? "whitespace-pre-wrap" : "line-clamp-2"}`}>
          asked: {text}
        </span>
        {isLong ? (
          <ChevronRight
            aria-hidden
            size={14}
            className={`mt-[3px] shrink-0 text-(--text-3) ${isOpen ? "rotate-90" : ""}`}
          />
        ) : null}
      </button>
      {files.length === 0 ? null : (
        <div className="mt-1 flex flex-wrap gap-3 pl-[22px]">
          {files.map((file, index) => (
            <Fields key={index} value={file} />
          ))}
        </div>
      )}
    </div>
  );
}

/** The tasks that the selected one holds, as a list to go into. */
function Held({ rows, onSelect }: { rows: readonly TraceRow[]; onSelect(path: string): void }) {
  return (
    <ul className="overflow-hidden rounded-(--radius-3) border border-(--border)">
      {rows.slice(0, 200).map((child) => (
        <li key={child.id} className="border-b border-(--border) last:border-0">
          <button
            type="button"
            onClick={() => onSelect(child.icon === "task" ? child.id : (child.children[0]?.id ?? child.path))}
            className="flex h-9 w-full items-center gap-2 px-3 text-left hover:bg-(--surface-2) pointer-coarse:h-11"
          >
            <StateIcon state={child.state} bare />
            <span className="font-medium">{child.name}</span>
            <span className="truncate text-(--text-2)">{child.label}</span>
            <span className="ml-auto shrink-0 text-(--text-2) [font:var(--type-12)]">
              {stateWords[child.state]}
            </span>
            <span className="w-14 shrink-0 text-right text-(--text-2) tabular-nums [font:var(--type-12)]">
              {child.startedAt === null ? null : <Elapsed from={child.startedAt} to={child.endedAt} />}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Ending({ task, state, hasItems }: { task: TaskState; state: RunState; hasItems: boolean }) {
  const { status } = task;
  switch (status.name) {
    case "failed":
    case "failing":
      // The question how it goes on says why it failed.
      if (pendingApproval(task) !== undefined) return null;
      return (
        <Note tone="fail">
          <strong className="font-semibold">{status.error.message}</strong>
          {status.error.hint === undefined ? null : (
            <span className="block text-(--text-2)">{status.error.hint}</span>
          )}
          {status.name === "failed" && status.handled ? (
            <span className="block text-(--text-2)">The flow goes on in spite of it.</span>
          ) : null}
        </Note>
      );
    case "retrying":
      return (
        <Note tone="wait">
          {status.error.message}
          <span className="block text-(--text-2)">
            It will be tried again at {instant(status.dueAt, state.lastAt)}.
          </span>
        </Note>
      );
    case "skipped":
      return <p className="text-(--text-2)">Skipped: {skipWord(status.reason)}.</p>;
    case "locking":
      return null;
    case "cancelled":
      return <p className="text-(--text-2)">Cancelled before it was done.</p>;
    case "running": {
      if (task.awaited !== undefined || (task.children ?? []).length > 0) return null;
      const due = task.kind === "wait" ? dueAt(state, task.path) : null;
      if (due !== null) return <p className="text-(--text-2)">Goes on {instant(due, state.lastAt)}.</p>;
      return hasItems ? null : <p className="text-(--text-2)">It has just begun.</p>;
    }
    case "succeeded": {
      if (task.kind === "agent" || isEmpty(status.output)) {
        return hasItems ? null : <p className="text-(--text-2)">Done. It has no output.</p>;
      }
      if (hasItems && task.kind === "tool") return null;
      return (
        <section aria-label="Output">
          <h3 className="mb-1 text-(--text-2) [font:var(--type-12)]">Output</h3>
          <Fields value={status.output} />
        </section>
      );
    }
  }
}

function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    (typeof value === "object" && !Array.isArray(value) && Object.keys(value).length === 0)
  );
}

function Note({ tone, children }: { tone: "fail" | "wait"; children: ReactNode }) {
  return (
    <div
      role="note"
      className={`flex items-start gap-2 rounded-(--radius-2) px-3 py-2 ${tone === "fail" ? "bg-(--fail-soft)" : "bg-(--wait-soft)"}`}
    >
      <CircleAlert
        aria-hidden
        size={16}
        className={`mt-0.5 shrink-0 ${tone === "fail" ? "text-(--fail)" : "text-(--wait)"}`}
      />
      <div className="min-w-0 flex-1 break-words">{children}</div>
    </div>
  );
}

/** Whether it waits for a person. */
function asks(item: DetailItem): boolean {
  return (item.kind === "approval" || item.kind === "tool") && item.approval?.end === null;
}

/** What stands in the middle for a task that has not begun. */
export function NotBegun({ row }: { row: TraceRow }) {
  return (
    <div className="flex flex-1 flex-col">
      <div className="flex min-h-10 items-center gap-2 border-b border-(--border) px-5">
        <KindIcon kind={row.kind} />
        <h2 className="font-semibold">{row.name}</h2>
        <span className="text-(--text-2)">{row.label}</span>
        <StateBadge state={row.state} />
      </div>
      <p className="flex items-center gap-2 px-5 py-3 text-(--text-2)">
        <MessageSquareText aria-hidden size={14} className="text-(--text-3)" />
        {row.state === "unreached"
          ? "The run ended before it came to this task."
          : "It has not begun. What it does will be written here."}
      </p>
    </div>
  );
}
