import {
  BatonError,
  makeId,
  type BlobRef,
  type Clock,
  type Json,
  type RunId,
  type WorkerId,
} from "#base/index.ts";
import {
  machineVersion,
  type RunActor,
  type RunEvent,
  type RunState,
  type Signal,
} from "#flow/machine/index.ts";
import { Crossings } from "./crossing.ts";
import type { AuditDraft, InboxItem, Journal, NewRun, RunSummary } from "#journal/index.ts";

/** Calls `fire` at an instant (epoch ms). Answers how to call it off. */
export type Scheduler = (at: number, fire: () => void) => () => void;

export type MemoryJournalOptions = {
  readonly clock?: Clock;
  readonly schedule?: Scheduler;
  readonly random?: (count: number) => Uint8Array;
  /** A run has to be driven by somebody. Called after the cause was stored. */
  readonly onWake?: (run: RunId) => void;
};

/** A run as the memory journal keeps it. */
export type StoredRun = {
  readonly made: NewRun;
  owner: WorkerId | null;
  epoch: number;
  wake: number;
  crashes: number;
  readonly events: RunEvent[];
  readonly audit: (AuditDraft & { at: number })[];
  snapshot: string | null;
  inbox: InboxItem[];
  readonly sources: Set<string>;
  summary: RunSummary;
};

export type MemoryJournal = Journal & {
  /** What is stored of a run. For tests and for the browser's own views. */
  stored(run: RunId): StoredRun | undefined;
  runs(): readonly RunId[];
  /** Calls `wake` when the run's inbox may have something new. */
  onSignal(run: RunId, wake: () => void): () => void;
  /** Calls `see` at each append to the run. */
  onAppend(run: RunId, see: () => void): () => void;
  /** Sends an event to the runs that wait for it; kept a while for the next one where there is none. Answers how many got it. */
  sendEvent(event: { name: string; about: string; payload: Json; by: RunActor }): number;
  /** Its runs may be taken by others from now on; they are woken. */
  declareDead(worker: WorkerId): void;
};

const over: ReadonlySet<string> = new Set(["succeeded", "failed", "cancelled", "dead-lettered"]);
const previewLength = 512;
const nothingYet: RunSummary = {
  state: "queued",
  headline: "Queued",
  outputs: null,
  error: null,
  cost: 0,
  unknownCosts: 0,
  tokens: 0,
  steps: 0,
  tasks: 0,
};

/** The journal in memory: for tests, for the browser and for trying a flow. Forgets everything with its process. */
export function memoryJournal(options: MemoryJournalOptions = {}): MemoryJournal {
  const clock = options.clock ?? { now: () => Date.now() };
  const schedule = options.schedule ?? realSchedule(clock);
  const random = options.random ?? ((count: number) => crypto.getRandomValues(new Uint8Array(count)));
  const runs = new Map<RunId, StoredRun>();
  const blobs = new Map<string, string>();
  const streams = new Map<string, { n: number; chunk: Json }[]>();
  const timers = new Set<string>();
  const dead = new Set<WorkerId>();
  const signalled = new Map<RunId, Set<() => void>>();
  const appended = new Map<RunId, Set<() => void>>();

  function at(run: RunId): StoredRun {
    const stored = runs.get(run);
    if (!stored) throw new BatonError("not-found", `There is no run ${run}.`);
    return stored;
  }

  function wake(run: RunId): void {
    at(run).wake += 1;
    for (const call of signalled.get(run) ?? []) call();
    options.onWake?.(run);
  }

  function put(run: RunId, source: string, signal: Signal): boolean {
    const stored = at(run);
    if (stored.sources.has(source) || over.has(stored.summary.state)) return false;
    stored.sources.add(source);
    stored.inbox.push({ id: makeId("inbx", clock.now(), random), signal: copy(signal) });
    wake(run);
    return true;
  }

  function reopen(run: RunId, source: string, signal: Signal): boolean {
    const stored = at(run);
    const { state } = stored.summary;
    if (!over.has(state) || state === "succeeded" || stored.sources.has(source)) return false;
    // What came too late for the run as it ended is not meant for the run as it goes on.
    if (state !== "dead-lettered") stored.inbox = [];
    stored.sources.delete("cancel");
    stored.owner = null;
    stored.crashes = 0;
    stored.summary = { ...nothingYet, headline: crossings.readmit(stored.made) ?? nothingYet.headline };
    return put(run, source, signal);
  }

  const crossings = new Crossings({
    runs,
    isOver: (run) => over.has(runs.get(run)?.summary.state ?? "failed"),
    now: () => clock.now(),
    signal: put,
    wake,
  });

  /** Keeps a summary; the end of a run is told to others with it. */
  function summarise(run: RunId, summary: RunSummary): void {
    const stored = at(run);
    const ends = over.has(summary.state) && !over.has(stored.summary.state);
    stored.summary = copy(summary);
    if (ends) crossings.ended(run);
  }

  const journal: MemoryJournal = {
    async create(made) {
      if (runs.has(made.id)) return;
      const { parent } = made.start;
      if (parent && over.has(runs.get(parent.run as RunId)?.summary.state ?? "failed")) {
        throw new BatonError("conflict", "The run that was to start this one is over.");
      }
      const { start, waits } = crossings.admit(made);
      runs.set(made.id, {
        made,
        owner: null,
        epoch: 0,
        wake: 0,
        crashes: 0,
        events: [],
        audit: [],
        snapshot: null,
        inbox: [],
        sources: new Set(),
        summary: waits === null ? nothingYet : { ...nothingYet, headline: waits },
      });
      const { overrides } = made;
      const signal: Signal = {
        kind: "start",
        body: start,
        ...(overrides === undefined ? {} : { overrides }),
      };
      if (waits === null) put(made.id, "start", signal);
    },

    async claim(run, worker) {
      const stored = runs.get(run);
      if (!stored || dead.has(worker) || over.has(stored.summary.state)) return null;
      if (crossings.isInLine(run)) return null;
      if (stored.owner !== null) {
        if (!dead.has(stored.owner)) return null;
        stored.crashes += 1;
      }
      stored.owner = worker;
      stored.epoch += 1;
      const snapshot = stored.snapshot === null ? null : (JSON.parse(stored.snapshot) as RunState);
      const usable = snapshot?.version === machineVersion ? snapshot : null;
      const { workspace, revision } = stored.made;
      const { epoch, crashes } = stored;
      return {
        epoch,
        workspace,
        revision,
        crashes,
        snapshot: usable,
        events: stored.events.slice(usable?.seq ?? 0),
      };
    },

    async append(request) {
      const stored = at(request.run);
      if (stored.epoch !== request.epoch) return { result: "fenced" };
      const next = stored.events.length + 1;
      if (request.seq !== next) {
        const there = stored.events.slice(request.seq - 1, request.seq - 1 + request.events.length);
        const same =
          there.length === request.events.length &&
          there.length > 0 &&
          JSON.stringify(there.map((event) => event.body)) === JSON.stringify(request.events);
        if (same) return { result: "appended", at: there[0]?.at ?? clock.now() };
        throw new BatonError(
          "conflict",
          `The journal of ${request.run} goes on with event ${next}, not ${request.seq}.`,
        );
      }
      const now = clock.now();
      request.events.forEach((body, index) => {
        stored.events.push({ seq: next + index, at: now, body: copy(body) });
      });
      stored.audit.push(...request.audit.map((draft) => ({ ...draft, at: now })));
      const consumed = new Set(request.consume);
      stored.inbox = stored.inbox.filter((item) => !consumed.has(item.id));
      if (request.summary) summarise(request.run, request.summary);
      for (const call of appended.get(request.run) ?? []) call();
      return { result: "appended", at: now };
    },

    async inbox(run) {
      const stored = at(run);
      return { items: [...stored.inbox], wake: stored.wake };
    },

    async saveSnapshot({ run, epoch, snapshot }) {
      const stored = at(run);
      if (stored.epoch !== epoch || stored.owner === null) return;
      const kept = stored.snapshot === null ? null : (JSON.parse(stored.snapshot) as RunState);
      if (kept?.version === snapshot.version && kept.seq >= snapshot.seq) return;
      stored.snapshot = JSON.stringify(snapshot);
    },

    async park(request) {
      const stored = at(request.run);
      if (stored.epoch !== request.epoch) return "fenced";
      if (stored.wake !== request.wake) return "woken";
      stored.owner = null;
      stored.crashes = 0;
      stored.snapshot = JSON.stringify(request.snapshot);
      summarise(request.run, request.summary);
      return "parked";
    },

    async signal(run, source, signal) {
      return put(run, source, signal);
    },

    async askLock(wish) {
      crossings.askLock(wish);
    },

    async releaseLock(key) {
      crossings.releaseLock(key);
    },

    async awaitEvent(wish) {
      crossings.awaitEvent(wish);
    },

    async stopAwaiting(run, key) {
      return crossings.stopAwaiting(run, key);
    },

    async cancelRun(run, signal) {
      crossings.leaveQueue(run);
      put(run, "cancel", signal);
    },

    async reopen(run, source, signal) {
      return reopen(run, source, signal);
    },

    async reopenChild({ run, parent, key, source }, signal) {
      if (runs.has(run)) {
        if (!reopen(run, source, signal)) crossings.tellAgain(run, source);
        return;
      }
      const error = { code: "not-found", message: "The run that was waited for is gone." };
      put(parent, source, { kind: "child-ended", key, outcome: "failed", outputs: null, error });
    },

    async setTimer(run, timer) {
      const { path, name, n, dueAt } = timer;
      const source = `timer:${path}:${name}:${n}`;
      if (timers.has(`${run} ${source}`)) return;
      timers.add(`${run} ${source}`);
      schedule(dueAt, () => {
        void journal.signal(run, source, { kind: "timer", path, name, n });
      });
    },

    async saveBlob(_workspace, text): Promise<BlobRef> {
      const bytes = new TextEncoder().encode(text);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      const hash = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      blobs.set(hash, text);
      return { $blob: { hash, bytes: bytes.length, preview: text.slice(0, previewLength) } };
    },

    async loadBlobs(_workspace, hashes) {
      const found = new Map<string, Json>();
      for (const hash of hashes) {
        const text = blobs.get(hash);
        if (text !== undefined) found.set(hash, JSON.parse(text) as Json);
      }
      return found;
    },

    async events(run, after, limit) {
      return at(run).events.slice(after, after + limit);
    },

    async raiseEpoch(run, epoch) {
      const stored = at(run);
      if (stored.epoch !== epoch || stored.owner === null) return null;
      stored.epoch += 1;
      return stored.epoch;
    },

    async writeChunks(run, epoch, stream, from, chunks) {
      const stored = at(run);
      if (stored.epoch !== epoch || stored.owner === null) return;
      const list = streams.get(`${run} ${stream}`) ?? [];
      streams.set(`${run} ${stream}`, list);
      chunks.forEach((chunk, index) => list.push({ n: from + index, chunk }));
      for (const call of appended.get(run) ?? []) call();
    },

    async readChunks(run, stream, from) {
      return (streams.get(`${run} ${stream}`) ?? []).filter(({ n }) => n >= from);
    },

    async closeStream(run, stream) {
      streams.delete(`${run} ${stream}`);
    },

    now: () => clock.now(),
    sendEvent: (event) => crossings.sendEvent(event),
    stored: (run) => runs.get(run),
    runs: () => [...runs.keys()],
    onSignal: (run, call) => listen(signalled, run, call),
    onAppend: (run, call) => listen(appended, run, call),

    declareDead(worker) {
      dead.add(worker);
      for (const [run, stored] of runs) {
        if (stored.owner === worker && !over.has(stored.summary.state)) options.onWake?.(run);
      }
    },
  };
  return journal;
}

function listen(map: Map<RunId, Set<() => void>>, run: RunId, call: () => void): () => void {
  const calls = map.get(run) ?? new Set();
  map.set(run, calls);
  calls.add(call);
  return () => {
    calls.delete(call);
  };
}

/** What is stored is a copy, as in a real store. */
function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** The longest that one `setTimeout` can wait, in milliseconds. */
const longestTimeout = 2_147_483_647;

function realSchedule(clock: Clock): Scheduler {
  return (due, fire) => {
    let handle: ReturnType<typeof setTimeout>;
    const wait = (): void => {
      const left = due - clock.now();
      handle = setTimeout(left > longestTimeout ? wait : fire, Math.min(Math.max(0, left), longestTimeout));
    };
    wait();
    return () => clearTimeout(handle);
  };
}
