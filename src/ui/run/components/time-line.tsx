"use client";
import { Hand, Radio, Sparkles, Wrench } from "lucide-react";
import { memo, useMemo } from "react";
import type { RunState } from "#flow/machine/index.ts";
import { span, spanInWords } from "../model/format.ts";
import { timelineOf, type Segment } from "../model/timeline.ts";
import { useNow } from "./elapsed.tsx";

/** What happened when, along the bottom: a lane an agent or task, waiting for a person drawn hollow. */
export const TimeLine = memo(function TimeLine({
  state,
  isLive,
  selected,
  onSelect,
}: {
  state: RunState;
  isLive: boolean;
  /** Task path. */
  selected: string | null;
  onSelect(path: string): void;
}) {
  const now = useNow(isLive);
  const line = useMemo(() => timelineOf(state, isLive ? now : state.lastAt), [state, isLive, now]);
  const width = line.to - line.from;
  const share = (at: number): number => (100 * (at - line.from)) / width;
  return (
    <section
      aria-label="Time line"
      className="flex max-h-44 shrink-0 flex-col border-t border-(--border) bg-(--bg) px-4 pt-2 pb-2"
    >
      <div className="mb-1 flex h-5 shrink-0 items-center gap-3 text-(--text-2) [font:var(--type-12)]">
        <h2 className="text-(--text) font-semibold">Time line</h2>
        <span className="tabular-nums">{spanInWords(width)}</span>
        <span className="ml-auto hidden items-center gap-1 sm:flex">
          <Sparkles aria-hidden size={13} /> model
        </span>
        <span className="hidden items-center gap-1 sm:flex">
          <Wrench aria-hidden size={13} /> tool
        </span>
        <span className="hidden items-center gap-1 text-(--wait) sm:flex">
          <Hand aria-hidden size={13} /> waiting for a person
        </span>
        {isLive ? (
          <span className="ml-auto inline-flex h-5 items-center gap-1 rounded-(--radius-1) bg-(--accent-soft) px-1.5 text-(--accent-text) [font:var(--type-11)] sm:ml-0">
            <Radio aria-hidden size={12} /> Live
          </span>
        ) : null}
      </div>
      <div role="group" aria-label="Lanes" tabIndex={0} className="relative min-h-0 overflow-y-auto">
        {line.lanes.map((lane) => (
          <div key={`${lane.isAgent}${lane.name}`} className="flex h-5 items-center">
            <span
              className={`w-20 shrink-0 truncate pr-2 [font:var(--type-12)] ${lane.segments.some((one) => one.path === selected) ? "text-(--text)" : "text-(--text-2)"}`}
              title={lane.name}
            >
              {lane.name}
            </span>
            <div className="relative h-full flex-1">
              {lane.segments.map((segment) => (
                <Bar
                  key={segment.id}
                  segment={segment}
                  left={share(segment.from)}
                  width={share(segment.to) - share(segment.from)}
                  onSelect={onSelect}
                />
              ))}
            </div>
          </div>
        ))}
        {isLive ? <span aria-hidden className="absolute inset-y-0 right-0 w-px bg-(--accent)" /> : null}
      </div>
    </section>
  );
});

function Bar({
  segment,
  left,
  width,
  onSelect,
}: {
  segment: Segment;
  left: number;
  width: number;
  onSelect(path: string): void;
}) {
  const look =
    segment.kind === "person"
      ? "h-2.5 border border-(--wait) bg-(--wait-soft)"
      : segment.kind === "timer"
        ? "h-2.5 border border-dashed border-(--border-field) bg-(--surface)"
        : segment.isFailed
          ? "h-2.5 bg-(--fail-fill)"
          : segment.isLive
            ? "h-2.5 bg-(--accent)"
            : segment.kind === "tool"
              ? "h-1.5 bg-(--border-field)"
              : "h-2.5 bg-(--text-3)";
  const took = span(segment.to - segment.from);
  return (
    <button
      type="button"
      tabIndex={-1}
      title={`${segment.title}, ${took}`}
      aria-label={`${segment.title}, ${segment.kind === "person" ? "waiting for a person, " : ""}${took}${segment.isFailed ? ", failed" : ""}`}
      onClick={() => onSelect(segment.path)}
      className={`absolute top-1/2 min-w-[3px] -translate-y-1/2 cursor-pointer rounded-[2px] ${look}`}
      style={{ left: `${left}%`, width: `calc(${Math.max(0, width)}% - 1px)` }}
    />
  );
}
