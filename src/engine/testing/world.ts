import { BatonError, makeId, type Json, type RunId, type WorkerId, type WorkspaceId } from "#base/index.ts";
import type { ModelRequest } from "#agents/index.ts";
import { parseFlow, type Ask, type Flow } from "#flow/index.ts";
import type { RunActor, Signal, ToolFacts } from "#flow/machine/index.ts";
import type { RunMemory } from "#memory/index.ts";
import type { Journal } from "#journal/index.ts";
import { createEngine } from "../engine.ts";
import type { ApprovalPort, Engine, EngineOptions, EngineToolCall } from "../ports.ts";

/** What an adapter of the journal brings to the suite. */
export type ConformanceWorld = {
  /** The journal as one worker's process sees it. The worker is registered and alive. */
  worker(): Promise<{ readonly id: WorkerId; readonly journal: Journal }>;
  /** Where runs may be made. `revision` is never read: the suite brings its own flows. */
  place(): Promise<{ readonly workspace: WorkspaceId; readonly flow: string; readonly revision: string }>;
  /** Shared memory; one of this process when left out. */
  readonly memory?: RunMemory;
  declareDead(worker: WorkerId): Promise<void>;
  /** Sends an event to runs of the place's workspace; answers how many got it. For the suite of what reaches across runs. */
  send?(event: { name: string; about: string; payload: Json; by: RunActor }): Promise<number>;
  close(): Promise<void>;
};

export const starter: RunActor = { kind: "user", id: "user_ada", name: "Ada" };

let drawn = 1;
/** Bytes that differ at each call, so that ids do. */
export function bytes(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => {
    drawn = (Math.imul(drawn, 1_103_515_245) + 12_345) >>> 0;
    return drawn >>> 16;
  });
}

export function newId<P extends string>(prefix: P): ReturnType<typeof makeId<P>> {
  return makeId(prefix, Date.now(), bytes);
}

/** The same for the same text; that it is no SHA-256 does not matter to the suite. */
export function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

export function flowOf(text: string): Flow {
  const parsed = parseFlow(text);
  const problem = parsed.problems.find((one) => one.severity === "error");
  if (!parsed.flow || problem) throw new Error(`The suite's flow is wrong: ${problem?.message ?? "no flow"}`);
  return parsed.flow;
}

export function factsOf(name: string, facts: Partial<ToolFacts> = {}): ToolFacts {
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

/** The world outside the journal: tools, models and people, shared by all workers of a test, as the real one is. */
export type Outside = {
  /** Keys of tool calls that were made, in order; twice when made twice. */
  readonly made: string[];
  readonly asked: string[];
  /** Questions before people and not taken back. */
  readonly questions: Map<string, { readonly ask: Ask; readonly run: RunId }>;
  readonly approvals: ApprovalPort;
  call: (request: EngineToolCall) => Promise<Json>;
  model(request: ModelRequest, emit: (chunk: Json) => void): ReturnType<EngineOptions["models"]["call"]>;
};

/** Tools answer what they are given; a model calls each of its tools once and then sums up. */
export function outside(): Outside {
  const made: string[] = [];
  const asked: string[] = [];
  const questions: Outside["questions"] = new Map();
  return {
    made,
    asked,
    questions,
    approvals: {
      async open({ approvalId, ask, run }) {
        questions.set(approvalId, { ask, run });
      },
      async withdraw({ approvalId }) {
        questions.delete(approvalId);
      },
    },
    async call({ key, args, tool, signal }): Promise<Json> {
      made.push(key);
      if (signal.aborted) throw new BatonError("cancelled", "The call was cancelled.");
      if (tool === "big") return { text: "x".repeat(100_000) };
      if (tool === "broken") throw new BatonError("unavailable", "The other side is down.");
      return { tool, args };
    },
    async model(request, emit) {
      asked.push(request.key);
      emit({ type: "text-delta", id: "1", delta: "Thinking" });
      const used = new Set(
        request.messages.flatMap((message) => (message.role === "tool" ? [message.tool] : [])),
      );
      const next = request.tools.find((tool) => !used.has(tool.name));
      return {
        text: next ? "" : `Used ${[...used].join(" and ")}`,
        reasoning: "",
        toolCalls: next ? [{ callId: `call-${used.size + 1}`, tool: next.name, args: { n: used.size } }] : [],
        finishReason: next ? "tool-calls" : "stop",
        provider: "test",
        model: "test",
        simulated: true,
        usage: { inputTokens: 10, outputTokens: 5 },
        cost: 0.5,
      };
    },
  };
}

export type Worker = { readonly id: WorkerId; readonly journal: Journal; readonly engine: Engine };

/** An engine over a worker's journal. */
export function engineFor(
  worker: { readonly id: WorkerId; readonly journal: Journal },
  flow: Flow,
  tools: Readonly<Record<string, Partial<ToolFacts>>>,
  beyond: Outside,
  more: Partial<EngineOptions> = {},
): Worker {
  const catalog = new Map(Object.entries(tools).map(([name, facts]) => [name, factsOf(name, facts)]));
  const engine = createEngine({
    journal: worker.journal,
    worker: worker.id,
    models: { call: (request, emit) => beyond.model(request, emit) },
    tools: {
      catalog: () => ({ get: (name) => catalog.get(name), names: () => [...catalog.keys()] }),
      call: (request) => beyond.call(request),
    },
    revisions: async () => ({ flow }),
    approvals: beyond.approvals,
    sha256: hashOf,
    random: bytes,
    heartbeatMs: 50,
    ...more,
  });
  return { ...worker, engine };
}

export async function makeRun(
  world: ConformanceWorld,
  journal: Journal,
  flowId: string,
  inputs: Record<string, Json> = {},
): Promise<RunId> {
  const place = await world.place();
  const id = newId("run");
  await journal.create({
    id,
    ...place,
    start: {
      type: "run-started",
      flowId,
      revisionId: place.revision,
      inputs,
      vars: {},
      by: starter,
      simulated: false,
    },
  });
  return id;
}

/** Remembers the timers that were set, so that a test can let them fire. */
export function withTimers(journal: Journal): { journal: Journal; fire(run: RunId): Promise<void> } {
  const set: { run: RunId; signal: Extract<Signal, { kind: "timer" }> }[] = [];
  return {
    journal: {
      ...journal,
      setTimer: async (run, { path, name, n, dueAt }) => {
        set.push({ run, signal: { kind: "timer", path, name, n } });
        await journal.setTimer(run, { path, name, n, dueAt });
      },
    },
    async fire(run) {
      for (const one of set.splice(0)) {
        const { path, name, n } = one.signal;
        if (one.run === run) await journal.signal(run, `timer:${path}:${name}:${n}`, one.signal);
      }
    },
  };
}
