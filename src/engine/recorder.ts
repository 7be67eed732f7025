import type { InboxItemId, RunId } from "#base/index.ts";
import type { Flow } from "#flow/index.ts";
import {
  createFold,
  type Fold,
  machine,
  type RunEvent,
  type RunEventBody,
  type RunState,
} from "#flow/machine/index.ts";
import type { AppendRequest, Claim, RunSummary } from "#journal/index.ts";
import { auditOf } from "./audit.ts";
import type { EngineOptions } from "./ports.ts";
import { summaryOf } from "./summary.ts";

/** How an append of unknown outcome is repeated before the segment gives up. */
const appendTries = 3;
/** A snapshot is kept whenever a run has grown by this many events. */
const eventsPerSnapshot = 200;
/** How old the summary of a run may grow while it goes on, in milliseconds. */
const summaryAgeMs = 1_000;
/** With so many events that are not recorded yet, a run goes no further ahead of its journal. */
const mostAhead = 256;

/** Events to record, with their JSON text where it is at hand. */
export type Kept = { readonly events: readonly RunEventBody[]; readonly text?: string };

export type RecorderOptions = {
  readonly engine: EngineOptions;
  readonly run: RunId;
  readonly claim: Claim;
  readonly flow: Flow;
  /** Carries out what was recorded, before anything else is. */
  afterwards(events: readonly RunEventBody[], recorded: () => RunState): Promise<void>;
  /** Called whenever an append came to its end, well or not. */
  onEnd(): void;
};

type Part = Required<Pick<AppendRequest, "events" | "audit" | "consume">> & {
  readonly text: string;
  readonly summary: RunSummary | undefined;
  readonly alone: boolean;
};

/**
 * Records what a segment decides, in order and one append at a time. The segment may go on ahead of its journal where that
 * shows nowhere outside: what it decides meanwhile goes together with the next append. Whoever makes something known
 * outside settles first: until then nothing that was put counts.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #fold: Fold;
  /** Recorded, and not folded yet: of a run that is over, nobody asks for the state any more. */
  #unfolded: RunEvent[] = [];
  /** All that was put, as long as some of it is not recorded and the segment goes on meanwhile. */
  #ahead: Fold | null = null;
  #waiting: Part[] = [];
  #waitingEvents = 0;
  #underWay: Promise<void> | null = null;
  #outcome: { readonly name: "ours" | "lost" } | { readonly name: "failed"; readonly error: unknown } = {
    name: "ours",
  };
  #epoch: number;
  /** Of the last event that is recorded. */
  #seq: number;
  #summary: RunSummary | undefined;
  #summaryAt = 0;

  constructor(options: RecorderOptions) {
    const { claim } = options;
    this.#options = options;
    this.#fold = createFold(claim.snapshot ?? machine.initial());
    this.#fold.add(claim.events);
    this.#seq = this.#fold.state().seq;
    this.#epoch = claim.epoch;
  }

  /** With all that was put. Valid until more is put or recorded. */
  get state(): RunState {
    return this.#ahead?.state() ?? this.#recorded();
  }

  /** What is recorded; where nothing else was put, when exactly each step was recorded plays no part in it. */
  #latest(): RunState {
    return this.#waiting.length === 0 && this.#ahead ? this.#ahead.state() : this.#recorded();
  }

  #recorded(): RunState {
    if (this.#unfolded.length > 0) {
      this.#fold.add(this.#unfolded);
      this.#unfolded = [];
    }
    return this.#fold.state();
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Whether all that was put is recorded and carried out. */
  get isSettled(): boolean {
    return this.#underWay === null;
  }

  /** Whether more may be decided before what was put is recorded. */
  get mayGoOn(): boolean {
    return this.isSettled || (this.#ahead !== null && this.#waitingEvents < mostAhead);
  }

  /**
   * Records these events after what was put before. `goesOn`: the segment goes on while they are not recorded, as `state` then
   * tells. Not to be called while it may not go on.
   */
  put({ events, text }: Kept, consume: readonly InboxItemId[], goesOn: boolean): void {
    // Of a run that is lost nothing more is sent; whoever settles hears of it.
    if (this.#outcome.name !== "ours") return;
    const { engine, run, flow } = this.#options;
    const before = this.state;
    const now = engine.journal.now();
    const audit = events.flatMap((event) => auditOf(event, run, before, flow) ?? []);
    if (goesOn || this.#ahead) {
      this.#ahead ??= createFold(before);
      this.#ahead.add(numbered(events, before.seq, now));
    }
    const after = this.#ahead ?? laterFold(before, events, now);
    const ends = events.some((event) => event.type === "run-finished");
    this.#waiting.push({
      events,
      text: text ?? JSON.stringify(events),
      audit,
      consume,
      summary: this.#summaryOf(after, events, now),
      // Its statement tells other runs of the end.
      alone: ends && after.state().crosses === true,
    });
    this.#waitingEvents += events.length;
    this.#underWay ??= this.#carry();
  }

  /** Resolves when all that was put is recorded and carried out. False: the run is no longer ours. Throws when the journal does. */
  async settle(): Promise<boolean> {
    while (this.#underWay) await this.#underWay;
    return this.isOurs();
  }

  /** False: the run is known to be no longer ours. Throws when the journal failed. */
  isOurs(): boolean {
    if (this.#outcome.name === "failed") throw this.#outcome.error;
    return this.#outcome.name === "ours";
  }

  /** Fences what was begun so far. False: the run is no longer ours. */
  async raiseEpoch(): Promise<boolean> {
    if (!(await this.settle())) return false;
    const { engine, run } = this.#options;
    const raised = await engine.journal.raiseEpoch(run, this.#epoch, this.#seq);
    if (raised === null) return false;
    this.#epoch = raised;
    return true;
  }

  /** Nothing more is sent. */
  close(): void {
    this.#waiting = [];
  }

  async #carry(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && this.#outcome.name === "ours") {
        const parts = this.#waiting;
        this.#waiting = [];
        this.#waitingEvents = 0;
        await this.#record(parts);
      }
    } catch (error) {
      this.#outcome = { name: "failed", error };
    }
    // When a run is over, when exactly its last steps were recorded plays no part any more.
    if (this.#outcome.name !== "ours" || this.#ahead?.state().phase.name !== "finished") this.#ahead = null;
    this.#underWay = null;
    this.#options.onEnd();
  }

  async #record(parts: readonly Part[]): Promise<void> {
    const { run, claim, afterwards } = this.#options;
    const seq = this.#seq;
    const [first] = parts;
    const events = first && parts.length === 1 ? first.events : parts.flatMap((part) => part.events);
    const summary = parts.findLast((part) => part.summary)?.summary;
    const request: AppendRequest = {
      run,
      workspace: claim.workspace,
      epoch: this.#epoch,
      seq: seq + 1,
      events,
      text: first && parts.length === 1 ? first.text : joined(parts.map(({ text }) => text)),
      audit: parts.flatMap(({ audit }) => audit),
      consume: parts.flatMap(({ consume }) => consume),
      ...(summary ? { summary } : {}),
      ...(parts.some(({ alone }) => alone) ? { alone: true } : {}),
    };
    const answer = await this.#send(request);
    if (answer.result === "fenced") {
      this.#outcome = { name: "lost" };
      return;
    }
    this.#unfolded.push(...numbered(events, seq, answer.at));
    this.#seq += events.length;
    await afterwards(events, () => this.#latest());
    await this.#keepSnapshot(seq);
  }

  /** An append whose outcome is unknown is sent again unchanged: the journal compares. */
  async #send(request: AppendRequest): ReturnType<EngineOptions["journal"]["append"]> {
    const { engine, run } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await engine.journal.append(request);
      } catch (error) {
        if (attempt >= appendTries) throw error;
        engine.onProblem?.({ run, error });
      }
    }
  }

  /** The summary, where lists should show a new one. */
  #summaryOf(
    after: { state(): RunState },
    events: readonly RunEventBody[],
    now: number,
  ): RunSummary | undefined {
    const telling = events.some((event) => tellingEvents.has(event.type));
    if (!telling && now - this.#summaryAt < summaryAgeMs) return undefined;
    const summary = summaryOf(after.state(), this.#options.flow);
    const known = this.#summary;
    this.#summary = summary;
    this.#summaryAt = now;
    return known?.state === summary.state && known.headline === summary.headline ? undefined : summary;
  }

  /** Keeps the state of a long run now and then, so that whoever takes it over need not fold all of it. */
  async #keepSnapshot(seqBefore: number): Promise<void> {
    if (Math.floor(this.#seq / eventsPerSnapshot) === Math.floor(seqBefore / eventsPerSnapshot)) return;
    const { engine, run } = this.#options;
    const snapshot = this.#recorded();
    try {
      await engine.journal.saveSnapshot({ run, epoch: this.#epoch, snapshot });
    } catch (error) {
      // The journal alone is enough to go on.
      engine.onProblem?.({ run, error });
    }
  }
}

/** Events after which lists should show something else. */
const tellingEvents: ReadonlySet<string> = new Set([
  "run-started",
  "run-cancel-requested",
  "run-paused",
  "run-resumed",
  "run-reopened",
  "run-finishing",
  "run-finished",
]);

function numbered(events: readonly RunEventBody[], after: number, at: number) {
  return events.map((body, index) => ({ seq: after + index + 1, at, body }));
}

/** JSON texts of arrays as that of one array. */
function joined(texts: readonly string[]): string {
  return `[${texts
    .map((text) => text.slice(1, -1))
    .filter((inner) => inner !== "")
    .join(",")}]`;
}

/** The state with events that are not recorded yet, made when it is asked for. */
function laterFold(before: RunState, events: readonly RunEventBody[], at: number): { state(): RunState } {
  let fold: Fold | undefined;
  return {
    state() {
      if (!fold) {
        fold = createFold(before);
        fold.add(numbered(events, before.seq, at));
      }
      return fold.state();
    },
  };
}
