import type { Cost, Totals } from "#flow/machine/index.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A span as the trace shows it, in tabular figures: `0.3 s`, `6 s` while it grows, `2:08`, `1:02:03`, `2 d 3 h`. */
export function span(milliseconds: number, growing = false): string {
  const ms = Math.max(0, milliseconds);
  if (ms < minute) {
    return growing ? `${Math.floor(ms / second)} s` : `${(Math.round(ms / 100) / 10).toFixed(1)} s`;
  }
  const seconds = Math.floor(ms / second);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (ms < hour) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  if (ms < day)
    return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const days = Math.floor(ms / day);
  const hours = Math.floor((ms % day) / hour);
  return hours === 0 ? `${days} d` : `${days} d ${hours} h`;
}

/** A span in a sentence: `6 s`, `1 min 12 s`, `3 h 5 min`, `2 d 3 h`. */
export function spanInWords(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  const join = (large: string, rest: number, unit: string): string =>
    rest === 0 ? large : `${large} ${rest} ${unit}`;
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return join(`${Math.floor(ms / minute)} min`, Math.floor((ms % minute) / second), "s");
  if (ms < day) return join(`${Math.floor(ms / hour)} h`, Math.floor((ms % hour) / minute), "min");
  return join(`${Math.floor(ms / day)} d`, Math.floor((ms % day) / hour), "h");
}

/** How long something took that is over, in a sentence: as {@link spanInWords}, with tenths below ten seconds. */
export function spentInWords(milliseconds: number): string {
  return milliseconds < 10 * second ? span(milliseconds) : spanInWords(milliseconds);
}

/** `today 11:14`, `tomorrow 11:14`, `Fri 11:14`, `3 Dec 11:14`: an instant seen from `now`, in the reader's zone. */
export function instant(at: number, now: number, locale?: string): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const midnight = (value: number): number => new Date(value).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(at) - midnight(now)) / day);
  if (days === 0) return time;
  if (days === 1) return `tomorrow ${time}`;
  if (days === -1) return `yesterday ${time}`;
  if (days > 1 && days < 7) return `${date.toLocaleDateString(locale, { weekday: "short" })} ${time}`;
  return `${date.toLocaleDateString(locale, { day: "numeric", month: "short" })} ${time}`;
}

/** `just now`, `2 min ago`, `3 h ago`, `4 d ago`. */
export function ago(at: number, now: number): string {
  const ms = Math.max(0, now - at);
  if (ms < minute) return "just now";
  if (ms < hour) return `${Math.floor(ms / minute)} min ago`;
  if (ms < day) return `${Math.floor(ms / hour)} h ago`;
  return `${Math.floor(ms / day)} d ago`;
}

/** Money without its currency: three decimals below 1, two above; `0` stays `0`. */
export function money(amount: number): string {
  if (amount === 0) return "0";
  if (amount < 0.0005) return "<0.001";
  return amount < 1 ? amount.toFixed(3) : amount.toFixed(2);
}

/** The cost of one call. A price that nobody knows is said so. */
export function costText(cost: Cost | null): string {
  if (cost === null) return "";
  return cost === "unknown" ? "unknown" : money(cost);
}

/** What a task or run cost: a number, "unknown", or null when nothing was paid for. `partly` when some calls had no price. */
export function costOf(usage: Totals): { cost: Cost | null; partly: boolean } {
  if (usage.modelCalls === 0 && usage.unknownCosts === 0 && usage.cost === 0)
    return { cost: null, partly: false };
  if (usage.unknownCosts > 0 && usage.cost === 0) return { cost: "unknown", partly: false };
  return { cost: usage.cost, partly: usage.unknownCosts > 0 };
}

/** `18,420`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** `Run 7`; a part of another run's work has a number below zero: `Part 2`. */
export function runName(number: number): string {
  return number < 0 ? `Part ${-number}` : `Run ${number}`;
}

/** `72 B`, `12.4 kB`, `3.1 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Names in a sentence: `Ada`, `Ada or Grace`, `Ada, Grace or Lin`. */
export function either(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? "";
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

/** A text of the server's, which writes instants in ISO as it does not know the reader's clock, with those in words. */
export function withInstants(text: string, now = Date.now()): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (iso) => instant(Date.parse(iso), now));
}
