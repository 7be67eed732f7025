import { BatonError, type InboxItemId, type Json, type RunId } from "#base/index.ts";
import type { Flow, ModelCatalog, ToolCatalog } from "#flow/index.ts";
import {
  advance,
  copiedEvents,
  createFold,
  machine,
  type Fold,
  type MachineContext,
  type Remembered,
  type RunEventBody,
  type RunState,
  type Signal,
} from "#flow/machine/index.ts";
import type { AppendRequest, Claim, InboxItem, RunSummary } from "#journal/index.ts";
import { auditOf } from "./audit.ts";
import { createBell, type Bell } from "./bell.ts";
import { createEffects, isEffect, type EffectObligation, type Effects } from "./effects.ts";
import type { EngineOptions } from "./ports.ts";
import { carryApprovals } from "./steps/approval.ts";
import { carryCrossings, repeatCrossings } from "./steps/crossing.ts";
import { carryTimers } from "./steps/timer.ts";
import { summaryOf } from "./summary.ts";
import { endUnreadable, isUnreadable } from "./unreadable.ts";
import { Blobs, keepLarge, largestInline } from "./values.ts";

/** How an append of unknown outcome is repeated before the segment gives up. */
const appendTries = 3;
/** A snapshot is kept whenever a run has grown by this many events. */
const eventsPerSnapshot = 200;
/** How old the summary of a run may grow while it goes on, in milliseconds. */
const summaryAgeMs = 1_000;

/** One stretch of a run driven by this worker. */
export type Segment = {
  /** Something may have come into the inbox. */
  nudge(): void;
  /** Whether it was nudged after it last looked into the inbox. */
  missed(): boolean;
  /** Lets go: aborts what is under way and ends without parking. */
  stop(): void;
  readonly done: Promise<void>;
};

export function startSegment(options: EngineOptions, run: RunId): Segment {
  const bell = createBell();
  const stopping = { now: false };
  const inbox = { dirty: true };
  const nudge = (): void => {
    inbox.dirty = true;
    bell.ring();
  };
  return {
    nudge,
    missed: () => inbox.dirty,
    stop() {
      stopping.now = true;
      bell.ring();
    },
    done: claimAndDrive(options, run, bell, inbox, stopping, nudge),
  };
}

async function claimAndDrive(
  options: EngineOptions,
  run: RunId,
  bell: Bell,
  inbox: { dirty: boolean },
  stopping: { now: boolean },
  nudge: () => void,
): Promise<void> {
  // Heard from before the claim on: what comes after its look into the inbox marks the inbox as dirty again.
  const unsubscribe = options.onSignal?.(run, nudge);
  let driver: Driver | undefined;
  try {
    inbox.dirty = false;
    const claim = await options.journal.claim(run, options.worker);
    if (!claim) return;
    if (!claim.inbox) inbox.dirty = true;
    const flow = await flowOf(options, run, claim);
    if (!flow) return;
    const catalog = await options.tools.catalog(claim.workspace, flow);
    const asksModels = Object.keys(flow.agents).length > 0;
    const models = asksModels ? await options.models.facts?.(claim.workspace) : undefined;
    driver = new Driver(options, run, claim, flow, { tools: catalog, models }, bell, inbox, stopping);
    await driver.drive();
  } finally {
    unsubscribe?.();
    driver?.effects.close("The worker no longer drives this run.");
  }
}

/** The flow that the run is pinned to. Undefined: it can't be read any more, and the run was ended with that. */
async function flowOf(options: EngineOptions, run: RunId, claim: Claim): Promise<Flow | undefined> {
  try {
    return (await options.revisions(claim.revision)).flow;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    await endUnreadable(options, run, claim, error);
    return undefined;
  }
}

class Driver {
  readonly effects: Effects;
  readonly #options: EngineOptions;
  readonly #run: RunId;
  readonly #claim: Claim;
  readonly #flow: Flow;
  readonly #catalog: ToolCatalog;
  readonly #models: ModelCatalog | undefined;
  readonly #bell: Bell;
  readonly #inbox: { dirty: boolean };
  readonly #stopping: { readonly now: boolean };
  readonly #fold: Fold;
  readonly #blobs: Blobs;
  /** Whether an earlier segment may have ended in the middle of things. */
  readonly #takenOver: boolean;
  /** Keys of calls whose chunks were written by this segment. */
  readonly #streams = new Set<string>();
  #epoch: number;
  #wake = -1;
  #summary: RunSummary | undefined;
  #summaryAt = 0;

  constructor(
    options: EngineOptions,
    run: RunId,
    claim: Claim,
    flow: Flow,
    known: { readonly tools: ToolCatalog; readonly models: ModelCatalog | undefined },
    bell: Bell,
    inbox: { dirty: boolean },
    stopping: { readonly now: boolean },
  ) {
    this.#options = options;
    this.#run = run;
    this.#claim = claim;
    this.#flow = flow;
    this.#catalog = known.tools;
    this.#models = known.models;
    this.#bell = bell;
    this.#inbox = inbox;
    this.#stopping = stopping;
    this.#fold = createFold(claim.snapshot ?? machine.initial());
    this.#fold.add(claim.events);
    // A snapshot may have been made while a call was under way, and be the last that was heard of it.
    this.#takenOver = claim.events.length > 0 || machine.obligations(this.#fold.state()).some(isEffect);
    this.#epoch = claim.epoch;
    this.#wake = claim.inbox?.wake ?? -1;
    this.#blobs = new Blobs(options.journal, claim.workspace);
    this.effects = createEffects({
      wake: () => bell.ring(),
      onStep: options.onStep,
      graceMs: options.graceMs ?? 10_000,
    });
  }

  get #state(): RunState {
    return this.#fold.state();
  }

  async drive(): Promise<void> {
    const lost = this.#takenOver ? this.#lostEffects() : [];
    if (this.#takenOver) await this.#meet(machine.obligations(this.#state));
    let first: readonly Signal[] = lost;
    let claimed: readonly InboxItem[] = this.#claim.inbox?.items ?? [];
    while (!this.#stopping.now) {
      const items = claimed.length > 0 ? claimed : await this.#readInbox();
      claimed = [];
      const taken = [...first, ...this.effects.take()];
      first = [];
      if (!(await this.#turn(items, taken))) return;
      this.#carryEffects();
      if (!(await this.#outlive(this.effects.takeStuck()))) return;
      if (this.#inbox.dirty) continue;
      if (this.effects.keys().length > 0)
        await this.#bell.wait(this.#options.heartbeatMs ?? 5_000, () => this.#markDirty());
      else if (await this.#park()) return;
    }
    await this.#drain();
  }

  /**
   * The worker stops: model calls, which are repeated elsewhere at no loss, are aborted; tool calls are given a
   * moment to end, so that nobody has to be asked what became of them. What they answer is recorded, nothing more.
   */
  async #drain(): Promise<void> {
    const deadline = { passed: false };
    const timer = setTimeout(() => {
      deadline.passed = true;
      this.#bell.ring();
    }, this.#options.graceMs ?? 10_000);
    for (const obligation of machine.obligations(this.#state)) {
      if (obligation.kind === "model-call") this.effects.abort(obligation.key, "The worker stops.");
    }
    while (this.effects.keys().length > 0 && !deadline.passed) {
      await this.#bell.wait(this.#options.graceMs ?? 10_000, () => undefined);
      await this.#record(this.effects.take());
    }
    clearTimeout(timer);
    await this.#record(this.effects.take());
  }

  async #record(signals: readonly Signal[]): Promise<void> {
    for (const signal of signals) {
      const decision = machine.receive(this.#state, signal, this.#context());
      if (decision.events && decision.events.length > 0) {
        if (!(await this.#append(await this.#toKeep(decision.events), []))) return;
      }
    }
  }

  /** Events as they are recorded: without secrets, their large values apart. Mostly their text shows that neither is there. */
  async #toKeep(events: readonly RunEventBody[]): Promise<Kept> {
    const text = JSON.stringify(events);
    if (text.length <= largestInline && this.#options.redaction?.(this.#run).leaves(text) !== false)
      return { events, text };
    return { events: await keepLarge(this.#redacted(events), this.#blobs) };
  }

  #redacted(events: readonly RunEventBody[]): readonly RunEventBody[] {
    const clean = this.#options.redaction?.(this.#run);
    if (!clean) return events;
    return events.map((event) => {
      const told = clean.json(event as unknown as Json) as unknown as RunEventBody;
      // What is asked, shown and done are the bytes without the secret: the decision is bound to these.
      return told.type === "approval-requested" && told !== event
        ? // Large values are put away after this: the text itself is still here.
          { ...told, ask: { ...told.ask, hash: this.#options.sha256(told.ask.canonical as string) } }
        : told;
    });
  }

  #markDirty(): void {
    this.#inbox.dirty = true;
  }

  /**
   * Effects that ignore their abort are left behind: the epoch is raised, so that nothing late of them can count. False:
   * the run is no longer ours.
   */
  async #outlive(stuck: readonly string[]): Promise<boolean> {
    if (stuck.length === 0) return true;
    const raised = await this.#options.journal.raiseEpoch(this.#run, this.#epoch, this.#state.seq);
    if (raised === null) return false;
    this.#epoch = raised;
    for (const key of stuck) {
      const error = new BatonError(
        "timeout",
        `The call ${key} ignores that it was aborted. It no longer counts.`,
      );
      this.#options.onProblem?.({ run: this.#run, error });
    }
    return true;
  }

  /** Calls that an earlier segment began and nobody finished. */
  #lostEffects(): readonly Signal[] {
    const reason = "The worker that made the call was lost.";
    return machine
      .obligations(this.#state)
      .filter(isEffect)
      .map(({ key }) => ({ kind: "effect-lost", key, reason }));
  }

  async #readInbox(): Promise<readonly InboxItem[]> {
    if (!this.#inbox.dirty) return [];
    this.#inbox.dirty = false;
    const { items, wake } = await this.#options.journal.inbox(this.#run);
    this.#wake = wake;
    return items;
  }

  /** Takes signals in and appends what follows, in one append. False: the run is no longer ours. */
  async #turn(items: readonly InboxItem[], taken: readonly Signal[]): Promise<boolean> {
    const signals = [...taken, ...(await this.#admitted(items))];
    const decided = await this.#decide(signals);
    if (decided.length === 0 && items.length === 0) return true;
    const kept = await this.#toKeep(decided);
    this.#blobs.trim();
    return this.#append(
      kept,
      items.map((item) => item.id),
    );
  }

  /** Signals of inbox items, decisions before the deadlines that they race. */
  async #admitted(items: readonly InboxItem[]): Promise<readonly Signal[]> {
    const signals: Signal[] = [];
    const later: Signal[] = [];
    for (const { signal } of items) {
      if (signal.kind === "start" && signal.body.forkedFrom) signals.push(await this.#withCopies(signal));
      else if (signal.kind !== "timer" || signal.name !== "deadline") signals.push(signal);
      else if (await this.#mayExpire(signal.path)) later.push(signal);
    }
    return [...signals, ...later];
  }

  /** The start of a fork, with what holds of its source: read now, as it may be more than a signal should carry. */
  async #withCopies(start: Extract<Signal, { kind: "start" }>): Promise<Signal> {
    const { forkedFrom } = start.body;
    if (!forkedFrom || this.#state.phase.name !== "created") return start;
    const { run, seq, path } = forkedFrom;
    const events = await this.#options.journal.events(run as RunId, 0, seq);
    return { ...start, copied: copiedEvents(run, events, this.#flow, path) };
  }

  async #mayExpire(path: string): Promise<boolean> {
    const { approvals, journal } = this.#options;
    const awaited = this.#state.tasks[path]?.awaited;
    if (awaited?.received === null) {
      const answer = await journal.stopAwaiting(this.#run, awaited.key);
      if (answer === "received") this.#inbox.dirty = true;
      return answer === "stopped";
    }
    const pending = this.#state.tasks[path]?.approvals.find((approval) => approval.end === null);
    if (!pending || !approvals.expire) return true;
    const { approvalId } = pending;
    const answer = await approvals.expire({ run: this.#run, workspace: this.#claim.workspace, approvalId });
    if (answer === "decided") this.#inbox.dirty = true;
    return answer === "expired";
  }

  async #decide(signals: readonly Signal[]): Promise<readonly RunEventBody[]> {
    const { memory } = this.#options;
    const reader = { workspace: this.#claim.workspace, run: this.#run };
    const begins = signals.find((signal) => signal.kind === "start");
    const sandbox = begins?.kind === "start" ? begins.body.sandbox : this.#state.sandbox;
    if (memory && this.#state.phase.name === "created" && sandbox === undefined) {
      await memory.seed({ ...reader, flow: this.#flow });
    }
    // Read anew for each decision: what somebody wrote meanwhile counts from the next one on.
    const known = new Map<string, Remembered>();
    const context: MachineContext = {
      ...this.#context(),
      ...(memory ? { memory: (key: string) => known.get(key) } : {}),
    };
    for (;;) {
      const decision = advance(this.#state, signals, context);
      if (decision.events) {
        if (memory && known.size > 0) await this.#noteReadings(memory, decision.events);
        return decision.events;
      }
      if (decision.needs.length > 0) await this.#blobs.load(decision.needs);
      if (!memory || decision.memory.length === 0) continue;
      for (const [key, found] of await memory.read(reader, decision.memory)) {
        // What the flow's memory starts from is not written where it is only tried out, but read.
        const seed = sandbox && found.version === 0 ? this.#flow.seed[key] : undefined;
        known.set(key, seed === undefined ? found : { ...found, value: seed });
      }
    }
  }

  async #noteReadings(
    memory: NonNullable<EngineOptions["memory"]>,
    events: readonly RunEventBody[],
  ): Promise<void> {
    const readings = events.flatMap((event) => (event.type === "memory-read" ? [event] : []));
    if (readings.length === 0) return;
    try {
      await memory.note({ workspace: this.#claim.workspace, run: this.#run }, readings);
    } catch (error) {
      // Who read what is there to be looked at; the journal has it as well.
      this.#options.onProblem?.({ run: this.#run, error });
    }
  }

  #context(): MachineContext {
    const { journal, random, sha256 } = this.#options;
    return {
      flow: this.#flow,
      runId: this.#run,
      now: journal.now(),
      random,
      tools: this.#catalog,
      ...(this.#models === undefined ? {} : { models: this.#models }),
      blob: (ref) => this.#blobs.get(ref),
      sha256,
    };
  }

  async #append({ events, text }: Kept, consume: readonly InboxItemId[]): Promise<boolean> {
    const before = this.#state;
    const now = this.#options.journal.now();
    const ahead = createAhead(before, events, now);
    const summary = this.#summaryOf(ahead, events, now);
    const ends = events.some((event) => event.type === "run-finished");
    const request: AppendRequest = {
      run: this.#run,
      workspace: this.#claim.workspace,
      epoch: this.#epoch,
      seq: before.seq + 1,
      events,
      text,
      audit: events.flatMap((event) => auditOf(event, this.#run, before, this.#flow) ?? []),
      consume,
      ...(summary ? { summary } : {}),
      // Its statement tells other runs of the end.
      ...(ends && ahead.state().crosses === true ? { alone: true } : {}),
    };
    const sent = this.#send(request);
    if (events.some((event) => event.type === "model-call-begun")) this.#askAhead(ahead);
    const answer = await sent;
    if (answer.result === "fenced") return false;
    this.#fold.add(events.map((body, index) => ({ seq: request.seq + index, at: answer.at, body })));
    if (summary) {
      this.#summary = summary;
      this.#summaryAt = now;
    }
    await this.#afterwards(events);
    await this.#keepSnapshot(before.seq);
    return true;
  }

  /**
   * Asks models while the append that says so is under way. A model call changes nothing outside: where the append
   * fails or is fenced, the call is aborted with the segment, and its answer could only be recorded after the append.
   */
  #askAhead(ahead: Ahead): void {
    if (this.#stopping.now) return;
    const state = ahead.state();
    for (const obligation of machine.obligations(state)) {
      if (obligation.kind === "model-call") this.#startEffect(obligation, state);
    }
  }

  /** Keeps the state of a long run now and then, so that whoever takes it over need not fold all of it. */
  async #keepSnapshot(seqBefore: number): Promise<void> {
    const { seq } = this.#state;
    if (Math.floor(seq / eventsPerSnapshot) === Math.floor(seqBefore / eventsPerSnapshot)) return;
    const { journal, onProblem } = this.#options;
    try {
      await journal.saveSnapshot({ run: this.#run, epoch: this.#epoch, snapshot: this.#state });
    } catch (error) {
      // The journal alone is enough to go on.
      onProblem?.({ run: this.#run, error });
    }
  }

  /** An append whose outcome is unknown is sent again unchanged: the journal compares. */
  async #send(request: AppendRequest): ReturnType<EngineOptions["journal"]["append"]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#options.journal.append(request);
      } catch (error) {
        if (attempt >= appendTries) throw error;
        this.#options.onProblem?.({ run: this.#run, error });
      }
    }
  }

  /** The summary, where lists should show a new one. */
  #summaryOf(ahead: Ahead, events: readonly RunEventBody[], now: number): RunSummary | undefined {
    const telling = events.some((event) => tellingEvents.has(event.type));
    if (!telling && now - this.#summaryAt < summaryAgeMs) return undefined;
    const summary = summaryOf(ahead.state(), this.#flow);
    const known = this.#summary;
    if (known?.state !== summary.state || known.headline !== summary.headline) return summary;
    this.#summaryAt = now;
    return undefined;
  }

  /** Puts into the world what was journaled: questions, timers; and closes the streams of finished calls. */
  async #afterwards(events: readonly RunEventBody[]): Promise<void> {
    const { journal } = this.#options;
    const context = {
      options: this.#options,
      run: this.#run,
      workspace: this.#claim.workspace,
      blobs: this.#blobs,
    };
    const crossing = { ...context, epoch: this.#claim.epoch };
    const work: Promise<unknown>[] = [
      ...carryApprovals(events, context),
      ...carryTimers(events, context),
      ...carryCrossings(events, this.#state, crossing),
    ];
    for (const event of events) {
      if (event.type !== "model-call-finished" && event.type !== "model-call-failed") continue;
      // An earlier segment may have written some.
      if (!this.#streams.delete(event.key) && !this.#takenOver) continue;
      // Nothing waits for it: a stream that stays open is closed with its run.
      journal.closeStream(this.#run, event.key).catch((error: unknown) => {
        this.#options.onProblem?.({ run: this.#run, error });
      });
    }
    if (work.length > 0) await Promise.all(work);
  }

  /** Says again what an earlier segment may not have come to say. */
  async #meet(obligations: ReturnType<typeof machine.obligations>): Promise<void> {
    const { tasks } = this.#state;
    const events: RunEventBody[] = [];
    for (const obligation of obligations) {
      if (obligation.kind === "timer") {
        const { path, name, n, dueAt } = obligation;
        events.push({ type: "timer-set", path, name: name as "wait", n, dueAt });
      } else if (obligation.kind === "approval") {
        const { path, approvalId } = obligation;
        const approval = tasks[path]?.approvals.find((one) => one.approvalId === approvalId);
        if (!approval) continue;
        const { step, callId, ask, deadline } = approval;
        events.push({ type: "approval-requested", path, approvalId, step, callId, ask, deadline });
        for (const to of approval.escalated ?? []) {
          events.push({ type: "approval-escalated", path, approvalId, to });
        }
      }
    }
    for (const task of Object.values(tasks)) {
      for (const { approvalId, end } of task.approvals) {
        if (end?.name !== "withdrawn") continue;
        events.push({ type: "approval-withdrawn", path: task.path, approvalId, reason: end.reason });
      }
    }
    await this.#afterwards(events);
    const { run, workspace, epoch } = { run: this.#run, ...this.#claim };
    const crossing = { options: this.#options, run, workspace, epoch };
    await Promise.all(repeatCrossings(obligations, this.#state, crossing));
  }

  /** Makes what is under way agree with what the state wants. */
  #carryEffects(): void {
    const wanted = machine.obligations(this.#state).filter(isEffect);
    const keys = new Set(wanted.map((obligation) => obligation.key));
    for (const key of this.effects.keys()) {
      if (!keys.has(key)) this.effects.abort(key, "The run no longer waits for this call.");
    }
    for (const obligation of wanted) this.#startEffect(obligation, this.#state);
  }

  #startEffect(obligation: EffectObligation, state: RunState): void {
    if (this.effects.has(obligation.key)) return;
    this.effects.start(obligation, {
      options: this.#options,
      run: this.#run,
      workspace: this.#claim.workspace,
      flow: this.#flow,
      catalog: this.#catalog,
      blobs: this.#blobs,
      state,
      redaction: this.#options.redaction?.(this.#run),
      epoch: () => this.#epoch,
      again: this.#takenOver,
      onStream: (key) => this.#streams.add(key),
    });
  }

  /** Gives the run up. False: something came meanwhile, go on. */
  async #park(): Promise<boolean> {
    const result = await this.#options.journal.park({
      run: this.#run,
      epoch: this.#epoch,
      wake: this.#wake,
      snapshot: this.#state,
      summary: summaryOf(this.#state, this.#flow),
    });
    if (result !== "woken") return true;
    this.#inbox.dirty = true;
    return false;
  }
}

/** Events to record, with their JSON text where it is at hand. */
type Kept = { readonly events: readonly RunEventBody[]; readonly text?: string };

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

type Ahead = { state(): RunState };

/** The state with events that are not journaled yet, made when it is asked for. */
function createAhead(before: RunState, events: readonly RunEventBody[], at: number): Ahead {
  let state: RunState | undefined;
  return {
    state() {
      if (!state) {
        const fold = createFold(before);
        fold.add(events.map((body, index) => ({ seq: before.seq + index + 1, at, body })));
        state = fold.state();
      }
      return state;
    },
  };
}
