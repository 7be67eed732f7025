/** Time zones, as the runtime's own database tells them. Wall times are written as if they were UTC, in milliseconds. */

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  return format;
}

/** Whether it is the name of a time zone. Offsets such as +02:00 are none: they know no summer. */
export function isKnownZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** How far clocks of the zone are ahead of UTC at an instant, in milliseconds. */
export function offsetAt(zone: string, instant: number): number {
  if (zone === "UTC") return 0;
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of formatOf(zone).formatToParts(instant)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
}

const hour = 3_600_000;
const step = 12 * hour;

/** The first instant in (`from`, `to`] at which the zone's clocks are changed; null when they are not. */
export function transitionBetween(zone: string, from: number, to: number): number | null {
  let low = from;
  let before = offsetAt(zone, low);
  while (low < to) {
    const high = Math.min(low + step, to);
    const offset = offsetAt(zone, high);
    if (offset !== before) return changeWithin(zone, low, high, before);
    low = high;
    before = offset;
  }
  return null;
}

/** Clocks change at full seconds. */
function changeWithin(zone: string, from: number, to: number, before: number): number {
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** When clocks show a time: the first of two instants, or the end of the gap that the time falls into. */
export function wallToInstant(zone: string, wall: number): number {
  const early = wall - offsetAt(zone, wall - 24 * hour);
  const late = wall - offsetAt(zone, wall + 24 * hour);
  if (early === late) return early;
  const fits = (instant: number): boolean => instant + offsetAt(zone, instant) === wall;
  const found = [early, late].filter(fits);
  if (found.length > 0) return Math.min(...found);
  return transitionBetween(zone, Math.min(early, late) - 1, Math.max(early, late)) ?? late;
}
