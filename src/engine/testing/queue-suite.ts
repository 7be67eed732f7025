import { describe, expect, test } from "vitest";
import type { RunId } from "#base/index.ts";
import { makeArena, type Arena } from "./arena.ts";
import type { KillPoint } from "./kill.ts";
import { newId, starter, type ConformanceWorld } from "./world.ts";

/** Events, locks and the concurrency of flows, over a journal. */
export function queueConformance(get: () => ConformanceWorld): void {
  const arena = (texts: readonly string[], point?: KillPoint) => makeArena(get(), texts, point);
  const held = (name: string): string =>
    `id: ${name}\ntasks:\n  - { id: work, approval: Well?, lock: "{{ inputs.key }}" }\ninputs: { key: { type: string, default: one } }\n`;

  describe("queues between runs", () => {
    describe("events", () => {
      const wait =
        "id: wait\ninputs: { key: { type: string, default: '' } }\ntasks: [{ id: paid, wait: { event: order.paid, key: '{{ inputs.key }}' }, timeout: 1h, onTimeout: continue }]\noutputs: { got: '{{ tasks.paid.output }}' }\n";

      test("go to the runs that wait for them, by name and key", async () => {
        const at = await arena([wait]);
        const [mine, other] = [newId("run") as string, newId("run") as string];
        const one = await at.start("wait", { key: mine });
        const two = await at.start("wait", { key: other });
        await at.settle();
        expect(await at.send("order.paid", mine, "yes")).toBe(1);
        await at.settle();
        expect(await at.outcome(one)).toEqual({ got: "yes" });
        expect(await at.outcome(two)).toBe("running");
      });

      test("one that nobody waits for is kept, and goes to one run", async () => {
        const at = await arena([wait]);
        const key: string = newId("run");
        expect(await at.send("order.paid", key, "early")).toBe(0);
        const one = await at.start("wait", { key });
        await at.settle();
        const two = await at.start("wait", { key });
        await at.settle();
        expect(await at.outcome(one)).toEqual({ got: "early" });
        expect(await at.outcome(two)).toBe("running");
      });

      test("an event racing its timeout: what the sender was told is what happened", async () => {
        for (const order of ["event", "timeout", "both"] as const) {
          const at = await arena([wait]);
          const key: string = newId("run");
          const run = await at.start("wait", { key });
          await at.settle();
          let received = 0;
          const send = async (): Promise<void> => {
            received = await at.send("order.paid", key, "yes");
          };
          const expire = async (): Promise<void> => {
            await at.fire(run, "paid", "deadline", 1);
          };
          const steps = order === "event" ? [send, expire] : [expire, send];
          for (const step of steps) {
            await step();
            if (order !== "both") await at.settle();
          }
          await at.settle();
          expect(await at.outcome(run), order).toEqual({ got: received === 1 ? "yes" : null });
        }
      });
    });

    describe("locks", () => {
      test("one holder at a time, in the order of asking, handed on at the end", async () => {
        const at = await arena([held("work")]);
        const key: string = newId("run");
        const runs: RunId[] = [];
        for (let i = 0; i < 3; i += 1) {
          runs.push(await at.start("work", { key }));
          await at.settle();
        }
        const states = async () =>
          (await Promise.all(runs.map((run) => at.state(run)))).map(
            (state) => state.tasks["work"]?.status.name,
          );
        expect(await states()).toEqual(["running", "locking", "locking"]);
        const [first, second] = runs as [RunId, RunId, RunId];
        await at.cancel(first);
        await at.settle();
        expect(await states()).toEqual(["cancelled", "running", "locking"]);
        await at.cancel(second);
        await at.settle();
        expect(await states()).toEqual(["cancelled", "cancelled", "running"]);
      });

      test("a task within one that holds the lock has it, in a child run as well; one beside waits", async () => {
        const at = await arena([
          "id: outer\ntasks:\n  - id: hold\n    lock: a\n    sequence:\n      - { id: inner, lock: a, log: in }\n      - { id: call, flow: child }\n",
          "id: child\ntasks: [{ id: deep, lock: a, log: deeper }]\n",
        ]);
        const run = await at.start("outer");
        await at.settle();
        expect((await at.state(run)).phase).toMatchObject({ outcome: "succeeded" });
      });

      test("a timeout ends the waiting, and the place in line is given up", async () => {
        const at = await arena([
          held("work"),
          "id: late\ninputs: { key: string }\ntasks: [{ id: work, log: hi, lock: '{{ inputs.key }}', timeout: 1m }]\n",
        ]);
        const key: string = newId("run");
        const first = await at.start("work", { key });
        await at.settle();
        const late = await at.start("late", { key });
        await at.settle();
        await at.fire(late, "work", "timeout", 1);
        await at.settle();
        expect(await at.outcome(late)).toMatchObject({ code: "timeout" });
        const next = await at.start("work", { key });
        await at.settle();
        await at.cancel(first);
        await at.settle();
        expect((await at.state(next)).tasks["work"]?.status.name).toBe("running");
      });

      test("100 runs that take one lock at once: each has it alone, and all come to an end", async () => {
        const at = await arena([
          "id: race\ninputs: { key: string }\ntasks: [{ id: work, tool: look, lock: '{{ inputs.key }}' }]\n",
        ]);
        const key: string = newId("run");
        const runs = await Promise.all(Array.from({ length: 100 }, () => at.start("race", { key })));
        let inside = 0;
        let most = 0;
        const { call } = at.beyond;
        at.beyond.call = async (request) => {
          inside += 1;
          most = Math.max(most, inside);
          const answer = await call(request);
          inside -= 1;
          return answer;
        };
        for (let round = 0; round < 150; round += 1) {
          await Promise.all(runs.map((run) => at.engine().drive(run)));
          const over = await Promise.all(runs.map((run) => at.state(run)));
          if (over.every((state) => state.phase.name === "finished")) break;
        }
        const ends = await Promise.all(runs.map((run) => at.state(run)));
        expect(ends.every((state) => state.phase.name === "finished")).toBe(true);
        expect(most).toBe(1);
        expect(at.beyond.made).toHaveLength(100);
        const times = ends.map(({ tasks }) => tasks["work"]?.lock);
        const sorted = times.toSorted((a, b) => (a?.grantedAt ?? 0) - (b?.grantedAt ?? 0));
        for (let i = 1; i < sorted.length; i += 1) {
          expect(sorted[i]?.grantedAt ?? 0).toBeGreaterThanOrEqual(sorted[i - 1]?.releasedAt ?? Infinity);
        }
      });

      test("kill points: the lock of a worker that died is handed on", async () => {
        const text =
          "id: work\ninputs: { key: string }\ntasks: [{ id: work, tool: look, lock: '{{ inputs.key }}' }]\n";
        for (let n = 1; n <= 6; n += 1) {
          for (const when of ["before", "in", "after"] as const) {
            const at = await arena([text], { at: "append", when, n });
            const key: string = newId("run");
            const runs = [await at.start("work", { key }), await at.start("work", { key })];
            const dead = await Promise.race([at.settle().then(() => false), at.died.then(() => true)]);
            if (dead) {
              await at.replaceWorker();
              await at.settle();
            }
            for (const run of runs) {
              expect((await at.state(run)).phase, `${when} append ${n}`).toMatchObject({
                outcome: "succeeded",
              });
            }
          }
        }
      });
    });

    describe("concurrency of a flow", () => {
      const limited = (onFull: string): string =>
        `id: limited\ninputs: { key: string }\nconcurrency: { key: "{{ inputs.key }}", limit: 2, onFull: ${onFull} }\ntasks: [{ id: gate, approval: Well? }]\nfinally: [{ id: tidy, log: tidy }]\n`;
      const names = async (at: Arena, runs: readonly RunId[]) =>
        (await Promise.all(runs.map((run) => at.state(run)))).map(({ phase }) =>
          phase.name === "finished" ? phase.outcome : phase.name,
        );

      test("queue: runs begin in their order as others end", async () => {
        const at = await arena([limited("queue")]);
        const key: string = newId("run");
        const runs: RunId[] = [];
        for (let i = 0; i < 4; i += 1) runs.push(await at.start("limited", { key }));
        const other = await at.start("limited", { key: newId("run") });
        await at.settle();
        expect(await names(at, runs)).toEqual(["running", "running", "created", "created"]);
        expect(await names(at, [other])).toEqual(["running"]);
        await at.cancel(runs[1] as RunId);
        await at.settle();
        expect(await names(at, runs)).toEqual(["running", "cancelled", "running", "created"]);
      });

      test("a run that is cancelled while it waits for its turn ends without beginning anything", async () => {
        const at = await arena([limited("queue")]);
        const key: string = newId("run");
        const runs: RunId[] = [];
        for (let i = 0; i < 4; i += 1) runs.push(await at.start("limited", { key }));
        await at.settle();
        await at.cancel(runs[2] as RunId);
        await at.settle();
        expect(await names(at, runs)).toEqual(["running", "running", "cancelled", "created"]);
        expect((await at.state(runs[2] as RunId)).order).toEqual([]);
        await at.cancel(runs[0] as RunId);
        await at.settle();
        expect(await names(at, runs)).toEqual(["cancelled", "running", "cancelled", "running"]);
      });

      test("cancel and fail: one too many ends at once, and says why", async () => {
        for (const [onFull, outcome] of [
          ["cancel", "cancelled"],
          ["fail", "failed"],
        ] as const) {
          const at = await arena([limited(onFull)]);
          const key: string = newId("run");
          const runs: RunId[] = [];
          for (let i = 0; i < 3; i += 1) runs.push(await at.start("limited", { key }));
          await at.settle();
          expect(await names(at, runs)).toEqual(["running", "running", outcome]);
          expect((await at.state(runs[2] as RunId)).phase).toMatchObject({ error: { code: "concurrency" } });
        }
      });

      test("a retry takes a place again, or waits for its turn before those that come later", async () => {
        const at = await arena([limited("queue")]);
        const key: string = newId("run");
        const runs: RunId[] = [];
        for (let i = 0; i < 3; i += 1) runs.push(await at.start("limited", { key }));
        const [first, second, third] = runs as [RunId, RunId, RunId];
        await at.settle();
        await at.cancel(first);
        await at.settle();
        expect(await names(at, runs)).toEqual(["cancelled", "running", "running"]);
        const retry = { kind: "retry", by: starter, reason: "" } as const;
        expect(await at.journal.reopen(first, "retry:1", retry)).toBe(true);
        await at.settle();
        expect(await names(at, runs)).toEqual(["cancelled", "running", "running"]);
        expect(await at.journal.reopen(first, "retry:2", retry)).toBe(false);
        const last = await at.start("limited", { key });
        await at.cancel(second);
        await at.settle();
        expect(await names(at, [...runs, last])).toEqual(["running", "cancelled", "running", "created"]);
        await at.cancel(third);
        await at.settle();
        expect(await names(at, [last])).toEqual(["running"]);
      });

      test("starts at once: never more than the limit, whoever is first", async () => {
        const at = await arena([limited("queue")]);
        const key: string = newId("run");
        const runs = await Promise.all(Array.from({ length: 10 }, () => at.start("limited", { key })));
        for (let left = 10; left > 0; left -= 1) {
          await at.settle();
          const states = await names(at, runs);
          expect(states.filter((name) => name === "running")).toHaveLength(Math.min(2, left));
          await at.cancel(runs[states.indexOf("running")] as RunId);
        }
        await at.settle();
        expect(await names(at, runs)).toEqual(runs.map(() => "cancelled"));
      });
    });
  });
}
