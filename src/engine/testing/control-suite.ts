import { BatonError } from "#base/index.ts";
import { describe, expect, test } from "vitest";
import type { ToolFacts } from "#flow/machine/index.ts";
import { essence, eventsOf, finish, stateOf } from "./finish.ts";
import { mortal, type KillPoint } from "./kill.ts";
import {
  engineFor,
  flowOf,
  makeRun,
  outside,
  starter,
  withTimers,
  type ConformanceWorld,
  type Outside,
} from "./world.ts";

const tools: Readonly<Record<string, Partial<ToolFacts>>> = {
  look: { repeatable: true },
  big: { repeatable: true },
  shaky: { repeatable: true },
};

const chain = flowOf(`
id: chain
tasks:
  - { id: one, tool: look, with: { n: 1 } }
  - { id: large, tool: big }
  - { id: both, parallel: [{ id: two, tool: look }, { id: three, tool: shaky }] }
  - { id: four, tool: look }
outputs: { size: "{{ tasks.large.output.text.size() }}" }
`);

const pause = { kind: "pause", by: starter, reason: "" } as const;
const resume = { kind: "resume", by: starter } as const;
const retry = { kind: "retry", by: starter, reason: "" } as const;

/** A world in which `shaky` fails until it is mended. */
function shaky(): Outside & { mend(): void } {
  const beyond = outside();
  let broken = true;
  return {
    ...beyond,
    mend: () => {
      broken = false;
    },
    call: async (request) => {
      if (request.tool !== "shaky" || !broken) return beyond.call(request);
      beyond.made.push(request.key);
      throw new BatonError("internal", "It does not work.");
    },
  };
}

/** Pausing and retrying over a journal. */
export function controlConformance(get: () => ConformanceWorld): void {
  async function makeWorker(beyond: Outside, point?: KillPoint) {
    const { id, journal } = await get().worker();
    const timers = withTimers(journal);
    const dying = mortal(timers.journal, beyond, point);
    const worker = engineFor({ id, journal: dying.journal }, chain, tools, dying.beyond);
    return { id, worker, dying, journal, fire: timers.fire };
  }

  describe("run control", () => {
    test("a paused run is given up, begins nothing in another worker's hands either, and goes on when told", async () => {
      const beyond = shaky();
      beyond.mend();
      const one = await makeWorker(beyond);
      const run = await makeRun(get(), one.journal, "chain");
      await one.journal.signal(run, "pause:1", pause);
      await one.worker.engine.drive(run);
      expect(beyond.made).toEqual([]);
      await get().declareDead(one.id);
      const two = await makeWorker(beyond);
      await two.journal.signal(run, "pause:2", pause);
      await two.worker.engine.drive(run);
      expect(beyond.made).toEqual([]);
      expect((await stateOf(two.journal, run)).paused).not.toBeNull();
      await two.journal.signal(run, "resume:1", resume);
      expect(await finish(two.worker, run, beyond, two.fire, two.journal)).toBe("finished");
      expect(essence(await stateOf(two.journal, run))).toMatchObject({ outcome: "succeeded" });
    });

    test("pause racing a finish: the run is over, or paused and over once it goes on", async () => {
      for (const at of ["run-started", "task-succeeded", "run-finished"]) {
        const beyond = shaky();
        beyond.mend();
        const { id, journal } = await get().worker();
        const run = await makeRun(get(), journal, "chain");
        const racing = {
          ...journal,
          append: async (request: Parameters<typeof journal.append>[0]) => {
            if (request.events.some((event) => event.type === at))
              await journal.signal(run, "pause:1", pause);
            return journal.append(request);
          },
        };
        const { engine } = engineFor({ id, journal: racing }, chain, tools, beyond);
        await engine.drive(run);
        await engine.drive(run);
        const { phase, paused } = await stateOf(journal, run);
        expect(phase.name === "finished" || paused !== null, at).toBe(true);
        await journal.signal(run, "resume:1", resume);
        await engine.drive(run);
        expect(essence(await stateOf(journal, run)), at).toMatchObject({ outcome: "succeeded" });
        expect(new Set(beyond.made).size).toBe(beyond.made.length);
      }
    });

    async function failed(point?: KillPoint) {
      const beyond = shaky();
      const first = await makeWorker(beyond);
      const run = await makeRun(get(), first.journal, "chain");
      await finish(first.worker, run, beyond, first.fire, first.journal);
      expect(essence(await stateOf(first.journal, run))).toMatchObject({ outcome: "failed" });
      beyond.mend();
      expect(await first.journal.reopen(run, "retry:1", retry)).toBe(true);
      const second = await makeWorker(beyond, point);
      return { beyond, run, second };
    }

    test("a retried run reuses what finished, large values too, and its calls have new keys", async () => {
      const { beyond, run, second } = await failed();
      expect(await finish(second.worker, run, beyond, second.fire, second.journal)).toBe("finished");
      const state = await stateOf(second.journal, run);
      expect(essence(state)).toMatchObject({ outcome: "succeeded", outputs: { size: 100_000 } });
      expect(new Set(beyond.made).size).toBe(beyond.made.length);
      expect(beyond.made.filter((key) => key.includes(":one:"))).toHaveLength(1);
      expect(state.tasks["both/three"]?.attempt).toBe(2);
      expect(await second.journal.reopen(run, "retry:2", retry)).toBe(false);
    });

    test("a retried run that loses its worker at any append goes on elsewhere and ends the same", async () => {
      const base = await failed();
      await finish(base.second.worker, base.run, base.beyond, base.second.fire, base.second.journal);
      const wanted = essence(await stateOf(base.second.journal, base.run));
      for (let n = 1; n <= base.second.dying.counts().appends; n += 1) {
        for (const when of ["before", "in", "after"] as const) {
          const { beyond, run, second } = await failed({ at: "append", when, n });
          const { worker, fire, journal, dying, id } = second;
          expect(await finish(worker, run, beyond, fire, journal, dying.died)).toBe("stopped");
          await get().declareDead(id);
          const third = await makeWorker(beyond);
          await finish(third.worker, run, beyond, third.fire, third.journal);
          expect(essence(await stateOf(third.journal, run)), `killed ${when} append ${n}`).toEqual(wanted);
          const events = await eventsOf(third.journal, run);
          expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
        }
      }
    }, 60_000);
  });
}
