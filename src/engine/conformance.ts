import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunId, WorkerId } from "#base/index.ts";
import { foldEvents, machine, type RunEventBody, type Signal } from "#flow/machine/index.ts";
import type { AppendRequest, Claim, Journal, RunSummary } from "#journal/index.ts";
import { controlConformance } from "./testing/control-suite.ts";
import { childConformance } from "./testing/child-suite.ts";
import { familyConformance } from "./testing/family-suite.ts";
import { sandboxConformance } from "./testing/sandbox-suite.ts";
import { engineConformance } from "./testing/engine-suite.ts";
import { memoryConformance } from "./testing/memory-suite.ts";
import { queueConformance } from "./testing/queue-suite.ts";
import { largeValues } from "./testing/large-suite.ts";
import { roundsConformance } from "./testing/rounds-suite.ts";
import { makeRun, starter, type ConformanceWorld } from "./testing/world.ts";

export type { ConformanceWorld };

const summary: RunSummary = {
  state: "waiting",
  headline: "Waiting",
  outputs: null,
  error: null,
  cost: 0,
  unknownCosts: 0,
  tokens: 0,
  steps: 0,
  tasks: 0,
};
const log = (message: string): RunEventBody => ({ type: "log-written", path: "a", level: "info", message });
const cancel: Signal = { kind: "cancel", by: starter, reason: "test" };

/**
 * What every journal must hold to, and the engine over it. An adapter's test calls this with a way to make a world
 * of its own.
 */
export function journalConformance(name: string, make: () => Promise<ConformanceWorld>): void {
  describe(name, () => {
    let world: ConformanceWorld;
    beforeAll(async () => {
      world = await make();
    });
    afterAll(async () => {
      await world.close();
    });

    async function claimed(): Promise<{ id: WorkerId; journal: Journal; run: RunId; claim: Claim }> {
      const { id, journal } = await world.worker();
      const run = await makeRun(world, journal, "suite");
      const claim = await journal.claim(run, id);
      if (!claim) throw new Error("A new run can be claimed.");
      return { id, journal, run, claim };
    }

    function request(run: RunId, claim: Claim, seq: number, ...events: RunEventBody[]): AppendRequest {
      return { run, workspace: claim.workspace, epoch: claim.epoch, seq, events, audit: [], consume: [] };
    }

    test("a new run has its start in the inbox, once, and can be claimed by one worker only", async () => {
      const { journal, run, claim } = await claimed();
      expect(claim).toMatchObject({ snapshot: null, events: [], crashes: 0 });
      const { items } = await journal.inbox(run);
      expect(items.map((item) => item.signal.kind)).toEqual(["start"]);
      const other = await world.worker();
      expect(await other.journal.claim(run, other.id)).toBeNull();
    });

    test("an append gives its events an instant and numbers without gaps, and consumes its inbox items", async () => {
      const { journal, run, claim } = await claimed();
      const { items } = await journal.inbox(run);
      const before = journal.now();
      const answer = await journal.append({
        ...request(run, claim, 1, log("one"), log("two")),
        consume: items.map((item) => item.id),
        audit: [
          {
            actor: starter,
            action: "test.done",
            subject: { kind: "run", id: run },
            path: null,
            body: { a: 1 },
          },
        ],
      });
      expect(answer.result).toBe("appended");
      expect((await journal.inbox(run)).items).toEqual([]);
      const events = await journal.events(run, 0, 10);
      expect(events.map((event) => event.seq)).toEqual([1, 2]);
      expect(events.map((event) => event.body)).toEqual([log("one"), log("two")]);
      expect(Math.abs((events[0]?.at ?? 0) - before)).toBeLessThan(10_000);
      expect((await journal.events(run, 1, 10)).map((event) => event.seq)).toEqual([2]);
    });

    test("stale epoch: a worker that was declared dead records nothing, consumes nothing, parks nothing", async () => {
      const { id, journal, run, claim } = await claimed();
      await journal.append(request(run, claim, 1, log("mine")));
      await world.declareDead(id);
      const next = await world.worker();
      const taken = await next.journal.claim(run, next.id);
      expect(taken).toMatchObject({ epoch: claim.epoch + 1, crashes: 1 });
      expect(taken?.events.map((event) => event.body)).toEqual([log("mine")]);
      const { items, wake } = await next.journal.inbox(run);
      const late = { ...request(run, claim, 2, log("late")), consume: items.map((item) => item.id) };
      expect(await journal.append(late)).toEqual({ result: "fenced" });
      const snapshot = machine.initial();
      expect(await journal.park({ run, epoch: claim.epoch, wake, snapshot, summary })).toBe("fenced");
      expect(await next.journal.events(run, 0, 10)).toHaveLength(1);
      expect((await next.journal.inbox(run)).items).toHaveLength(items.length);
    });

    test("an append of unknown outcome can be sent again unchanged: it is recorded once", async () => {
      const { journal, run, claim } = await claimed();
      const first = request(run, claim, 1, log("once"), log("twice"));
      const answers = [await journal.append(first), await journal.append(first)];
      expect(answers.map((answer) => answer.result)).toEqual(["appended", "appended"]);
      expect(await journal.events(run, 0, 10)).toHaveLength(2);
    });

    test("gap in seq: events that do not follow the last one are refused", async () => {
      const { journal, run, claim } = await claimed();
      await journal.append(request(run, claim, 1, log("one")));
      await expect(journal.append(request(run, claim, 3, log("three")))).rejects.toThrow();
      await expect(journal.append(request(run, claim, 1, log("other")))).rejects.toThrow();
      expect((await journal.events(run, 0, 10)).map((event) => event.body)).toEqual([log("one")]);
    });

    test("a signal counts once by its source and wakes the run; none is taken after the run was parked over it", async () => {
      const { journal, run, claim } = await claimed();
      const { items, wake } = await journal.inbox(run);
      await journal.append({ ...request(run, claim, 1, log("one")), consume: items.map((item) => item.id) });
      expect(await journal.signal(run, "cancel:1", cancel)).toBe(true);
      expect(await journal.signal(run, "cancel:1", cancel)).toBe(false);
      const state = foldEvents(machine.initial(), await journal.events(run, 0, 10));
      const parking = { run, epoch: claim.epoch, snapshot: state, summary };
      // Lost wake-up: the signal came after the inbox was read.
      expect(await journal.park({ ...parking, wake })).toBe("woken");
      const again = await journal.inbox(run);
      expect(again.items.map((item) => item.signal)).toEqual([cancel]);
      await journal.append({
        ...request(run, claim, 2, log("two")),
        consume: again.items.map((item) => item.id),
      });
      expect(await journal.park({ ...parking, wake: again.wake })).toBe("parked");
    });

    test("a parked run comes back with its snapshot and the events after it", async () => {
      const { id, journal, run, claim } = await claimed();
      await journal.append(request(run, claim, 1, log("one")));
      const snapshot = foldEvents(machine.initial(), await journal.events(run, 0, 10));
      const { wake } = await journal.inbox(run);
      expect(await journal.park({ run, epoch: claim.epoch, wake, snapshot, summary })).toBe("parked");
      const taken = await journal.claim(run, id);
      expect(taken).toMatchObject({ epoch: claim.epoch + 1, crashes: 0, snapshot, events: [] });
    });

    test("a snapshot kept on the way serves a takeover; an older one and one of a stale epoch are not kept", async () => {
      const { id, journal, run, claim } = await claimed();
      const initial = machine.initial();
      await journal.append(request(run, claim, 1, log("one"), log("two")));
      const snapshot = foldEvents(initial, await journal.events(run, 0, 10));
      await journal.append(request(run, claim, 3, log("three")));
      await journal.saveSnapshot({ run, epoch: claim.epoch, snapshot });
      await journal.saveSnapshot({ run, epoch: claim.epoch, snapshot: initial });
      const late = foldEvents(initial, await journal.events(run, 0, 10));
      await journal.saveSnapshot({ run, epoch: claim.epoch - 1, snapshot: late });
      await world.declareDead(id);
      const next = await world.worker();
      const taken = await next.journal.claim(run, next.id);
      expect(taken?.snapshot).toEqual(snapshot);
      expect(taken?.events.map((event) => event.seq)).toEqual([3]);
    });

    test("a run that failed is open again once, however often it is asked at once; one that succeeded is not", async () => {
      const { id, journal, run, claim } = await claimed();
      const { items, wake } = await journal.inbox(run);
      const consume = items.map((item) => item.id);
      const failed = { ...summary, state: "failed" as const };
      await journal.append({ ...request(run, claim, 1, log("one")), consume, summary: failed });
      const snapshot = foldEvents(machine.initial(), await journal.events(run, 0, 10));
      await journal.park({ run, epoch: claim.epoch, wake, snapshot, summary: failed });
      expect(await journal.claim(run, id)).toBeNull();
      const retry = { kind: "retry", by: starter, reason: "" } as const;
      const answers = await Promise.all(
        ["retry:1", "retry:2", "retry:3"].map((source) => journal.reopen(run, source, retry)),
      );
      expect(answers.filter(Boolean)).toHaveLength(1);
      const again = await journal.claim(run, id);
      expect(again).toMatchObject({ epoch: claim.epoch + 1, crashes: 0 });
      expect((again?.snapshot?.seq ?? 0) + (again?.events.length ?? 0)).toBe(1);
      expect((await journal.inbox(run)).items.map((item) => item.signal)).toEqual([retry]);
      const done = await claimed();
      const succeeded = { ...summary, state: "succeeded" as const };
      await done.journal.append({ ...request(done.run, done.claim, 1, log("one")), summary: succeeded });
      expect(await done.journal.reopen(done.run, "retry:1", retry)).toBe(false);
    });

    test("large values come back from where they are kept", async () => {
      const { journal, claim } = await claimed();
      const value = { text: "ä".repeat(40_000) };
      const ref = await journal.saveBlob(claim.workspace, JSON.stringify(value));
      expect(ref.$blob.bytes).toBeGreaterThan(80_000);
      expect(await journal.saveBlob(claim.workspace, JSON.stringify(value))).toEqual(ref);
      const found = await journal.loadBlobs(claim.workspace, [ref.$blob.hash, "0".repeat(64)]);
      expect([...found]).toEqual([[ref.$blob.hash, value]]);
    });

    test("a stream's chunks can be read from any position until it is closed", async () => {
      const { journal, run, claim } = await claimed();
      await journal.writeChunks(run, claim.epoch, "key", 0, [{ a: 1 }, { a: 2 }]);
      await journal.writeChunks(run, claim.epoch, "key", 2, [{ a: 3 }]);
      expect(await journal.readChunks(run, "key", 1)).toEqual([
        { n: 1, chunk: { a: 2 } },
        { n: 2, chunk: { a: 3 } },
      ]);
      await journal.closeStream(run, "key");
    });

    test("a worker that lost its run writes no chunks, and clears none", async () => {
      const { journal, run, claim, id } = await claimed();
      await journal.writeChunks(run, claim.epoch, "key", 0, ["ours", "too"]);
      await world.declareDead(id);
      const next = await world.worker();
      const taken = await next.journal.claim(run, next.id);
      await next.journal.writeChunks(run, taken?.epoch ?? 0, "key", 2, ["theirs"]);
      await Promise.all([
        journal.writeChunks(run, claim.epoch, "key", 3, ["late"]),
        journal.writeChunks(run, claim.epoch, "key", 0, ["anew"]),
        journal.writeChunks(run, claim.epoch, "other", 0, ["late"]),
        next.journal.writeChunks(run, taken?.epoch ?? 0, "key", 3, ["theirs again"]),
      ]);
      const chunks = await next.journal.readChunks(run, "key", 0);
      expect(chunks.map(({ chunk }) => chunk)).toEqual(["ours", "too", "theirs", "theirs again"]);
      expect(await next.journal.readChunks(run, "other", 0)).toEqual([]);
    });

    test("raising the epoch fences what went on under the old one, and only its owner can", async () => {
      const { journal, run, claim } = await claimed();
      const raised = await journal.raiseEpoch(run, claim.epoch, 0);
      expect(raised).toBe(claim.epoch + 1);
      expect(await journal.raiseEpoch(run, claim.epoch, 0)).toBeNull();
      await journal.writeChunks(run, claim.epoch, "key", 0, ["late"]);
      expect(await journal.readChunks(run, "key", 0)).toEqual([]);
      expect(await journal.append(request(run, claim, 1, log("late")))).toEqual({ result: "fenced" });
      const answer = await journal.append(request(run, { ...claim, epoch: raised ?? 0 }, 1, log("on time")));
      expect(answer.result).toBe("appended");
    });

    engineConformance(() => world);
    childConformance(() => world);
    familyConformance(() => world);
    sandboxConformance(() => world);
    queueConformance(() => world);
    controlConformance(() => world);
    roundsConformance(() => world);
    memoryConformance(() => world);
    largeValues(() => world);
  });
}
