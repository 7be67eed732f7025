import { BatonError, type Json, type RunId } from "#base/index.ts";
import type { Flow, ModelCatalog, ToolCatalog } from "#flow/index.ts";
import {
  advance,
  copiedEvents,
  machine,
  type MachineContext,
  type Remembered,
  type RunEventBody,
  type RunState,
  type Signal,
} from "#flow/machine/index.ts";
import type { Claim, InboxItem } from "#journal/index.ts";
import { mayRunAhead } from "./ahead.ts";
import { createBell, type Bell } from "./bell.ts";
import { createEffects, isEffect, type EffectObligation, type Effects } from "./effects.ts";
import type { EngineOptions } from "./ports.ts";
import { type Kept, Recorder } from "./recorder.ts";
import { carryApprovals } from "./steps/approval.ts";
import { carryCrossings, repeatCrossings } from "./steps/crossing.ts";
import { carryTimers } from "./steps/timer.ts";
import { summaryOf } from "./summary.ts";
import { endUnreadable, isUnreadable } from "./unreadable.ts";
import { Blobs, keepLarge, largestInline } from "./values.ts";

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
    // Freed meanwhile, the run may be for this worker to go on with: a job that found it still driven here came to nothing.
    if (driver.isLost) inbox.dirty = true;
  } finally {
    unsubscribe?.();
    driver?.close();
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
  readonly #recorder: Recorder;
  readonly #blobs: Blobs;
  /** Whether an earlier segment may have ended in the middle of things. */
  readonly #takenOver: boolean;
  /** Keys of calls whose chunks were written by this segment. */
  readonly #streams = new Set<string>();
  #wake = -1;

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
    this.#recorder = new Recorder({
      engine: options,
      run,
      claim,
      flow,
      afterwards: (events, recorded) => this.#afterwards(events, recorded),
      onEnd: () => bell.ring(),
    });
    // A snapshot may have been made while a call was under way, and be the last that was heard of it.
    this.#takenOver = claim.events.length > 0 || machine.obligations(this.#state).some(isEffect);
    this.#wake = claim.inbox?.wake ?? -1;
    this.#blobs = new Blobs(options.journal, claim.workspace);
    this.effects = createEffects({
      wake: () => bell.ring(),
      onStep: options.onStep,
      graceMs: options.graceMs ?? 10_000,
    });
  }

  /** With all that was decided. */
  get #state(): RunState {
    return this.#recorder.state;
  }

  /** Whether the run turned out to be no longer ours. */
  get isLost(): boolean {
    return !this.#recorder.isOurs();
  }

  close(): void {
    this.#recorder.close();
    this.effects.close("The worker no longer drives this run.");
  }

  async drive(): Promise<void> {
    const lost = this.#takenOver ? this.#lostEffects() : [];
    if (this.#takenOver) await this.#meet(machine.obligations(this.#state));
    let first: readonly Signal[] = lost;
    let claimed: readonly InboxItem[] = this.#claim.inbox?.items ?? [];
    let due = true;
    while (!this.#stopping.now && this.#recorder.isOurs()) {
      // What came in is read when all is recorded that was read before, and with that, what is waited for.
      const looks = claimed.length > 0 || this.#inbox.dirty;
      if (looks && !(await this.#recorder.settle())) return;
      const items = claimed.length > 0 ? claimed : await this.#readInbox();
      claimed = [];
      const taken = [...first, ...this.effects.take()];
      first = [];
      if (due || looks || taken.length > 0) await this.#turn(items, taken);
      due = false;
      if (!this.#recorder.mayGoOn && !(await this.#recorder.settle())) return;
      if (!this.#recorder.isOurs()) return;
      // What waits for the journal is begun as soon as it may be: not behind whatever goes on ahead, nor left to whoever comes next.
      if (!this.#carryEffects()) {
        if (!(await this.#recorder.settle())) return;
        this.#carryEffects();
      }
      if (!(await this.#outlive(this.effects.takeStuck()))) return;
      if (this.#inbox.dirty) continue;
      if (this.effects.keys().length > 0)
        await this.#bell.wait(this.#options.heartbeatMs ?? 5_000, () => this.#markDirty());
      else if (!this.#recorder.isSettled) await this.#recorder.settle();
      else if (await this.#park()) return;
    }
    if (!this.#stopping.now) return;
    await this.#drain();
  }

  /**
   * The worker stops: model calls, which are repeated elsewhere at no loss, are aborted; tool calls are given a
   * moment to end, so that nobody has to be asked what became of them. What they answer is recorded, nothing more.
   */
  async #drain(): Promise<void> {
    if (!(await this.#recorder.settle())) return;
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
        this.#recorder.put(await this.#toKeep(decision.events), [], false);
        if (!(await this.#recorder.settle())) return;
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
    if (!(await this.#recorder.raiseEpoch())) return false;
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

  /** Takes signals in and has recorded what follows, all of it in one append. */
  async #turn(items: readonly InboxItem[], taken: readonly Signal[]): Promise<void> {
    const signals = [...taken, ...(await this.#admitted(items))];
    const decided = await this.#decide(signals);
    if (decided.length === 0 && items.length === 0) return;
    const kept = await this.#toKeep(decided);
    this.#blobs.trim();
    const consumed = items.map((item) => item.id);
    this.#recorder.put(kept, consumed, !this.#stopping.now && decided.some((event) => this.#isAhead(event)));
  }

  /** Whether this begins something that is done while its beginning is being recorded. */
  #isAhead(event: RunEventBody): boolean {
    if (event.type === "model-call-begun") return true;
    return (
      event.type === "tool-call-begun" && mayRunAhead({ kind: "tool-call", tool: event.tool }, this.#catalog)
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

  /** Puts into the world what was journaled: questions, timers; and closes the streams of finished calls. */
  async #afterwards(events: readonly RunEventBody[], recorded: () => RunState): Promise<void> {
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
      ...carryCrossings(events, recorded, crossing),
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
    await this.#afterwards(events, () => this.#state);
    const { run, workspace, epoch } = { run: this.#run, ...this.#claim };
    const crossing = { options: this.#options, run, workspace, epoch };
    await Promise.all(repeatCrossings(obligations, this.#state, crossing));
  }

  /**
   * Makes what is under way agree with what the state wants. What may be known outside waits until all before it is
   * recorded; what may not, begins at once. False: something has to wait.
   */
  #carryEffects(): boolean {
    const wanted = machine.obligations(this.#state).filter(isEffect);
    const keys = new Set(wanted.map((obligation) => obligation.key));
    for (const key of this.effects.keys()) {
      if (!keys.has(key)) this.effects.abort(key, "The run no longer waits for this call.");
    }
    const { isSettled } = this.#recorder;
    let all = true;
    for (const obligation of wanted) {
      if (isSettled || mayRunAhead(obligation, this.#catalog)) this.#startEffect(obligation, this.#state);
      else if (!this.effects.has(obligation.key)) all = false;
    }
    return all;
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
      epoch: () => this.#recorder.epoch,
      again: this.#takenOver,
      onStream: (key) => this.#streams.add(key),
    });
  }

  /** Gives the run up. False: something came meanwhile, go on. */
  async #park(): Promise<boolean> {
    const result = await this.#options.journal.park({
      run: this.#run,
      epoch: this.#recorder.epoch,
      wake: this.#wake,
      snapshot: this.#state,
      summary: summaryOf(this.#state, this.#flow),
    });
    if (result !== "woken") return true;
    this.#inbox.dirty = true;
    return false;
  }
}
