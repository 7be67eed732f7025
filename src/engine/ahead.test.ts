import type { RunId } from "#base/index.ts";
import type { ToolFacts } from "#flow/machine/index.ts";
import type { AppendRequest } from "#journal/index.ts";
import { describe, expect, test, vi } from "vitest";
import { memoryJournal, type MemoryJournal } from "./index.ts";
import { engineFor, flowOf, makeRun, newId, outside, type Outside, type Worker } from "./testing/world.ts";

const place = { workspace: newId("ws"), flow: "flow", revision: "rev" };
const tools: Readonly<Record<string, Partial<ToolFacts>>> = {
  read: { repeatable: true, effect: "none", inside: true },
  fetch: { repeatable: true, effect: "none" },
  send: {},
};

type Rig = {
  readonly journal: MemoryJournal;
  readonly worker: Worker;
  readonly run: RunId;
  readonly beyond: Outside;
  /** Appends that were sent and not let through yet. */
  readonly held: { readonly request: AppendRequest; pass(fenced?: boolean): void }[];
};

/** A journal whose appends are held back until they are let through, one by one. */
async function rig(text: string): Promise<Rig> {
  const journal = memoryJournal();
  const beyond = outside();
  const { append } = journal;
  const held: Rig["held"] = [];
  journal.append = async (request) => {
    const fenced = await new Promise<boolean>((resolve) => {
      held.push({ request, pass: (lost = false) => resolve(lost) });
    });
    return fenced ? { result: "fenced" } : append(request);
  };
  const world = {
    worker: async () => ({ id: newId("wrk"), journal }),
    place: async () => place,
    declareDead: async () => undefined,
    close: async () => undefined,
  };
  const worker = engineFor({ id: newId("wrk"), journal }, flowOf(text), tools, beyond, {
    onSignal: journal.onSignal,
  });
  return { journal, worker, beyond, held, run: await makeRun(world, journal, "flow") };
}

const pathsOf = (beyond: Outside): (string | undefined)[] => beyond.made.map((key) => key.split(":")[1]);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function next(held: Rig["held"]): Promise<Rig["held"][number]> {
  const one = await vi.waitFor(() => {
    const [first] = held;
    if (first === undefined) throw new Error("No append was sent.");
    return first;
  });
  await settled();
  held.shift();
  return one;
}

describe("what is done while its beginning is being recorded", () => {
  test("calls that stay inside follow one another, and are recorded together", async () => {
    const { journal, worker, run, beyond, held } = await rig(`
id: flow
tasks: [{ id: a, tool: read }, { id: b, tool: read }, { id: c, tool: read, with: { from: "{{ tasks.b.output.tool }}" } }]
`);
    const driven = worker.engine.drive(run);
    const first = await next(held);
    expect(pathsOf(beyond)).toEqual(["a", "b", "c"]);
    expect(held).toEqual([]);
    first.pass();
    const second = await next(held);
    expect(second.request.seq).toBe(first.request.seq + first.request.events.length);
    expect(JSON.parse(second.request.text ?? "")).toEqual(second.request.events);
    second.pass();
    await driven;
    expect(journal.stored(run)?.summary.state).toBe("succeeded");
    expect(journal.stored(run)?.events.map(({ body }) => body.type)).toEqual([
      "run-started",
      "block-entered",
      ...["a", "b", "c"].flatMap(() => [
        "task-started",
        "tool-call-begun",
        "tool-call-finished",
        "task-succeeded",
      ]),
      "run-finished",
    ]);
    // Each call and its result are in the audit, though they were recorded together.
    const audit = [...first.request.audit, ...second.request.audit].map(({ action }) => action);
    expect(audit).toEqual([
      ...["a", "b", "c"].flatMap(() => ["tool-call.begun", "tool-call.finished"]),
      "run.succeeded",
    ]);
  });

  test.each(["send", "fetch"])(
    "%s, of which somebody outside learns, waits until all before it is recorded",
    async (tool) => {
      const { journal, worker, run, beyond, held } = await rig(
        `id: flow\ntasks: [{ id: a, tool: read }, { id: b, tool: ${tool} }, { id: c, tool: read }]\n`,
      );
      const driven = worker.engine.drive(run);
      const first = await next(held);
      expect(pathsOf(beyond)).toEqual(["a"]);
      first.pass();
      const second = await next(held);
      expect(second.request.events.at(-1)).toMatchObject({ type: "tool-call-begun", tool });
      expect(pathsOf(beyond)).toEqual(["a"]);
      second.pass();
      const third = await next(held);
      expect(pathsOf(beyond)).toEqual(["a", "b", "c"]);
      third.pass();
      (await next(held)).pass();
      await driven;
      expect(journal.stored(run)?.summary.state).toBe("succeeded");
    },
  );

  test("an agent's calls that stay inside and its model go on meanwhile; its tool that does not, waits", async () => {
    const { worker, run, beyond, held } = await rig(`
id: flow
agents: { helper: { instructions: Help., tools: [read, send] } }
tasks: [{ id: think, agent: helper, prompt: Go }]
`);
    const driven = worker.engine.drive(run);
    const first = await next(held);
    expect(beyond.asked).toHaveLength(2);
    expect(beyond.made).toHaveLength(1);
    first.pass();
    const second = await next(held);
    expect(second.request.events.filter((event) => event.type === "model-call-finished")).toHaveLength(2);
    expect(beyond.made).toHaveLength(1);
    second.pass();
    const third = await next(held);
    expect(beyond.made).toHaveLength(2);
    third.pass();
    (await next(held)).pass();
    await driven;
  });

  test("nothing is known outside of what went ahead in a run that was lost meanwhile", async () => {
    const { journal, worker, run, beyond, held } = await rig(
      "id: flow\ntasks: [{ id: a, tool: read }, { id: b, tool: send }]\n",
    );
    const driven = worker.engine.drive(run);
    const first = await next(held);
    expect(pathsOf(beyond)).toEqual(["a"]);
    first.pass(true);
    await driven;
    expect(held).toEqual([]);
    expect(pathsOf(beyond)).toEqual(["a"]);
    expect(journal.stored(run)?.events).toEqual([]);
  });

  test("an append that fails ends the segment, whatever went ahead", async () => {
    const { journal, worker, run, beyond } = await rig(
      "id: flow\ntasks: [{ id: a, tool: read }, { id: b, tool: read }, { id: c, tool: send }]\n",
    );
    journal.append = () => Promise.reject(new Error("no room on the disk"));
    await expect(worker.engine.drive(run)).rejects.toThrow("no room on the disk");
    expect(pathsOf(beyond)).not.toContain("c");
    expect(journal.stored(run)?.events).toEqual([]);
  });

  test("a run goes only so far ahead of its journal", async () => {
    const { journal, worker, run, beyond, held } = await rig(`
id: flow
tasks:
  - id: each
    foreach: [${Array.from({ length: 90 }, (_, i) => i).join(", ")}]
    tasks: [{ id: call, tool: read, with: { n: "{{ item }}" } }]
`);
    const driven = worker.engine.drive(run);
    const first = await next(held);
    await settled();
    const ahead = beyond.made.length;
    expect(ahead).toBeGreaterThan(20);
    expect(ahead).toBeLessThan(80);
    first.pass();
    let over = false;
    void driven.then(() => (over = true));
    while (!over) {
      held.shift()?.pass();
      await settled();
    }
    expect(beyond.made).toHaveLength(90);
    expect(journal.stored(run)?.summary.state).toBe("succeeded");
  });

  test("a run that is lost while its calls come back as the worker stops holds nothing up", async () => {
    const { worker, run, beyond, held } = await rig(`
id: flow
tasks:
  - id: both
    foreach: [1, 2]
    concurrency: 2
    tasks: [{ id: call, tool: send, with: { n: "{{ item }}" } }]
`);
    const ends: (() => void)[] = [];
    beyond.call = async ({ key }) => {
      beyond.made.push(key);
      await new Promise<void>((resolve) => ends.push(resolve));
      return {};
    };
    const driven = worker.engine.drive(run);
    (await next(held)).pass();
    await vi.waitFor(() => expect(ends).toHaveLength(2));
    const stopped = worker.engine.stop();
    ends[0]?.();
    (await next(held)).pass(true);
    ends[1]?.();
    await Promise.all([driven, stopped]);
    expect(held).toEqual([]);
  });

  test("a run that is lost while something is being decided holds nothing up", async () => {
    const { journal, worker, run, beyond, held } = await rig(`
id: flow
agents: { helper: { instructions: Help. } }
tasks: [{ id: think, agent: helper, prompt: Go }]
`);
    const { model } = beyond;
    beyond.model = async (request, emit) => ({ ...(await model(request, emit)), text: "x".repeat(100_000) });
    const { saveBlob } = journal;
    const saving = Promise.withResolvers<void>();
    const kept = Promise.withResolvers<void>();
    journal.saveBlob = async (...given) => {
      saving.resolve();
      await kept.promise;
      return saveBlob(...given);
    };
    const driven = worker.engine.drive(run);
    const first = await next(held);
    await saving.promise;
    first.pass(true);
    await settled();
    kept.resolve();
    await driven;
    expect(held).toEqual([]);
  });

  test("a worker that stops leaves no call recorded as begun that it did not make", async () => {
    const { journal, worker, run, beyond, held } = await rig(
      "id: flow\ntasks: [{ id: a, tool: read }, { id: b, tool: send }]\n",
    );
    let over = false;
    const driven = worker.engine.drive(run).then(() => (over = true));
    const first = await next(held);
    void worker.engine.stop();
    await settled();
    first.pass();
    while (!over) {
      held.shift()?.pass();
      await settled();
    }
    await driven;
    const begun = journal
      .stored(run)
      ?.events.flatMap(({ body }) => (body.type === "tool-call-begun" ? [body.key] : []));
    expect(beyond.made).toEqual(begun);
  });

  test("a call that waits for the journal does not wait for what goes on ahead of it", async () => {
    const { worker, run, beyond, held } = await rig(`
id: flow
tasks:
  - id: both
    parallel:
      - { id: tell, tool: send }
      - id: each
        foreach: [${Array.from({ length: 40 }, (_, i) => i).join(", ")}]
        concurrency: 1
        tasks: [{ id: call, tool: read }]
`);
    const reads: (() => void)[] = [];
    let read = 0;
    const { call } = beyond;
    beyond.call = async (request) => {
      if (request.tool === "read") await new Promise<void>((resolve) => reads.push(resolve));
      return call(request);
    };
    let over = false;
    const driven = worker.engine.drive(run).then(() => (over = true));
    let readBefore: number | null = null;
    while (!over) {
      // Reads that are quicker than appends: there is always something new to record.
      for (let time = 0; time < 3; time += 1) {
        await settled();
        const end = reads.shift();
        if (end === undefined) continue;
        read += 1;
        end();
      }
      held.shift()?.pass();
      if (readBefore === null && beyond.made.some((key) => key.includes("/tell:"))) readBefore = read;
    }
    await driven;
    expect(read).toBe(40);
    expect(readBefore).toBeLessThan(20);
  });
});
