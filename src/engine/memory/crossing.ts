import type { Json, RunId } from "#base/index.ts";
import type { RunActor, Signal } from "#flow/machine/index.ts";
import {
  admitted,
  eventKeptSeconds,
  queuedWords,
  type EventWish,
  type LockWish,
  type NewRun,
} from "#journal/index.ts";
import type { StoredRun } from "./journal.ts";

/** What the queues between runs need of the journal that they belong to. */
export type CrossingHost = {
  readonly runs: ReadonlyMap<RunId, StoredRun>;
  isOver(run: RunId): boolean;
  now(): number;
  /** Puts a signal into an inbox. False: its source was there already, or the run is over. */
  signal(run: RunId, source: string, signal: Signal): boolean;
  /** There may be something to do for the run. */
  wake(run: RunId): void;
};

/** A run's place. `start` is what it is told when it has its turn; null for one that is taken up again. */
type Slot = { readonly made: NewRun; held: boolean; readonly start: NewRun["start"] | null };
type Place = LockWish & { granted: boolean };
type Kept = {
  readonly name: string;
  readonly about: string;
  readonly payload: Json;
  readonly by: RunActor;
  readonly at: number;
};

/** What reaches from one run to another, in memory: one step at a time, as in a transaction. */
export class Crossings {
  readonly #host: CrossingHost;
  #slots: Slot[] = [];
  #locks: Place[] = [];
  #waits: EventWish[] = [];
  #kept: Kept[] = [];

  constructor(host: CrossingHost) {
    this.#host = host;
  }

  /** Gives a new run its place. Answers its start, or null where it has to wait for its turn. */
  admit(made: NewRun): { start: NewRun["start"]; waits: string | null } {
    const { slot } = made;
    const crosses = slot !== undefined || made.start.parent?.waits === true;
    if (!slot) return { start: admitted(made, "held", crosses), waits: null };
    const others = this.#slots.filter((one) => sameKey(one.made, made));
    const free = others.every((one) => one.held) && others.length < slot.limit;
    if (!free && slot.onFull !== "queue") return { start: admitted(made, "full", crosses), waits: null };
    const start = admitted(made, "held", crosses);
    this.#slots.push({ made, held: free, start });
    return { start, waits: free ? null : queuedWords(slot) };
  }

  /** Whether a run waits for its turn. It is nobody's until it has it. */
  isInLine(run: RunId): boolean {
    return this.#slots.some((one) => one.made.id === run && !one.held);
  }

  /** Gives a run that is taken up again a place anew. Answers null, or what is said of it while it waits for its turn. */
  readmit(made: NewRun): string | null {
    const { slot } = made;
    if (!slot) return null;
    const others = this.#slots.filter((one) => sameKey(one.made, made));
    const free = others.every((one) => one.held) && others.length < slot.limit;
    this.#slots.push({ made, held: free, start: null });
    return free ? null : queuedWords(slot);
  }

  /** Has the end of a run that succeeded told once more. */
  tellAgain(run: RunId, source: string): void {
    const stored = this.#host.runs.get(run);
    if (stored?.summary.state === "succeeded") this.#tellParent(stored, source);
  }

  /** Takes a run that waits for its turn out of the queue. */
  leaveQueue(run: RunId): void {
    const found = this.#slots.find((one) => one.made.id === run && !one.held);
    if (!found) return;
    this.#slots = this.#slots.filter((one) => one !== found);
    this.#start(found);
    this.#admitNext(found.made);
  }

  askLock(wish: LockWish): void {
    const stored = this.#host.runs.get(wish.run);
    if (!stored || stored.epoch !== wish.epoch || this.#host.isOver(wish.run)) return;
    if (this.#heldAbove(wish)) {
      this.#host.signal(wish.run, `lock:${wish.key}`, { kind: "lock-granted", key: wish.key });
      return;
    }
    if (!this.#locks.some((one) => one.key === wish.key)) this.#locks.push({ ...wish, granted: false });
    this.#grant(wish);
  }

  releaseLock(key: string): void {
    const found = this.#locks.find((one) => one.key === key);
    if (!found) return;
    this.#locks = this.#locks.filter((one) => one !== found);
    this.#grant(found);
  }

  awaitEvent(wish: EventWish): void {
    const stored = this.#host.runs.get(wish.run);
    if (!stored || stored.epoch !== wish.epoch || this.#host.isOver(wish.run)) return;
    if (stored.sources.has(`event:${wish.key}`) || this.#waits.some((one) => one.key === wish.key)) return;
    const oldest = this.#host.now() - eventKeptSeconds * 1000;
    const kept = this.#kept.find(
      (one) => one.name === wish.name && one.about === wish.about && one.at > oldest,
    );
    if (!kept) {
      this.#waits.push(wish);
      return;
    }
    this.#kept = this.#kept.filter((one) => one !== kept);
    this.#deliver(wish, kept.payload, kept.by);
  }

  stopAwaiting(run: RunId, key: string): "stopped" | "received" {
    const before = this.#waits.length;
    this.#waits = this.#waits.filter((one) => one.key !== key);
    if (this.#waits.length < before) return "stopped";
    return this.#host.runs.get(run)?.sources.has(`event:${key}`) ? "received" : "stopped";
  }

  /** Answers how many runs got it. */
  sendEvent(event: { name: string; about: string; payload: Json; by: RunActor }): number {
    const { name, about, payload, by } = event;
    const waiting = this.#waits.filter((one) => one.name === name && one.about === about);
    this.#waits = this.#waits.filter((one) => !waiting.includes(one));
    const received = waiting.filter((one) => this.#deliver(one, payload, by)).length;
    if (received === 0) this.#kept.push({ ...event, at: this.#host.now() });
    return received;
  }

  /** Gives up all that a run has, and tells those who wait for its end. */
  ended(run: RunId): void {
    const stored = this.#host.runs.get(run);
    if (!stored) return;
    const had = this.#locks.filter((one) => one.run === run);
    this.#locks = this.#locks.filter((one) => one.run !== run);
    for (const one of had) this.#grant(one);
    this.#waits = this.#waits.filter((one) => one.run !== run);
    this.#slots = this.#slots.filter((one) => one.made.id !== run);
    this.#admitNext(stored.made);
    for (const [id, { made }] of this.#host.runs) {
      const { parent } = made.start;
      if (parent?.run !== run || !parent.waits || this.#host.isOver(id)) continue;
      this.leaveQueue(id);
      const by = { kind: "system", id: "engine", name: "Baton" } as const;
      this.#host.signal(id, "cancel", {
        kind: "cancel",
        by,
        reason: "The run that waited for this one is over.",
      });
    }
    this.#tellParent(stored, `${stored.epoch}`);
  }

  #tellParent({ made, summary }: StoredRun, end: string): void {
    const { parent } = made.start;
    if (!parent?.waits) return;
    const { state, outputs, error, cost, unknownCosts, tokens, steps, tasks } = summary;
    this.#host.signal(parent.run as RunId, `child:${parent.key}:${end}`, {
      kind: "child-ended",
      key: parent.key,
      outcome: state === "succeeded" || state === "cancelled" ? state : "failed",
      outputs,
      error,
      cost,
      unknownCosts,
      tokens,
      steps,
      tasks,
    } as Signal);
  }

  #deliver(wish: EventWish, payload: Json, by: RunActor): boolean {
    return this.#host.signal(wish.run, `event:${wish.key}`, { kind: "event", key: wish.key, payload, by });
  }

  #grant({ workspace, name }: LockWish): void {
    for (;;) {
      const first = this.#locks.find((one) => one.workspace === workspace && one.name === name);
      if (!first || first.granted) return;
      first.granted = true;
      if (this.#host.signal(first.run, `lock:${first.key}`, { kind: "lock-granted", key: first.key })) return;
      this.#locks = this.#locks.filter((one) => one !== first);
    }
  }

  /** Whether a task that this one stands in, in a run above, holds the lock. */
  #heldAbove({ run, workspace, name }: LockWish): boolean {
    let parent = this.#host.runs.get(run)?.made.start.parent;
    while (parent?.waits) {
      const { run: above, path } = parent;
      const holds = this.#locks.some(
        (one) =>
          one.run === above &&
          one.granted &&
          one.workspace === workspace &&
          one.name === name &&
          (path === one.path || path.startsWith(`${one.path}/`) || path.startsWith(`${one.path}[`)),
      );
      if (holds) return true;
      parent = this.#host.runs.get(above as RunId)?.made.start.parent;
    }
    return false;
  }

  #start({ made, start }: Slot): boolean {
    if (start === null) {
      if (this.#host.isOver(made.id)) return false;
      this.#host.wake(made.id);
      return true;
    }
    const { overrides } = made;
    const more = overrides === undefined ? {} : { overrides };
    return this.#host.signal(made.id, "start", { kind: "start", body: start, ...more });
  }

  #admitNext(after: NewRun): void {
    for (;;) {
      const line = this.#slots.filter((one) => sameKey(one.made, after));
      const next = line.find((one) => !one.held);
      if (!next || line.filter((one) => one.held).length >= (next.made.slot?.limit ?? 1)) return;
      next.held = true;
      if (this.#start(next)) continue;
      this.#slots = this.#slots.filter((one) => one !== next);
    }
  }
}

function sameKey(one: NewRun, other: NewRun): boolean {
  return one.flow === other.flow && one.slot !== undefined && one.slot.key === other.slot?.key;
}
