import { BatonError, type Json } from "#base/index.ts";
import { foldEvents, machine } from "#flow/machine/index.ts";
import { expect, test } from "vitest";
import { memoryJournal } from "./index.ts";
import type { EngineOptions } from "./ports.ts";
import { engineFor, flowOf, makeRun, newId, outside } from "./testing/world.ts";

const place = { workspace: newId("ws"), flow: "flow", revision: "rev" };
const text = "id: flow\nagents: { a: { instructions: x } }\ntasks: [{ id: say, agent: a, prompt: go }]\n";

async function rig(more: Partial<EngineOptions>, flow = text, beyond = outside(), inputs = {}) {
  const journal = memoryJournal({ schedule: (_, fire) => (queueMicrotask(fire), () => undefined) });
  const world = {
    worker: async () => ({ id: newId("wrk"), journal }),
    place: async () => place,
    declareDead: async () => undefined,
    close: async () => undefined,
  };
  const options = { onSignal: journal.onSignal, ...more };
  const worker = engineFor({ id: newId("wrk"), journal }, flowOf(flow), { look: {} }, beyond, options);
  return { journal, worker, run: await makeRun(world, journal, "flow", inputs) };
}

test("a run whose revision is gone fails and says so, in its journal and in lists", async () => {
  const { journal, worker, run } = await rig({
    revisions: () => Promise.reject(new BatonError("not-found", "There is no such revision.")),
  });
  await worker.engine.drive(run);
  const stored = journal.stored(run);
  expect(stored?.summary).toMatchObject({
    state: "failed",
    headline: "The flow that this run is pinned to can't be carried out. There is no such revision.",
  });
  expect(stored?.events.map((event) => event.body.type)).toEqual(["run-finished"]);
  expect(stored?.audit).toMatchObject([{ action: "run.failed" }]);
  expect(stored?.owner).toBeNull();
  expect(stored?.inbox).toEqual([]);
});

test("a revision that can't be read just now leaves the run as it is", async () => {
  const { journal, worker, run } = await rig({
    revisions: () => Promise.reject(new Error("The database is away.")),
  });
  await expect(worker.engine.drive(run)).rejects.toThrow("The database is away.");
  expect(journal.stored(run)?.events).toEqual([]);
});

test("a model call that our own side could not make is tried again", async () => {
  const beyond = outside();
  let left = 1;
  const { journal, worker, run } = await rig({
    models: {
      call: (request, emit) =>
        (left -= 1) >= 0 ? Promise.reject(new Error("The database is away.")) : beyond.model(request, emit),
    },
  });
  for (let turn = 0; turn < 3; turn += 1) await worker.engine.drive(run);
  expect(journal.stored(run)?.events.map(({ body }) => body.type)).toContain("model-call-failed");
  expect(journal.stored(run)?.summary.state).toBe("succeeded");
});

test("large arguments are kept apart, and the call is made with what they hold", async () => {
  let given = 0;
  const call = async ({ args }: { args: Json }): Promise<Json> => {
    given = (args as { text: string }).text.length;
    return null;
  };
  const { journal, worker, run } = await rig(
    {},
    'id: flow\ninputs: { text: string }\ntasks: [{ id: a, tool: look, with: { text: "{{ inputs.text }}" } }]\n',
    { ...outside(), call },
    { text: "x".repeat(50_000) },
  );
  await worker.engine.drive(run);
  expect(given).toBe(50_000);
  const begun = journal.stored(run)?.events.find(({ body }) => body.type === "tool-call-begun");
  expect(begun?.body).toMatchObject({
    args: { $blob: { preview: expect.stringContaining("xxx") as string } },
  });
});

test("a call under way at the last snapshot is asked about like any other that was lost", async () => {
  const beyond = outside();
  const begun = Promise.withResolvers<void>();
  const call = (request: { key: string }): Promise<Json> => {
    beyond.made.push(request.key);
    begun.resolve();
    return new Promise<Json>(() => undefined);
  };
  const flow = "id: flow\ntasks: [{ id: a, tool: look }]\n";
  const { journal, worker, run } = await rig({}, flow, { ...beyond, call });
  void worker.engine.drive(run);
  await begun.promise;
  const stored = journal.stored(run);
  if (!stored) throw new Error("There is no run.");
  stored.snapshot = JSON.stringify(foldEvents(machine.initial(), stored.events));
  journal.declareDead(worker.id);
  const other = engineFor({ id: newId("wrk"), journal }, flowOf(flow), { look: {} }, { ...beyond, call });
  await other.engine.drive(run);
  expect(beyond.made).toHaveLength(1);
  expect(stored.events.map(({ body }) => body.type).slice(-2)).toEqual(["effect-lost", "approval-requested"]);
});

/** A run whose first append with a model call waits until it is let through, and the signal that the call was given. */
async function heldAppend(answers: boolean) {
  const asked = Promise.withResolvers<AbortSignal>();
  const held = Promise.withResolvers<void>();
  const beyond = outside();
  const models: EngineOptions["models"] = {
    call: (request, emit) => {
      asked.resolve(request.signal);
      if (answers) return beyond.model(request, emit);
      return new Promise((_, reject) => {
        request.signal.addEventListener("abort", () => reject(new Error("Aborted.")));
      });
    },
  };
  const { journal, worker, run } = await rig({ models });
  const append = journal.append.bind(journal);
  journal.append = async (request) => {
    if (request.events.some(({ type }) => type === "model-call-begun")) await held.promise;
    return append(request);
  };
  const driven = worker.engine.drive(run);
  return { journal, run, driven, held, signal: await asked.promise };
}

test("a model is asked while the append that says so is under way, and answers after it", async () => {
  const { journal, run, driven, held } = await heldAppend(true);
  expect(journal.stored(run)?.events).toEqual([]);
  held.resolve();
  await driven;
  const types = journal.stored(run)?.events.map(({ body }) => body.type) ?? [];
  expect(types.indexOf("model-call-begun")).toBeLessThan(types.indexOf("model-call-finished"));
  expect(types.filter((type) => type === "model-call-begun")).toHaveLength(1);
  expect(journal.stored(run)?.summary.state).toBe("succeeded");
});

test("a model that was asked under an append that is fenced is left, and nothing of it is recorded", async () => {
  const { journal, run, driven, held, signal } = await heldAppend(false);
  const stored = journal.stored(run);
  if (!stored) throw new Error("There is no run.");
  stored.epoch += 1;
  held.resolve();
  await driven;
  expect(signal.aborted).toBe(true);
  expect(stored.events).toEqual([]);
});

test("a run that was freed while it was driven goes on, although its new job found it driven", async () => {
  const { journal, worker, run } = await rig({});
  const append = journal.append.bind(journal);
  let freed = false;
  journal.append = async (request) => {
    const stored = journal.stored(run);
    if (!freed && stored) {
      freed = true;
      stored.owner = null;
      stored.epoch += 1;
    }
    return append(request);
  };
  await worker.engine.drive(run);
  expect(freed).toBe(true);
  expect(journal.stored(run)?.summary.state).toBe("succeeded");
});
