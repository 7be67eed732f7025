import { readSchedule, type Schedule, type ScheduleTrigger } from "#flow/index.ts";
import { sha256 } from "#platform/index.ts";
import { missedAfter, mostCaughtUp } from "../spec.ts";

/** When a schedule fires next: the instant of the schedule, and when it is due with its jitter. */
export type NextFiring = { readonly scheduledAt: number; readonly nextAt: number };

/** What a schedule has to do at an instant. */
export type Firings = {
  /** Instants of the schedule that start a run each, oldest first. */
  readonly fire: readonly number[];
  /** Missed ones that start nothing. `more`: there were others before. */
  readonly skipped: {
    readonly count: number;
    readonly more: boolean;
    readonly from: number;
    readonly to: number;
  } | null;
  readonly next: NextFiring | null;
};

/** The schedule of a trigger that was checked when it was published; null when the zone is no longer known. */
export function scheduleOf({ cron, timezone }: ScheduleTrigger): Schedule | null {
  const read = readSchedule(cron, timezone);
  return "schedule" in read ? read.schedule : null;
}

/** How long after its instant a firing is due: the same whenever it is asked for, and for each trigger another. */
export function jitterOf(id: string, instant: number, jitter: number): number {
  if (jitter <= 0) return 0;
  return Number.parseInt(sha256(`${id} ${instant}`).slice(0, 12), 16) % jitter;
}

/** The first firing after an instant. */
export function firingAfter(id: string, trigger: ScheduleTrigger, after: number): NextFiring | null {
  const scheduledAt = scheduleOf(trigger)?.next(after) ?? null;
  if (scheduledAt === null) return null;
  return { scheduledAt, nextAt: scheduledAt + jitterOf(id, scheduledAt, trigger.jitter) };
}

/**
 * What is due of a schedule whose next instant is `first`. A firing that is late by more than a minute was missed, and
 * `catchUp` says what becomes of it: `none` starts nothing; `last` starts the latest missed one, unless a firing that is
 * in time starts now; `all` starts each, the latest 100 at most.
 */
export function firingsAt(id: string, trigger: ScheduleTrigger, first: number, now: number): Firings {
  const schedule = scheduleOf(trigger);
  if (schedule === null) return { fire: [], skipped: null, next: null };
  const due = (instant: number): number => instant + jitterOf(id, instant, trigger.jitter);
  const { instants, more } = dueInstants(schedule, first, now, due);
  const inTime = instants.filter((instant) => due(instant) > now - missedAfter);
  const missed = instants.slice(0, instants.length - inTime.length);
  const caughtUp =
    trigger.catchUp === "all"
      ? missed.slice(-mostCaughtUp)
      : trigger.catchUp === "last" && inTime.length === 0
        ? missed.slice(-1)
        : [];
  const left = missed.slice(0, missed.length - caughtUp.length);
  const [oldest] = left;
  const newest = left.at(-1);
  return {
    fire: [...caughtUp, ...inTime],
    skipped:
      oldest === undefined || newest === undefined
        ? null
        : { count: left.length, more, from: more ? first : oldest, to: newest },
    next: nextOf(schedule, instants.at(-1) ?? first - 1, due),
  };
}

function nextOf(schedule: Schedule, after: number, due: (instant: number) => number): NextFiring | null {
  const scheduledAt = schedule.next(after);
  return scheduledAt === null ? null : { scheduledAt, nextAt: due(scheduledAt) };
}

/** Instants that are looked at one by one before only the latest are. */
const mostSteps = 1500;

/** Instants from `first` on that are due, oldest first; where there are very many, the latest of them. */
function dueInstants(
  schedule: Schedule,
  first: number,
  now: number,
  due: (instant: number) => number,
): { readonly instants: readonly number[]; readonly more: boolean } {
  const from = (start: number): { instants: number[]; whole: boolean } => {
    const instants: number[] = [];
    let instant: number | null = start;
    while (instant !== null && due(instant) <= now) {
      if (instants.length >= mostSteps) return { instants, whole: false };
      instants.push(instant);
      instant = schedule.next(instant);
    }
    return { instants, whole: true };
  };
  const all = from(first);
  if (all.whole) return { instants: all.instants, more: false };
  for (let width = 2 * missedAfter; ; width *= 2) {
    const start = schedule.next(now - width);
    const latest = start === null ? all : from(Math.max(start, first));
    if (!latest.whole) return { instants: latest.instants.slice(-mostCaughtUp), more: true };
    const missed = latest.instants.filter((instant) => due(instant) <= now - missedAfter);
    if (missed.length > mostCaughtUp) return { instants: latest.instants, more: true };
  }
}
