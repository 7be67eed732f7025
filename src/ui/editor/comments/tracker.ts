import type { Text } from "yjs";
import { anchorOf, stretchOf, type Anchor } from "#collab/client.ts";
import { locatePin, withoutBlank, type Pin } from "#flow/index.ts";
import type { CommentThread } from "#api/index.ts";
import type { Place } from "../language/protocol.ts";

/** As much of a thread as finding its place takes. */
export type Pinned = Pick<CommentThread, "id" | "kind" | "anchor" | "version" | "task" | "quote">;

/**
 * Where a thread's pin is now. `node`: the task's node in the graph. "gone": what it was about is not in the text any
 * more; "unseen": it has not arrived here yet.
 */
export type Located =
  | { readonly state: "there"; readonly from: number; readonly to: number; readonly node: string | null }
  | { readonly state: "gone" }
  | { readonly state: "unseen" };

/** What the text was found to be; `isReadable`: whether `places` tells all tasks of it. */
export type Reading = { readonly isReadable: boolean; readonly places: readonly Place[] };

type Known = {
  readonly version: number;
  readonly anchor: Anchor;
  readonly task: string | null;
  /** What stood there, latest first. */
  readonly quotes: readonly string[];
  readonly located: Located;
};
type Task = { readonly task: string; readonly node: string; readonly from: number; readonly to: number };

const longestQuote = 1000;

/**
 * Keeps an eye on pins while a text changes. A task that is renamed is known by its place, one that is moved by its name;
 * looking after every change finds it through any number of both, which one look at the end could not.
 */
export class PinTracker {
  readonly #text: Text;
  readonly #known = new Map<string, Known>();

  constructor(text: Text) {
    this.#text = text;
  }

  /** Where each pin is in the text as it is now, which the reading must be of. */
  look(threads: readonly Pinned[], reading: Reading): Map<string, Located> {
    const tasks = tasksOf(reading.places);
    const text = this.#text.toString();
    const found = new Map<string, Located>();
    for (const thread of threads) {
      const before = this.#known.get(thread.id);
      const known = before?.version === thread.version ? before : begun(thread);
      const after = reading.isReadable
        ? this.#inReadable(thread, known, text, tasks)
        : this.#inUnreadable(thread, known, text);
      this.#known.set(thread.id, after);
      found.set(thread.id, after.located);
    }
    for (const id of this.#known.keys()) if (!found.has(id)) this.#known.delete(id);
    return found;
  }

  /**
   * Where a thread's pin went, if who opens the draft later would not find it by what is saved: null while they would, or
   * while it is not there.
   */
  wentTo(thread: Pinned, reading: Reading): { readonly anchor: Anchor; readonly task: string | null } | null {
    const known = this.#known.get(thread.id);
    if (!reading.isReadable || known === undefined || known.located.state !== "there") return null;
    const text = this.#text.toString();
    const saved = stretchOf(this.#text, thread.anchor);
    if (saved === "unseen") return null;
    const found = locatePin(pinOf(thread, thread.task, [thread.quote]), saved, text, tasksOf(reading.places));
    const isFound =
      found !== null &&
      found.by === "place" &&
      found.from === known.located.from &&
      (found.task?.task ?? null) === thread.task;
    return isFound ? null : { anchor: known.anchor, task: known.task };
  }

  #inReadable(thread: Pinned, known: Known, text: string, tasks: readonly Task[]): Known {
    const stretch = stretchOf(this.#text, known.anchor);
    if (stretch === "unseen") return { ...known, located: { state: "unseen" } };
    const found = locatePin(pinOf(thread, known.task, known.quotes), stretch, text, tasks);
    if (found === null) return { ...known, located: { state: "gone" } };
    const { from, to, by, task } = found;
    const at = stretch === null ? null : withoutBlank(text, stretch);
    const isOld = by === "place" && at?.from === from && at.to === to;
    return {
      version: thread.version,
      anchor: isOld ? known.anchor : anchorOf(this.#text, { from, to }),
      task: task?.task ?? null,
      quotes: [text.slice(from, to).slice(0, longestQuote), thread.quote],
      located: { state: "there", from, to, node: task?.node ?? null },
    };
  }

  /** Tasks can't be told apart right now: what was found before counts, and text is looked for by its place. */
  #inUnreadable(thread: Pinned, known: Known, text: string): Known {
    const stretch = stretchOf(this.#text, known.anchor);
    if (stretch === "unseen") return { ...known, located: { state: "unseen" } };
    const at = stretch === null ? null : withoutBlank(text, stretch);
    const found =
      at ?? (thread.kind === "range" ? locatePin(pinOf(thread, null, known.quotes), null, text, []) : null);
    const { located } = known;
    const node = located.state === "there" ? located.node : null;
    if (found !== null)
      return { ...known, located: { state: "there", from: found.from, to: found.to, node } };
    if (thread.kind === "range" || located.state !== "there") return { ...known, located: { state: "gone" } };
    const end = Math.min(located.to, text.length);
    return { ...known, located: { ...located, from: Math.min(located.from, end), to: end } };
  }
}

function begun(thread: Pinned): Known {
  const { version, anchor, task, quote } = thread;
  return { version, anchor, task, quotes: [quote], located: { state: "gone" } };
}

function pinOf(thread: Pinned, task: string | null, quotes: readonly string[]): Pin {
  return { kind: thread.kind, task, quotes };
}

/** Tasks by their ids; those whose id can't be read are nobody's to follow. */
function tasksOf(places: readonly Place[]): Task[] {
  return places.flatMap(({ id, from, to }) => {
    const task = id.slice(id.lastIndexOf("/") + 1);
    return task.startsWith("[") ? [] : [{ task, node: id, from, to }];
  });
}
