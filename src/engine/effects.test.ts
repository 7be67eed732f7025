import { BatonError, type Json, type RunId } from "#base/index.ts";
import type { ToolFacts } from "#flow/machine/index.ts";
import { afterEach, describe, expect, test, vi } from "vitest";
import { memoryJournal, type MemoryJournal } from "./index.ts";
import type { EngineOptions, Redaction } from "./ports.ts";
import { createStream, headStartMs } from "./stream.ts";
import {
  engineFor,
  flowOf,
  hashOf,
  makeRun,
  newId,
  outside,
  type Outside,
  type Worker,
} from "./testing/world.ts";

const place = { workspace: newId("ws"), flow: "flow", revision: "rev" };

afterEach(() => {
  vi.useRealTimers();
});

type Rig = { journal: MemoryJournal; worker: Worker; run: RunId; beyond: Outside };

async function rig(
  text: string,
  change: (beyond: Outside) => Partial<Outside>,
  more: Partial<EngineOptions> = {},
  tools: Readonly<Record<string, Partial<ToolFacts>>> = { look: { repeatable: true } },
): Promise<Rig> {
  const journal = memoryJournal();
  const plain = outside();
  const beyond = { ...plain, ...change(plain) };
  const world = {
    worker: async () => ({ id: newId("wrk"), journal }),
    place: async () => place,
    declareDead: async () => undefined,
    close: async () => undefined,
  };
  const options = { onSignal: journal.onSignal, ...more };
  const worker = engineFor({ id: newId("wrk"), journal }, flowOf(text), tools, beyond, options);
  return { journal, worker, run: await makeRun(world, journal, "flow"), beyond };
}

const one = 'id: flow\ntasks: [{ id: call, tool: look }]\noutputs: { out: "{{ tasks.call.output }}" }\n';

describe("effects", () => {
  test("a result of ten megabytes is kept apart; the event holds its hash and a preview", async () => {
    const { journal, worker, run } = await rig(one, () => ({ call: async () => "y".repeat(10_000_000) }));
    await worker.engine.drive(run);
    const stored = journal.stored(run);
    expect(stored?.summary.state).toBe("succeeded");
    expect(JSON.stringify(stored?.events).length).toBeLessThan(20_000);
    expect(stored?.summary.outputs).toMatchObject({ out: { $blob: { bytes: 10_000_002 } } });
  });

  test("a run whose model is out parks, and no worker keeps it", async () => {
    const text =
      'id: flow\nagents: { helper: { instructions: "Help." } }\ntasks: [{ id: think, agent: helper, prompt: Go }]\n';
    const { journal, worker, run } = await rig(text, () => ({
      async model() {
        throw new BatonError("unavailable", "It is out.", { retryAfterMs: 60_000, postponed: true });
      },
    }));
    await worker.engine.drive(run);
    const stored = journal.stored(run);
    expect(stored?.summary).toMatchObject({ headline: "think: waiting until the model is back" });
    expect(stored?.events.map(({ body }) => body.type).slice(-2)).toEqual(["model-call-failed", "timer-set"]);
    expect(stored?.events.at(-2)?.body).toMatchObject({ postponed: true, retryAfterMs: 60_000 });
  });

  test("a call that comes back while another one's result is being recorded is not made again", async () => {
    const both = `
id: flow
tasks:
  - id: each
    foreach: [1, 2]
    concurrency: 2
    tasks: [{ id: call, tool: look, with: { n: "{{ item }}" } }]
`;
    const answers = new Map<string, (value: Json) => void>();
    const { journal, worker, run, beyond } = await rig(both, (plain) => ({
      call({ key }) {
        plain.made.push(key);
        return new Promise<Json>((resolve) => answers.set(key, resolve));
      },
    }));
    const { append } = journal;
    const [first, second] = ["each[0]/call", "each[1]/call"].map((path) => `${run}:${path}:1:1:call`);
    let recorded = 0;
    journal.append = async (request) => {
      if (request.events.some((event) => event.type === "tool-call-finished") && (recorded += 1) === 1) {
        answers.get(second ?? "")?.("second");
        for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      }
      return append(request);
    };
    const driven = worker.engine.drive(run);
    await vi.waitFor(() => expect(answers.size).toBe(2));
    answers.get(first ?? "")?.("first");
    await vi.waitFor(() => expect(recorded).toBe(2));
    await driven;
    expect(beyond.made).toEqual([first, second]);
    expect(journal.stored(run)?.summary.state).toBe("succeeded");
  });

  test("a tool that hangs and ignores its abort is given up after its time", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { journal, worker, run } = await rig(one, () => ({
        call: () => new Promise<Json>(() => undefined),
      }));
      const driven = worker.engine.drive(run);
      for (let minute = 0; minute < 16; minute += 1) await vi.advanceTimersByTimeAsync(60_000);
      await driven;
      expect(journal.stored(run)?.summary).toMatchObject({
        state: "failed",
        error: { code: "timeout", message: "look did not answer within 900 s." },
      });
    } finally {
      vi.useRealTimers();
    }
  });

  test("an effect that ignores its abort is left behind: its epoch is over, and nothing late of it counts", async () => {
    let late: (text: string) => void = () => undefined;
    let end: (value: Json) => void = () => undefined;
    let asked = false;
    const problems: string[] = [];
    const { journal, worker, run } = await rig(
      `
id: flow
agents: { stubborn: { instructions: x } }
tasks:
  - { id: deaf, agent: stubborn, prompt: go, timeout: 1s, onError: continue }
  - { id: call, tool: look }
outputs: { out: "{{ tasks.call.output }}", deaf: "{{ tasks.deaf.state }}" }
`,
      () => ({
        model: (_request, emit) => {
          asked = true;
          late = (delta) => emit({ type: "text-delta", id: "1", delta });
          return new Promise(() => undefined);
        },
        call: () =>
          new Promise<Json>((resolve) => {
            end = resolve;
          }),
      }),
      { graceMs: 40, onProblem: ({ error }) => problems.push(String(error)) },
    );
    const driven = worker.engine.drive(run);
    await vi.waitFor(() => expect(asked).toBe(true));
    late("Hm");
    const key = `${run}:deaf:1:1:m1`;
    await vi.waitFor(async () => expect(await journal.readChunks(run, key, 0)).toHaveLength(1));
    const before = journal.stored(run)?.epoch ?? 0;
    await journal.signal(run, "timer:deaf:timeout:1", { kind: "timer", path: "deaf", name: "timeout", n: 1 });
    await vi.waitFor(() => expect(problems.join()).toContain("ignores that it was aborted"));
    expect(journal.stored(run)?.epoch).toBe(before + 1);
    const written: number[] = [];
    const write = journal.writeChunks;
    journal.writeChunks = async (id, epoch, stream, from, chunks) => {
      await write(id, epoch, stream, from, chunks);
      written.push(epoch);
    };
    late("Too late");
    await vi.waitFor(() => expect(written).toEqual([before]));
    expect(await journal.readChunks(run, key, 0)).toHaveLength(1);
    end("done");
    await driven;
    expect(journal.stored(run)?.summary).toMatchObject({
      state: "succeeded",
      outputs: { out: "done", deaf: "failed" },
    });
    expect(problems).toHaveLength(1);
  });

  test("an effect that ends soon after its abort costs no epoch", async () => {
    let asked = false;
    const { journal, worker, run } = await rig(
      "id: flow\ntasks: [{ id: a, tool: look, timeout: 1s, onError: continue }, { id: b, tool: look }]\n",
      () => ({
        call: ({ key, signal }) =>
          key.includes(":a:")
            ? new Promise((_, reject) => {
                asked = true;
                signal.addEventListener("abort", () => reject(new Error("aborted")));
              })
            : Promise.resolve("fine"),
      }),
      { graceMs: 40 },
    );
    const driven = worker.engine.drive(run);
    await vi.waitFor(() => expect(asked).toBe(true));
    await journal.signal(run, "timer:a:timeout:1", { kind: "timer", path: "a", name: "timeout", n: 1 });
    await driven;
    expect(journal.stored(run)).toMatchObject({ epoch: 1, summary: { state: "succeeded" } });
  });

  test("an error that is nobody's story fails the task with its message", async () => {
    const { journal, worker, run } = await rig(one, () => ({
      call: () => Promise.reject(new BatonError("forbidden", "Not there.", { hint: "Ask an admin." })),
    }));
    await worker.engine.drive(run);
    expect(journal.stored(run)?.summary.error).toMatchObject({
      code: "forbidden",
      message: "Not there.",
      hint: "Ask an admin.",
      task: "call",
    });
  });

  test("a stopping worker records the tool call that ends in time and begins nothing more", async () => {
    let release: (value: Json) => void = () => undefined;
    const { journal, worker, run, beyond } = await rig(
      "id: flow\ntasks: [{ id: a, tool: look }, { id: b, tool: look }]\n",
      (plain) => ({
        call: ({ key }) => {
          plain.made.push(key);
          return new Promise<Json>((resolve) => {
            release = resolve;
          });
        },
      }),
    );
    const driven = worker.engine.drive(run);
    await vi.waitFor(() => expect(beyond.made).toHaveLength(1));
    const stopped = worker.engine.stop();
    release("in time");
    await Promise.all([driven, stopped]);
    expect(journal.stored(run)?.events.at(-1)?.body).toMatchObject({
      type: "tool-call-finished",
      result: "in time",
    });
    expect(beyond.made).toHaveLength(1);
    expect(journal.stored(run)?.owner).toBe(worker.id);
  });

  test("secrets are taken out of events, and out of a stream even when split over two chunks", async () => {
    const written: Json[] = [];
    const { journal, worker, run } = await rig(
      'id: flow\nagents: { a: { instructions: x } }\ntasks: [{ id: say, agent: a, prompt: go }]\noutputs: { out: "{{ tasks.say.output }}" }\n',
      (plain) => ({
        model: async (request, emit) => {
          emit({ type: "text-start", id: "1" });
          emit({ type: "text-delta", id: "1", delta: "it is hunt" });
          emit({ type: "text-delta", id: "1", delta: "er2, yes" });
          emit({ type: "text-end", id: "1" });
          await vi.advanceTimersByTimeAsync(headStartMs);
          return {
            ...(await plain.model({ ...request, tools: [] }, () => undefined)),
            text: "it is hunter2, yes",
          };
        },
      }),
      { redaction: () => hunter },
    );
    const write = journal.writeChunks;
    journal.writeChunks = async (id, epoch, stream, from, chunks) => {
      written.push(...chunks);
      await write(id, epoch, stream, from, chunks);
    };
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await worker.engine.drive(run);
    expect(JSON.stringify(written)).not.toContain("hunt");
    expect(written.map((chunk) => (chunk as { delta?: string }).delta ?? "").join("")).toBe(
      "it is [redacted], yes",
    );
    expect(JSON.stringify(journal.stored(run)?.events)).not.toContain("hunter2");
    expect(journal.stored(run)?.summary.outputs).toEqual({ out: "it is [redacted], yes" });
  });

  test("a secret that a call itself has read is taken out of its large result as well", async () => {
    let known = false;
    const plain: Redaction = { ...hunter, text: (text) => text, json: (value) => value, leaves: () => true };
    const { journal, worker, run } = await rig(
      one,
      () => ({
        call: async () => {
          known = true;
          return `hunter2${"x".repeat(40_000)}`;
        },
      }),
      { redaction: () => (known ? hunter : plain) },
    );
    const saved: string[] = [];
    const save = journal.saveBlob;
    journal.saveBlob = (workspace, text) => {
      saved.push(text);
      return save(workspace, text);
    };
    await worker.engine.drive(run);
    expect(saved.length).toBeGreaterThan(0);
    expect(saved.join("")).not.toContain("hunter2");
  });

  test("a call that was made does not count as failed because its result could not be stored", async () => {
    const { journal, worker, run, beyond } = await rig(
      "id: flow\ntasks: [{ id: call, tool: look, retry: { maxAttempts: 3, delay: 0s } }]\n",
      (plain) => ({
        call: async ({ key }) => {
          plain.made.push(key);
          return "y".repeat(40_000);
        },
      }),
    );
    const save = journal.saveBlob;
    let broken = 1;
    journal.saveBlob = (workspace, text) =>
      (broken -= 1) >= 0 ? Promise.reject(new Error("The database is away.")) : save(workspace, text);
    await worker.engine.drive(run);
    expect(journal.stored(run)?.summary.state).toBe("succeeded");
    expect(beyond.made).toHaveLength(1);
  });

  test("what is asked has the hash of the bytes that are shown and done, also when a secret was taken out", async () => {
    const { journal, worker, run, beyond } = await rig(
      "id: flow\ntasks: [{ id: call, tool: look, with: { word: hunter2 } }]\n",
      (plain) => ({
        call: async ({ args }) => {
          plain.made.push(JSON.stringify(args));
          return null;
        },
      }),
      { redaction: () => hunter },
      { look: { risk: "high" } },
    );
    await worker.engine.drive(run);
    const [asked] = beyond.questions.values();
    expect(asked?.ask.canonical).toContain("[redacted]");
    expect(asked?.ask.hash).toBe(hashOf(asked?.ask.canonical ?? ""));
    const [approvalId = ""] = beyond.questions.keys();
    await journal.signal(run, "decision", {
      kind: "approval",
      approvalId,
      decision: "approve",
      by: null,
      comment: "",
      answer: null,
    });
    await worker.engine.drive(run);
    expect(beyond.made).toEqual(['{"word":"[redacted]"}']);
  });

  test("large outputs within those of foreach and parallel are read like small ones", async () => {
    const { journal, worker, run } = await rig(
      `id: flow
tasks:
  - { id: each, foreach: [1, 2], tasks: [{ id: look, tool: look }] }
  - { id: both, parallel: [{ id: left, tool: look }, { id: right, log: small }] }
outputs:
  first: "{{ tasks.each.output[1].text.size() }}"
  left: "{{ tasks.both.output.left.text.size() }}"
  item: "{{ tasks.look.items[0].output.text.size() }}"
`,
      () => ({ call: async () => ({ text: "z".repeat(50_000) }) }),
    );
    await worker.engine.drive(run);
    expect(journal.stored(run)?.summary).toMatchObject({
      state: "succeeded",
      outputs: { first: 50_000, left: 50_000, item: 50_000 },
    });
  });

  test("a long run keeps its state on the way, and goes on when that fails", async () => {
    const items = Array.from({ length: 60 }, (_, index) => index);
    const { journal, worker, run } = await rig(
      `id: flow\ntasks:\n  - { id: each, foreach: [${items.join(", ")}], tasks: [{ id: look, tool: look }] }\n`,
      () => ({ call: async () => "seen" }),
    );
    const kept: number[] = [];
    journal.saveSnapshot = async ({ snapshot }) => {
      kept.push(snapshot.seq);
      throw new Error("The disk is full.");
    };
    await worker.engine.drive(run);
    expect(journal.stored(run)?.summary.state).toBe("succeeded");
    const length = journal.stored(run)?.events.length ?? 0;
    expect(kept).toHaveLength(Math.floor(length / 200));
    expect(kept[0]).toBeGreaterThanOrEqual(200);
  });

  test("a run's summary tells that it waits for a person, and for what", async () => {
    const { journal, worker, run } = await rig(
      "id: flow\ntasks: [{ id: gate, approval: Close it? }]\n",
      () => ({}),
    );
    await worker.engine.drive(run);
    expect(journal.stored(run)?.summary).toMatchObject({
      state: "waiting",
      headline: "Waiting for a person: Close it?",
    });
    expect(journal.stored(run)?.owner).toBeNull();
  });
});

/** Takes the word hunter2 out, also across pieces. */
const hunter: Redaction = {
  text: (text) => text.replaceAll("hunter2", "[redacted]"),
  leaves: (text) => !text.includes("hunter2"),
  json: (value) => JSON.parse(JSON.stringify(value).replaceAll("hunter2", "[redacted]")) as Json,
  stream() {
    let held = "";
    return {
      push(piece) {
        const text = (held + piece).replaceAll("hunter2", "[redacted]");
        const keep = Math.max(0, text.length - 6);
        held = text.slice(keep);
        return text.slice(0, keep);
      },
      end: () => held,
    };
  },
};

test("a stream writes at once when idle and collects while a write is under way", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const batches: { from: number; size: number }[] = [];
  const gates: (() => void)[] = [];
  const stream = createStream({
    from: 3,
    redaction: undefined,
    onOpen: () => undefined,
    onProblem: () => undefined,
    write: (from, chunks) =>
      new Promise((resolve) => {
        batches.push({ from, size: chunks.length });
        gates.push(resolve);
      }),
  });
  const turn = async (): Promise<void> => {
    for (let i = 0; i < 5; i += 1) await Promise.resolve();
  };
  stream.write(1);
  await turn();
  expect(batches).toEqual([]);
  await vi.advanceTimersByTimeAsync(headStartMs);
  stream.write(2);
  stream.write(3);
  gates[0]?.();
  await turn();
  expect(batches).toEqual([
    { from: 3, size: 1 },
    { from: 4, size: 2 },
  ]);
  const end = stream.end();
  gates[1]?.();
  await end;
});

test("a call that is over within a moment writes no stream", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const told: string[] = [];
  const stream = createStream({
    from: 0,
    redaction: undefined,
    onOpen: () => told.push("open"),
    onProblem: () => undefined,
    write: async () => void told.push("write"),
  });
  stream.write(1);
  await stream.end();
  stream.write(2);
  await vi.advanceTimersByTimeAsync(headStartMs * 2);
  expect(told).toEqual([]);
});
