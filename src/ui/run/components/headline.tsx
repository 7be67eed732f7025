"use client";
import {
  CircleCheck,
  CirclePause,
  CircleSlash,
  CircleX,
  Clock3,
  Hand,
  LoaderCircle,
  RotateCw,
  TriangleAlert,
  type LucideIcon,
} from "lucide-react";
import { instant } from "../model/format.ts";
import type { Header, Mood } from "../model/header.ts";
import type { Meter } from "../model/meters.ts";
import { ElapsedWords, useNow } from "./elapsed.tsx";

const looks: Readonly<Record<Mood, { icon: LucideIcon; tile: string; spins?: true }>> = {
  queued: { icon: Clock3, tile: "bg-(--surface-3) text-(--text-2)" },
  running: { icon: LoaderCircle, tile: "bg-(--accent-soft) text-(--accent-text)", spins: true },
  waiting: { icon: Hand, tile: "bg-(--wait-soft) text-(--wait)" },
  timer: { icon: Clock3, tile: "bg-(--accent-soft) text-(--accent-text)" },
  paused: { icon: CirclePause, tile: "bg-(--surface-3) text-(--text-2)" },
  retrying: { icon: RotateCw, tile: "bg-(--wait-soft) text-(--wait)" },
  cancelling: { icon: LoaderCircle, tile: "bg-(--surface-3) text-(--text-2)", spins: true },
  succeeded: { icon: CircleCheck, tile: "bg-(--ok-soft) text-(--ok)" },
  failed: { icon: CircleX, tile: "bg-(--fail-soft) text-(--fail)" },
  cancelled: { icon: CircleSlash, tile: "bg-(--surface-3) text-(--text-2)" },
  "dead-lettered": { icon: TriangleAlert, tile: "bg-(--fail-soft) text-(--fail)" },
};

const endWords: Partial<Record<Mood, string>> = {
  succeeded: "Succeeded after",
  failed: "Failed after",
  cancelled: "Cancelled after",
  "dead-lettered": "Set aside at",
};

/** What happens now, in one sentence; who is awaited, since when, until when; beside it the limits. */
export function Headline({
  header,
  meters,
  startedAt,
}: {
  header: Header;
  meters: readonly Meter[];
  startedAt: number;
}) {
  const { icon: Icon, tile, spins } = looks[header.mood];
  const isOver = ["succeeded", "failed", "cancelled", "dead-lettered"].includes(header.mood);
  const now = useNow(!isOver);
  return (
    <div className="flex shrink-0 flex-col gap-3 border-b border-(--border) bg-(--surface) px-4 py-3 lg:min-h-[76px] lg:flex-row lg:items-center lg:gap-8">
      <div className="flex min-w-0 flex-1 items-start gap-3 lg:items-center">
        <span className={`grid size-9 shrink-0 place-items-center rounded-(--radius-2) ${tile}`}>
          <Icon
            aria-hidden
            size={18}
            className={
              spins === true ? "animate-spin [animation-duration:1.6s] motion-reduce:animate-none" : ""
            }
          />
        </span>
        <div className="min-w-0">
          <h1 aria-live="polite" className="[font:var(--type-20)] [overflow-wrap:anywhere] lg:line-clamp-2">
            {header.title}
          </h1>
          <p className="flex min-h-5 flex-wrap items-center gap-x-2 text-(--text-2)">
            {header.who === "" ? null : <span className="text-(--text)">{header.who}</span>}
            {header.since === null ? null : isOver ? (
              <span>
                {endWords[header.mood] ?? ""}{" "}
                {header.mood === "dead-lettered" ? (
                  instant(header.since, now)
                ) : (
                  <ElapsedWords from={startedAt} to={header.since} />
                )}
                {header.mood === "dead-lettered" ? null : <>, {instant(header.since, now)}</>}
              </span>
            ) : (
              <span>
                for <ElapsedWords from={header.since} to={null} />
                {header.until === null ? "" : `, until ${instant(header.until, now)}`}
              </span>
            )}
            {header.meanwhile === "" ? null : (
              <>
                <span aria-hidden className="mx-1 hidden h-4 w-px bg-(--border-strong) sm:block" />
                <span className="inline-flex items-center gap-1.5 text-(--text)">
                  <LoaderCircle
                    aria-hidden
                    size={14}
                    className="animate-spin text-(--accent-text) [animation-duration:1.6s] motion-reduce:animate-none"
                  />
                  {header.meanwhile}
                </span>
              </>
            )}
          </p>
        </div>
      </div>
      <div className="grid shrink-0 grid-cols-3 gap-4 lg:flex lg:gap-6">
        {meters.map((meter) => (
          <MeterView key={meter.name} meter={meter} />
        ))}
      </div>
    </div>
  );
}

function MeterView({ meter }: { meter: Meter }) {
  const { name, used, limit, share, note } = meter;
  const fill = share !== null && share >= 0.9 ? "bg-(--wait)" : "bg-(--text-3)";
  return (
    <div className={`min-w-0 ${share === null ? "" : "lg:min-w-24"}`} title={note === "" ? undefined : note}>
      <div className="flex flex-col items-baseline justify-between gap-x-3 [font:var(--type-12)] text-(--text-2) sm:flex-row">
        <span>{name}</span>
        <span className="truncate tabular-nums">
          <span className="font-semibold text-(--text)">{used}</span>
          {limit === null ? "" : ` of ${limit}`}
        </span>
      </div>
      {share === null ? (
        <div className="mt-1.5 h-[3px]" />
      ) : (
        <div
          role="meter"
          aria-label={`${name}: ${used}${limit === null ? "" : ` of ${limit}`}`}
          aria-valuenow={Math.round(share * 100)}
          aria-valuemin={0}
          aria-valuemax={100}
          className="mt-1.5 h-[3px] overflow-hidden rounded-full bg-(--surface-3)"
        >
          <div
            className={`h-full rounded-full ${fill}`}
            style={{ width: `${Math.max(1.5, share * 100)}%` }}
          />
        </div>
      )}
      {note === "" ? null : <span className="sr-only">{note}</span>}
    </div>
  );
}
