import type { RunId } from "#base/index.ts";
import type { Journal } from "#journal/index.ts";
import type { Outside } from "./world.ts";

/** Where a worker dies: at the n-th append or effect, before it, while it is under way, or just after it. */
export type KillPoint = {
  readonly at: "append" | "effect";
  readonly when: "before" | "in" | "after";
  readonly n: number;
};

export type Mortal = {
  readonly journal: Journal;
  readonly beyond: Outside;
  /** Resolves when the worker has died and what it had sent off has arrived. */
  readonly died: Promise<void>;
  counts(): { readonly appends: number; readonly effects: number };
};

const forever = new Promise<never>(() => undefined);

/** A worker that dies at a point: from then on nothing it does takes place, and it hears no answer. */
export function mortal(journal: Journal, beyond: Outside, point: KillPoint | undefined): Mortal {
  const counts = { appends: 0, effects: 0 };
  let dead = false;
  let tell: () => void = () => undefined;
  const died = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const die = (): void => {
    dead = true;
    tell();
  };

  function alive<A extends readonly unknown[], T>(
    action: (...args: A) => Promise<T>,
  ): (...args: A) => Promise<T> {
    return async (...args) => {
      if (dead) return forever;
      const result = await action(...args);
      return dead ? forever : result;
    };
  }

  async function through<T>(at: KillPoint["at"], n: number, action: () => Promise<T>): Promise<T> {
    if (dead) return forever;
    if (point?.at !== at || point.n !== n) {
      const result = await action();
      return dead ? forever : result;
    }
    if (point.when !== "before") {
      const under = action();
      if (point.when === "in") dead = true;
      await under.catch(() => undefined);
    }
    die();
    return forever;
  }

  return {
    died,
    counts: () => counts,
    journal: {
      create: alive((run) => journal.create(run)),
      claim: alive((run, worker) => journal.claim(run, worker)),
      append: (request) => through("append", (counts.appends += 1), () => journal.append(request)),
      inbox: alive((run) => journal.inbox(run)),
      saveSnapshot: alive((request) => journal.saveSnapshot(request)),
      park: alive((request) => journal.park(request)),
      signal: alive((run, source, signal) => journal.signal(run, source, signal)),
      reopenChild: alive((wish, signal) => journal.reopenChild(wish, signal)),
      reopen: alive((run, source, signal) => journal.reopen(run, source, signal)),
      setTimer: alive((run, timer) => journal.setTimer(run, timer)),
      askLock: alive((wish) => journal.askLock(wish)),
      releaseLock: alive((key) => journal.releaseLock(key)),
      awaitEvent: alive((wish) => journal.awaitEvent(wish)),
      stopAwaiting: alive((run, key) => journal.stopAwaiting(run, key)),
      cancelRun: alive((run, signal) => journal.cancelRun(run, signal)),
      saveBlob: alive((workspace, text) => journal.saveBlob(workspace, text)),
      loadBlobs: alive((workspace, hashes) => journal.loadBlobs(workspace, hashes)),
      events: alive((run, after, limit) => journal.events(run, after, limit)),
      writeChunks: alive((run, epoch, stream, from, chunks) =>
        journal.writeChunks(run, epoch, stream, from, chunks),
      ),
      raiseEpoch: alive((run, epoch, seq) => journal.raiseEpoch(run, epoch, seq)),
      readChunks: alive((run: RunId, stream, from) => journal.readChunks(run, stream, from)),
      closeStream: alive((run, stream) => journal.closeStream(run, stream)),
      now: () => journal.now(),
    },
    beyond: {
      ...beyond,
      call: (request) => through("effect", (counts.effects += 1), () => beyond.call(request)),
      model: (request, emit) => through("effect", (counts.effects += 1), () => beyond.model(request, emit)),
    },
  };
}
