import type { ParsedFlow } from "../language/parse.ts";

/** Offsets of a text, the end exclusive. */
type Stretch = { readonly from: number; readonly to: number };

/** A task and where it stands in a text. */
export type TaskStretch = Stretch & { readonly task: string };

/** What is known of something that is pinned to a text. */
export type Pin = {
  readonly kind: "task" | "range";
  /** Id of the task that it is pinned to, or that holds the range, as last known. */
  readonly task: string | null;
  /** What stood there, latest first. */
  readonly quotes: readonly string[];
};

/** `by` tells how it was found: where it was, by the task's name, or by what is written there. */
export type LocatedPin<T> = Stretch & { readonly task: T | null; readonly by: "place" | "name" | "quote" };

/** A shorter quote could be anything when it is found outside of its task. Characters without spaces. */
const tellingQuote = 12;

/** Where each task of a text stands, broken ones with an id included. */
export function taskStretches(parsed: ParsedFlow): TaskStretch[] {
  const tasks = [
    ...[...parsed.paths].map(([{ id }, path]) => ({ id, path })),
    ...parsed.broken.map(({ id, path }) => ({ id, path })),
  ];
  return tasks.flatMap(({ id, path }) => {
    const { start, end } = parsed.source.rangeOf(path);
    return id === undefined ? [] : [{ task: id, from: start, to: end }];
  });
}

/**
 * Finds what a pin is about. `stretch` is where the text that it was put on is now, null where that is gone. A task is
 * followed first by its place, which finds it under another name, then by its name, which finds it elsewhere; a range
 * first by its place, then by what is written. Null: what it was about is not in the text any more.
 */
export function locatePin<T extends TaskStretch>(
  pin: Pin,
  stretch: Stretch | null,
  text: string,
  tasks: readonly T[],
): LocatedPin<T> | null {
  const place = stretch === null ? null : withoutBlank(text, stretch);
  return pin.kind === "task" ? locateTask(pin, place, tasks) : locateRange(pin, place, text, tasks);
}

function locateTask<T extends TaskStretch>(
  pin: Pin,
  place: Stretch | null,
  tasks: readonly T[],
): LocatedPin<T> | null {
  const [best] = place === null ? [] : byLikeness(tasks, place);
  const found = (task: T, by: "place" | "name"): LocatedPin<T> => ({
    from: task.from,
    to: task.to,
    task,
    by,
  });
  if (best !== undefined && best.likeness >= 0.5) return found(best.task, "place");
  const named = tasks.filter(({ task }) => task === pin.task);
  const [nearest] = place === null ? [] : byLikeness(named, place);
  const chosen = nearest?.task ?? named[0];
  if (chosen !== undefined) return found(chosen, "name");
  return best === undefined ? null : found(best.task, "place");
}

function locateRange<T extends TaskStretch>(
  pin: Pin,
  place: Stretch | null,
  text: string,
  tasks: readonly T[],
): LocatedPin<T> | null {
  const located = (at: Stretch, by: "place" | "quote"): LocatedPin<T> => ({
    ...at,
    task: innermost(tasks, at),
    by,
  });
  if (place !== null) return located(place, "place");
  for (const quote of pin.quotes) {
    const homes = tasks.filter(({ task }) => task === pin.task);
    for (const home of homes) {
      const at = onlyMatch(text, quote, home);
      if (at !== null) return located(at, "quote");
    }
    if (quote.replaceAll(/\s/g, "").length < tellingQuote) continue;
    const at = onlyMatch(text, quote, { from: 0, to: text.length });
    if (at !== null) return located(at, "quote");
  }
  return null;
}

/** The tasks that a stretch touches, the one first that is most like it: common characters of all characters. */
function byLikeness<T extends Stretch>(tasks: readonly T[], place: Stretch): { task: T; likeness: number }[] {
  return tasks
    .flatMap((task) => {
      const common = Math.min(task.to, place.to) - Math.max(task.from, place.from);
      const all = Math.max(task.to, place.to) - Math.min(task.from, place.from);
      return common > 0 ? [{ task, likeness: common / all }] : [];
    })
    .toSorted((a, b) => b.likeness - a.likeness);
}

/** The smallest task that holds all of a stretch. */
function innermost<T extends TaskStretch>(tasks: readonly T[], at: Stretch): T | null {
  let found: T | null = null;
  for (const task of tasks) {
    if (task.from > at.from || task.to < at.to) continue;
    if (found === null || task.to - task.from < found.to - found.from) found = task;
  }
  return found;
}

/** A stretch without spaces and line breaks at its ends; null where nothing else is in it. */
export function withoutBlank(text: string, { from, to }: Stretch): Stretch | null {
  const written = text.slice(from, to);
  const start = from + (written.length - written.trimStart().length);
  const end = from + written.trimEnd().length;
  return start < end ? { from: start, to: end } : null;
}

/** Where a quote stands, however it is indented; null where it stands nowhere or several times. */
function onlyMatch(text: string, quote: string, within: Stretch): Stretch | null {
  const words = quote
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return null;
  const pattern = new RegExp(words.map(escaped).join("\\s+"), "g");
  const [first, second] = text.slice(within.from, within.to).matchAll(pattern);
  if (first === undefined || second !== undefined) return null;
  const from = within.from + first.index;
  return { from, to: from + first[0].length };
}

const escaped = (word: string): string => word.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
