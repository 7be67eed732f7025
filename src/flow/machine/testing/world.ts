import type { BlobRef, Json, JsonObject } from "#base/index.ts";
import type { Flow, Limits } from "../../language/definition.ts";
import { parseFlow } from "../../language/parse.ts";
import {
  advance,
  createFold,
  machine,
  mapPlaces,
  type MachineContext,
  type ModelFacts,
  type Obligation,
  type Remembered,
  type RunEvent,
  type RunEventBody,
  type RunState,
  type Signal,
  type ToolFacts,
} from "../index.ts";

type Of<K extends Obligation["kind"]> = Extract<Obligation, { kind: K }>;
type Given = string | { text?: string; toolCalls?: readonly { callId: string; tool: string; args: Json }[] };
/** What the world does about an obligation: a signal's worth, an error, or nothing ("hang"). */
export type ModelReply = Given | Error | "hang";

export type WorldOptions = {
  readonly inputs?: JsonObject;
  /** The signal that starts the run; one with `inputs` when left out. */
  readonly start?: Signal;
  /** Given at the start, over those of the flow. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly tools?: Readonly<Record<string, Partial<ToolFacts>>>;
  /** What the run that started it left to it. */
  readonly limits?: Limits;
  readonly aliases?: Readonly<Record<string, ModelFacts>>;
  /** Answers of models, in order of the calls; then "done". */
  readonly models?: (call: Of<"model-call">, count: number) => Given | Signal | "hang";
  /** Values whose JSON text is at least so long are kept apart, and events hold references to them. */
  readonly apart?: number;
  /** What comes of what is asked of other runs. Left out: runs start and succeed, locks are free, no event comes. */
  readonly crossings?: (obligation: Obligation) => Signal | "hang" | undefined;
  /** What shared memory holds, and a list that gets the keys that were looked up there. */
  readonly memory?: ReadonlyMap<string, Remembered>;
  readonly reads?: string[];
  readonly calls?: (call: Of<"tool-call">, count: number) => Json | Signal | "hang";
};

/** Costs what {@link modelFinished} says: 0.25 for 15 tokens. */
export const testModel: ModelFacts = {
  provider: "test",
  model: "test",
  price: { input: 1 / 60, output: 1 / 60 },
  contextTokens: 128_000,
};

/** A run of a flow against a world that a test decides on. Time stands still until {@link World.tick}. */
export type World = {
  readonly flow: Flow;
  readonly events: RunEvent[];
  state(): RunState;
  types(): string[];
  context(): MachineContext;
  /** Takes signals in, and lets models and tools answer until nothing moves. */
  send(...signals: Signal[]): World;
  /** Lets the world answer what it owes. */
  settle(): World;
  /** Moves the clock, firing the timers that are due. */
  tick(milliseconds: number): World;
  /** Goes from timer to timer until the run ends. */
  toEnd(): World;
  pending(): Of<"approval">[];
  decide(decision: string, more?: { comment?: string; answer?: JsonObject }): World;
  cancel(): World;
  pause(): World;
  resume(): World;
  retry(): World;
  output(): unknown;
};

export const epoch = Date.UTC(2030, 0, 1);
export const ada = { kind: "user", id: "user_ada", name: "Ada" } as const;

export function flowOf(text: string): Flow {
  const parsed = parseFlow(text);
  const problem = parsed.problems.find((one) => one.severity === "error");
  if (!parsed.flow || problem) throw new Error(`The test's flow is wrong: ${problem?.message ?? "no flow"}`);
  return parsed.flow;
}

/** Not SHA-256, but the same for the same text: enough where no hash is compared with another program's. */
export function fakeHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

export function toolFacts(name: string, facts: Partial<ToolFacts> = {}): ToolFacts {
  return {
    name,
    description: `The tool ${name}`,
    risk: "low",
    approval: null,
    inputSchema: { type: "object" },
    outputSchema: null,
    schemaHash: `hash of ${name}`,
    repeatable: false,
    ...facts,
  };
}

export function startSignal(
  inputs: JsonObject,
  labels: Readonly<Record<string, string>> = {},
  limits?: Limits,
): Signal {
  const body = {
    type: "run-started",
    flowId: "flow",
    revisionId: "rev",
    inputs,
    vars: {},
    labels,
    by: ada,
    simulated: false,
    ...(limits === undefined ? {} : { limits }),
  } as const;
  return { kind: "start", body };
}

export function modelFinished(key: string, given: Given): Extract<Signal, { kind: "model-finished" }> {
  const { text = "", toolCalls = [] } = typeof given === "string" ? { text: given } : given;
  return {
    kind: "model-finished",
    key,
    text,
    reasoning: "",
    toolCalls,
    finishReason: toolCalls.length > 0 ? "tool-calls" : "stop",
    provider: "test",
    model: "test",
    simulated: false,
    usage: { inputTokens: 10, outputTokens: 5 },
    cost: 0.25,
  };
}

function isSignal(value: unknown): value is Signal {
  return typeof value === "object" && value !== null && "kind" in value && "key" in value;
}

/** Starts a run. `flow` is a flow or its YAML. */
export function world(flow: Flow | string, options: WorldOptions = {}): World {
  const definition = typeof flow === "string" ? flowOf(flow) : flow;
  const catalog = new Map(
    Object.entries(options.tools ?? {}).map(([name, facts]) => [name, toolFacts(name, facts)]),
  );
  const fold = createFold(machine.initial());
  const events: RunEvent[] = [];
  const stored = new Map<string, Json>();
  /** Of the stored ones, those that this decision asked for. */
  const atHand = new Map<string, Json>();
  const atMemory = new Map<string, Remembered>();
  let now = epoch;
  let modelCount = 0;
  let toolCount = 0;
  let drawn = 0;

  const context = (): MachineContext => ({
    flow: definition,
    runId: "run_1",
    now,
    random: (count) =>
      Uint8Array.from({ length: count }, () => {
        drawn = (Math.imul(drawn, 1_103_515_245) + 12_345) >>> 0;
        return drawn >>> 16;
      }),
    models: { get: (alias) => options.aliases?.[alias] ?? testModel },
    tools: { get: (name) => catalog.get(name), names: () => [...catalog.keys()] },
    blob: (ref) => atHand.get(ref.$blob.hash),
    memory: (key) => atMemory.get(key),
    sha256: fakeHash,
  });

  function take(signals: readonly Signal[]): boolean {
    atHand.clear();
    atMemory.clear();
    for (;;) {
      const decision = advance(fold.state(), signals, context());
      if (decision.events) {
        append(decision.events.map((event) => (options.apart === undefined ? event : putApart(event))));
        return decision.events.length > 0;
      }
      for (const key of decision.memory) {
        options.reads?.push(key);
        atMemory.set(key, options.memory?.get(key) ?? { value: null, version: 0 });
      }
      for (const { $blob } of decision.needs) {
        const content = stored.get($blob.hash);
        if (content === undefined) throw new Error("The test's world has no such blob.");
        atHand.set($blob.hash, content);
      }
    }
  }

  /** As an engine does it with what is large. */
  function putApart(event: RunEventBody): RunEventBody {
    return mapPlaces(event, <T extends Json | BlobRef>(value: T): T => {
      const text = JSON.stringify(value);
      if (text.length < (options.apart ?? 0)) return value;
      const hash = `${fakeHash(text)}:${text.length}`;
      stored.set(hash, value as Json);
      return { $blob: { hash, bytes: text.length, preview: text.slice(0, 20) } } as T;
    });
  }

  function append(bodies: readonly RunEventBody[]): void {
    const from = events.length + 1;
    const added = bodies.map((body, index) => ({ seq: from + index, at: now, body }));
    events.push(...added);
    fold.add(added);
  }

  /** A call hangs for ever once it hung. */
  const hanging = new Set<string>();

  function answer(obligation: Obligation): Signal | undefined {
    if (obligation.kind === "model-call") {
      const given = options.models?.(obligation, (modelCount += 1)) ?? "done";
      if (given === "hang") hanging.add(obligation.key);
      return given === "hang"
        ? undefined
        : isSignal(given)
          ? given
          : modelFinished(obligation.key, given as Given);
    }
    if (obligation.kind === "tool-call") {
      const given = options.calls?.(obligation, (toolCount += 1)) ?? { ok: true };
      if (given === "hang") hanging.add(obligation.key);
      if (given === "hang") return undefined;
      return isSignal(given) ? given : { kind: "tool-finished", key: obligation.key, result: given as Json };
    }
    return crossing(obligation);
  }

  function crossing(obligation: Obligation): Signal | undefined {
    if (!("key" in obligation)) return undefined;
    const { key } = obligation;
    if (obligation.kind === "child" && obligation.cancelling) {
      return { kind: "child-ended", key, outcome: "cancelled", outputs: null, error: null };
    }
    const given = hanging.has(key) ? "hang" : options.crossings?.(obligation);
    if (given === "hang") {
      hanging.add(key);
      return undefined;
    }
    if (given !== undefined) return given;
    if (obligation.kind === "child-start") {
      return { kind: "child-started", key, number: 1, flow: "intake", title: "Intake", revision: 1 };
    }
    if (obligation.kind === "child") {
      return { kind: "child-ended", key, outcome: "succeeded", outputs: {}, error: null };
    }
    return obligation.kind === "lock" ? { kind: "lock-granted", key } : undefined;
  }

  const self: World = {
    flow: definition,
    events,
    state: () => fold.state(),
    types: () => events.map((event) => event.body.type),
    context,
    send(...signals) {
      take(signals);
      return self.settle();
    },
    settle() {
      for (let turns = 0; turns < 10_000; turns += 1) {
        const owed = machine
          .obligations(fold.state())
          .filter((one) => "key" in one && (!hanging.has(one.key) || one.kind === "child"));
        const signals = owed.flatMap((one) => answer(one) ?? []);
        if (signals.length === 0) return self;
        for (const signal of signals) take([signal]);
      }
      throw new Error("The run does not come to rest.");
    },
    tick(milliseconds) {
      const until = now + milliseconds;
      for (;;) {
        const due = Object.values(fold.state().timers)
          .filter((timer) => timer.dueAt <= until)
          .toSorted((a, b) => a.dueAt - b.dueAt)[0];
        if (!due) break;
        now = Math.max(now, due.dueAt);
        self.send({ kind: "timer", path: due.path, name: due.name, n: due.n });
      }
      now = until;
      return self;
    },
    toEnd() {
      for (let turns = 0; turns < 1_000 && fold.state().phase.name !== "finished"; turns += 1) {
        const next = Math.min(...Object.values(fold.state().timers).map((timer) => timer.dueAt));
        if (!Number.isFinite(next)) break;
        self.tick(Math.max(0, next - now));
      }
      return self;
    },
    pending: () => machine.obligations(fold.state()).filter((one) => one.kind === "approval"),
    decide(decision, { comment = "", answer: given = null as JsonObject | null } = {} as never) {
      const [first] = self.pending();
      if (!first) throw new Error("Nobody is asked anything.");
      const { approvalId } = first;
      return self.send({ kind: "approval", approvalId, decision, by: ada, comment, answer: given });
    },
    cancel: () => self.send({ kind: "cancel", by: ada, reason: "Not needed" }),
    pause: () => self.send({ kind: "pause", by: ada, reason: "" }),
    resume: () => self.send({ kind: "resume", by: ada }),
    retry: () => self.send({ kind: "retry", by: ada, reason: "" }),
    output: () => {
      const { phase } = fold.state();
      if (phase.name !== "finished") return `not finished: ${phase.name}`;
      return phase.outcome === "succeeded" ? phase.outputs : { outcome: phase.outcome, error: phase.error };
    },
  };
  self.send(options.start ?? startSignal(options.inputs ?? {}, options.labels, options.limits));
  return self;
}
