import { Cron } from "croner";
import { isKnownZone, offsetAt, transitionBetween, wallToInstant } from "./zone.ts";

/** A schedule that can be asked for its times. Instants are epoch milliseconds. */
export type Schedule = {
  /** The first time after an instant; null when there is none. */
  next(after: number): number | null;
};

export type ScheduleProblem = { readonly part: "cron" | "timezone"; readonly message: string };

/** Where a schedule that fires at all is sure to fire again: leap years and weekdays come round in it. */
const sampleFrom = Date.UTC(2024, 0, 1);
const cronHint = "Write five fields (minute, hour, day, month, weekday), or six with seconds first.";

/**
 * Reads a cron text and a time zone. The times are those of clocks on the wall there:
 *
 * - With a named hour, a time that the clocks skip fires at the first instant after the gap, once for all that it
 *   skipped; a time that the clocks show twice fires the first time.
 * - With the hour `*`, hours count as they pass: skipped ones are none, doubled ones are two.
 */
export function readSchedule(
  cron: string,
  timezone: string,
): { readonly schedule: Schedule } | { readonly problem: ScheduleProblem } {
  if (!isKnownZone(timezone)) {
    const message = `There is no time zone "${timezone}". Write one such as Europe/Paris or UTC.`;
    return { problem: { part: "timezone", message } };
  }
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) {
    const message = `"${cron}" has ${fields.length} ${fields.length === 1 ? "field" : "fields"}. ${cronHint}`;
    return { problem: { part: "cron", message } };
  }
  let wall: Cron;
  try {
    // On a clock without changes; the zone's are worked out here.
    wall = new Cron(fields.join(" "), { timezone: "UTC", paused: true, mode: "5-or-6-parts" });
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, "");
    return { problem: { part: "cron", message: `"${cron}" is not a schedule: ${reason} ${cronHint}` } };
  }
  const nextWall = (after: number): number | null => wall.nextRun(new Date(after))?.getTime() ?? null;
  const everyHour = fields.at(-4) === "*";
  return {
    schedule: {
      next: everyHour
        ? (after) => nextPassing(nextWall, timezone, after)
        : (after) => nextShown(nextWall, timezone, after),
    },
  };
}

/** Whether a schedule ever fires. */
export function everFires(schedule: Schedule): boolean {
  return schedule.next(sampleFrom) !== null;
}

/** The shortest time between two of its next firings, in milliseconds; null when there are fewer than two. */
export function shortestGap(schedule: Schedule, samples = 40): number | null {
  let least: number | null = null;
  let last = schedule.next(sampleFrom);
  for (let n = 0; n < samples && last !== null; n += 1) {
    const following = schedule.next(last);
    if (following === null) break;
    least = Math.min(least ?? Infinity, following - last);
    last = following;
  }
  return least;
}

/** The next `count` times after an instant. */
export function nextTimes(schedule: Schedule, after: number, count: number): number[] {
  const times: number[] = [];
  let last: number | null = after;
  while (times.length < count) {
    last = schedule.next(last);
    if (last === null) break;
    times.push(last);
  }
  return times;
}

type NextWall = (after: number) => number | null;

/** Times as clocks show them: a skipped one comes at the end of the gap, a doubled one the first time. */
function nextShown(nextWall: NextWall, zone: string, after: number): number | null {
  let wall: number | null = after + offsetAt(zone, after);
  for (;;) {
    wall = nextWall(wall);
    if (wall === null) return null;
    const instant = wallToInstant(zone, wall);
    // What the clocks show for the second time was there already.
    if (instant > after) return instant;
  }
}

const day = 86_400_000;

/** Times as they pass, where only minutes and seconds (and days) are named. */
function nextPassing(nextWall: NextWall, zone: string, after: number): number | null {
  let from = after;
  let looked = after;
  let offset = offsetAt(zone, after);
  for (;;) {
    const wall = nextWall(from + offset);
    if (wall === null) return null;
    const instant = wall - offset;
    if (instant - from > 3 * day) {
      // Nothing lies between, whatever the clocks do meanwhile: only changes near the time itself matter.
      from = instant - 2 * day;
      looked = from;
      offset = offsetAt(zone, from);
      continue;
    }
    const change = transitionBetween(zone, looked, instant);
    if (change === null) return instant;
    from = change - 1;
    looked = change;
    offset = offsetAt(zone, change);
  }
}
