"use client";
import { ChevronRight } from "lucide-react";
import { memo, useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { KindIcon } from "../../graph/kind-icon.tsx";
import { StateIcon } from "../../graph/state-icon.tsx";
import { costText } from "../model/format.ts";
import { isOver, visibleRows, type TraceRow, type VisibleRow } from "../model/tree.ts";
import { Elapsed } from "./elapsed.tsx";

/**
 * The run as a tree: tasks, model calls, tool calls, with time and cost. Arrow keys move, open and close as in every
 * tree; what is chosen is shown beside it.
 */
export function Trace({
  rows,
  currency,
  selected,
  onSelect,
}: {
  rows: readonly TraceRow[];
  currency: string;
  /** Row id. */
  selected: string | null;
  onSelect(row: TraceRow): void;
}) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = useState<string | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const visible = useMemo(() => visibleRows(rows, toggled), [rows, toggled]);
  const tabStop =
    [focused, selected].find((id) => visible.some(({ row }) => row.id === id)) ?? visible[0]?.row.id;

  const toggle = useCallback((id: string) => {
    setToggled((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  }, []);

  useEffect(() => {
    if (selected === null) return;
    const element = list.current?.querySelector(`[data-row="${CSS.escape(selected)}"]`);
    element?.scrollIntoView({ block: "nearest" });
  }, [selected]);

  const move = (event: KeyboardEvent): void => {
    // The row that has the focus: one that was just clicked may not be the chosen one yet.
    const at = (event.target as HTMLElement).closest<HTMLElement>("[data-row]")?.dataset["row"] ?? tabStop;
    const index = visible.findIndex(({ row }) => row.id === at);
    const here = visible[index];
    if (here === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const go = (to: VisibleRow | undefined): void => {
      if (to === undefined) return;
      setFocused(to.row.id);
      onSelect(to.row);
      list.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(to.row.id)}"]`)?.focus();
    };
    switch (event.key) {
      case "ArrowDown":
        go(visible[index + 1]);
        break;
      case "ArrowUp":
        go(visible[index - 1]);
        break;
      case "Home":
        go(visible[0]);
        break;
      case "End":
        go(visible.at(-1));
        break;
      case "ArrowRight":
        if (here.row.children.length === 0) break;
        if (here.isOpen) go(visible[index + 1]);
        else toggle(here.row.id);
        break;
      case "ArrowLeft":
        if (here.isOpen) toggle(here.row.id);
        else go(visible.slice(0, index).findLast(({ depth }) => depth < here.depth));
        break;
      case "Enter":
      case " ":
        go(here);
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex h-10 shrink-0 items-center border-b border-(--border) pr-3 pl-4">
        <h2 className="flex-1 font-semibold">Trace</h2>
        <span aria-hidden className="w-14 text-right text-(--text-2) [font:var(--type-12)]">
          time
        </span>
        <span aria-hidden className="w-13 text-right text-(--text-2) [font:var(--type-12)]">
          {currency}
        </span>
      </div>
      <div
        ref={list}
        role="tree"
        aria-label="Trace of the run"
        className="min-h-0 flex-1 overflow-y-auto py-1"
        onKeyDown={move}
      >
        {visible.map((one) => (
          <Row
            key={one.row.id}
            one={one}
            isSelected={one.row.id === selected}
            isTabStop={one.row.id === tabStop}
            onSelect={onSelect}
            onToggle={toggle}
          />
        ))}
      </div>
    </div>
  );
}

const quiet = new Set(["pending", "unreached", "skipped"]);

const Row = memo(function Row({
  one: { row, depth, isOpen },
  isSelected,
  isTabStop,
  onSelect,
  onToggle,
}: {
  one: VisibleRow;
  isSelected: boolean;
  isTabStop: boolean;
  onSelect(row: TraceRow): void;
  onToggle(id: string): void;
}) {
  const isTask = row.icon === "task";
  const canToggle = row.children.length > 0;
  const time = row.startedAt === null ? null : <Elapsed from={row.startedAt} to={row.endedAt} />;
  return (
    <div
      role="treeitem"
      data-row={row.id}
      aria-level={depth + 1}
      aria-selected={isSelected}
      aria-expanded={canToggle ? isOpen : undefined}
      tabIndex={isTabStop ? 0 : -1}
      title={row.note === "" ? undefined : row.note}
      onClick={() => onSelect(row)}
      onDoubleClick={canToggle ? () => onToggle(row.id) : undefined}
      className={`group relative flex h-7 cursor-default items-center gap-2 pr-3 outline-none select-none pointer-coarse:h-11 focus-visible:shadow-[inset_0_0_0_2px_var(--accent)] ${
        isSelected
          ? "bg-(--accent-soft) before:absolute before:inset-y-0 before:left-0 before:w-0.5 before:bg-(--accent)"
          : "hover:bg-(--surface-2)"
      }`}
      style={{ paddingLeft: 8 + depth * 23, contentVisibility: "auto", containIntrinsicHeight: 28 }}
    >
      {Array.from({ length: depth }, (_, level) => (
        <span
          key={level}
          aria-hidden
          className="absolute inset-y-0 w-px bg-(--border)"
          style={{ left: 15 + level * 23 }}
        />
      ))}
      <StateIcon state={row.state} />
      {isTask ? null : <KindIcon kind={row.icon} />}
      <span className="flex min-w-0 flex-1 items-baseline gap-1.5">
        <span
          className={`max-w-full shrink-0 truncate ${isTask ? "font-semibold" : "text-(--text-2)"} ${isTask && quiet.has(row.state) ? "text-(--text-2)" : ""}`}
        >
          {row.name}
        </span>
        {row.label === "" ? null : (
          <span className="min-w-0 truncate text-(--text-3) [font:var(--type-12)]">{row.label}</span>
        )}
      </span>
      {canToggle ? (
        <button
          type="button"
          tabIndex={-1}
          aria-hidden
          onClick={(event) => {
            event.stopPropagation();
            onToggle(row.id);
          }}
          className={`grid size-5 shrink-0 place-items-center rounded-(--radius-1) text-(--text-3) hover:bg-(--surface-3) ${isOpen ? "absolute right-28 bg-(--surface-2) opacity-0 group-hover:opacity-100" : ""}`}
        >
          <ChevronRight size={14} className={isOpen ? "rotate-90" : ""} />
        </button>
      ) : null}
      <span
        className={`w-12 shrink-0 text-right tabular-nums [font:var(--type-12)] ${row.state === "waiting" ? "text-(--wait)" : "text-(--text-2)"}`}
      >
        {time}
      </span>
      <span className="w-13 shrink-0 text-right text-(--text-2) tabular-nums [font:var(--type-12)]">
        {isOver(row.state) || row.cost !== null ? costText(row.cost) : ""}
      </span>
    </div>
  );
});
