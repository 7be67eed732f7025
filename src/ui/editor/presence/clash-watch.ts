import type { Text, Transaction, YTextEvent } from "yjs";

/** A stretch of the text as it is now, and whether something was taken away there. The end is exclusive. */
export type Touched = { readonly from: number; readonly to: number; readonly removed: boolean };

/** What was changed here and elsewhere without either knowing of the other. */
export type Meeting = {
  readonly own: Touched;
  readonly other: Touched;
  /** The replicas whose writing arrived; none where something was only taken away. */
  readonly clients: readonly number[];
};

/** A little longer than the server takes to pass on what it wrote down together with ours. Milliseconds. */
const graceMs = 250;

/**
 * Watches a shared text for changes of two people that did not know of each other: whatever arrives while one's own change
 * is not saved yet was made without knowing it.
 */
export function watchMeetings(
  text: Text,
  given: {
    /** Resolves when all that was typed so far is saved. */
    whenSaved(): Promise<void>;
    hear(meetings: readonly Meeting[]): void;
    /** Calls after so many milliseconds. */
    later(call: () => void, ms: number): void;
  },
): () => void {
  type Pending = { at: Touched; isDirty: boolean };
  const pending: Pending[] = [];
  const follow = async (entry: Pending): Promise<void> => {
    while (entry.isDirty) {
      entry.isDirty = false;
      // Observers hear of a change before it counts as made.
      await Promise.resolve();
      await given.whenSaved();
    }
    given.later(() => {
      if (entry.isDirty) void follow(entry).catch(() => {});
      else pending.splice(pending.indexOf(entry), 1);
    }, graceMs);
  };
  const observe = (event: YTextEvent, transaction: Transaction): void => {
    const touched = touchedBy(event);
    for (const entry of pending) entry.at = movedBy(event, entry.at);
    if (!transaction.local) {
      const clients = [...transaction.afterState]
        .filter(([client, clock]) => clock > (transaction.beforeState.get(client) ?? 0))
        .map(([client]) => client);
      const meetings = pending.flatMap(({ at: own }) => touched.map((other) => ({ own, other, clients })));
      if (meetings.length > 0) given.hear(meetings);
      return;
    }
    for (const at of touched) {
      const last = pending.at(-1);
      if (last !== undefined && meet(last.at, at)) {
        last.at = joined(last.at, at);
        last.isDirty = true;
        continue;
      }
      const entry = { at, isDirty: true };
      pending.push(entry);
      // What the server refuses stays here alone: nobody else can have met it.
      void follow(entry).catch(() => pending.splice(pending.indexOf(entry), 1));
    }
  };
  text.observe(observe);
  return () => text.unobserve(observe);
}

/** Whether two stretches overlap or stand right beside each other. */
export function meet(a: Touched, b: Touched): boolean {
  return a.from <= b.to && b.from <= a.to;
}

function joined(a: Touched, b: Touched): Touched {
  return { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to), removed: a.removed || b.removed };
}

function touchedBy(event: YTextEvent): Touched[] {
  const found: Touched[] = [];
  let at = 0;
  for (const { retain, insert, delete: gone } of event.delta) {
    if (retain !== undefined) at += retain;
    const length = typeof insert === "string" ? insert.length : 0;
    const last = found.at(-1);
    const one = { from: at, to: at + length, removed: gone !== undefined };
    if (length === 0 && gone === undefined) continue;
    if (last?.to === at && retain === undefined) found[found.length - 1] = joined(last, one);
    else found.push(one);
    at += length;
  }
  return found;
}

/** A stretch after a change that was made elsewhere in the text. */
function movedBy(event: YTextEvent, { from, to, removed }: Touched): Touched {
  return { from: moved(event, from, true), to: moved(event, to, false), removed };
}

function moved(event: YTextEvent, offset: number, isStart: boolean): number {
  let at = 0;
  let result = offset;
  for (const { retain, insert, delete: gone } of event.delta) {
    if (retain !== undefined) at += retain;
    else if (typeof insert === "string") {
      if (at < result || (isStart && at === result)) result += insert.length;
      at += insert.length;
    } else if (gone !== undefined && at < result) result = Math.max(at, result - gone);
  }
  return result;
}
