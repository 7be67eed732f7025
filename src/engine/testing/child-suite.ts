import { describe, expect, test } from "vitest";
import type { RunId } from "#base/index.ts";
import { makeArena } from "./arena.ts";
import type { KillPoint } from "./kill.ts";
import { starter, type ConformanceWorld } from "./world.ts";

/** Child runs and wide loops, over a journal. */
export function childConformance(get: () => ConformanceWorld): void {
  const arena = (texts: readonly string[], point?: KillPoint) => makeArena(get(), texts, point);

  describe("across runs", () => {
    describe("child runs", () => {
      const parent = `
id: parent
tasks:
  - { id: call, flow: child, with: { n: 2 } }
outputs: { got: "{{ tasks.call.output.doubled }}" }
`;
      const child = `
id: child
inputs: { n: number }
tasks:
  - { id: look, tool: look, with: { n: "{{ inputs.n }}" } }
outputs: { doubled: "{{ inputs.n * 2 }}" }
`;

      test("a parent waits parked for its child and takes its outputs", async () => {
        const at = await arena([parent, child]);
        const run = await at.start("parent");
        await at.settle();
        expect(await at.outcome(run)).toEqual({ got: 4 });
        expect(at.runs).toHaveLength(2);
        const made = await at.state(at.runs[1] as RunId);
        expect(made.parent).toMatchObject({ run, path: "call", depth: 1, waits: true });
      });

      test("a child's failure fails the task with its error", async () => {
        const at = await arena([
          parent,
          "id: child\ninputs: { n: number }\ntasks: [{ id: no, fail: Not today }]\n",
        ]);
        const run = await at.start("parent");
        await at.settle();
        expect(await at.outcome(run)).toMatchObject({
          message: "Run #1 of child failed: Not today",
          task: "call",
        });
      });

      test("a start whose answer got lost is asked for again, and starts nothing twice", async () => {
        const at = await arena([parent, child]);
        const run = await at.start("parent");
        at.loseAnswers(1);
        await at.settle();
        expect(await at.outcome(run)).toEqual({ got: 4 });
        expect(at.runs).toHaveLength(2);
      });

      test("a flow that is not there fails the task", async () => {
        const at = await arena([parent]);
        const run = await at.start("parent");
        await at.settle();
        expect(await at.outcome(run)).toMatchObject({ code: "not-found" });
      });

      test("a flow that starts itself comes to an end", async () => {
        const at = await arena(["id: self\ntasks: [{ id: again, flow: self }]\n"]);
        const run = await at.start("self");
        await at.settle();
        expect(at.runs).toHaveLength(21);
        expect(await at.outcome(run)).toMatchObject({ code: "limit-reached" });
      });

      test("detached: the parent goes on, and its end or its cancelling leaves the child alone", async () => {
        const at = await arena([
          "id: parent\ntasks: [{ id: call, flow: child, detach: true }]\noutputs: { run: '{{ tasks.call.output.run }}' }\n",
          "id: child\ntasks: [{ id: gate, approval: Well? }]\n",
        ]);
        const run = await at.start("parent");
        await at.settle();
        expect(await at.outcome(run)).toEqual({ run: at.runs[1] });
        expect((await at.state(at.runs[1] as RunId)).phase.name).toBe("running");
      });

      test("cancelling the parent cancels the child and waits for it", async () => {
        const at = await arena([
          parent,
          "id: child\ninputs: { n: number }\ntasks: [{ id: gate, approval: Well? }]\nfinally: [{ id: tidy, log: tidy }]\n",
        ]);
        const run = await at.start("parent");
        await at.settle();
        await at.cancel(run);
        await at.settle();
        expect((await at.state(run)).phase).toMatchObject({ name: "finished", outcome: "cancelled" });
        const below = await at.state(at.runs[1] as RunId);
        expect(below.phase).toMatchObject({ name: "finished", outcome: "cancelled" });
        expect(below.tasks["!finally/tidy"]?.status.name).toBe("succeeded");
      });

      test("a parent that is stopped at once takes its child with it", async () => {
        const at = await arena([
          parent,
          "id: child\ninputs: { n: number }\ntasks: [{ id: gate, approval: Well? }]\n",
        ]);
        const run = await at.start("parent");
        await at.settle();
        // Cancelled, and again: the parent ends without waiting for anybody.
        const below = at.runs[1] as RunId;
        const { journal } = at;
        const claim = await journal.claim(run, at.id);
        const { items } = await journal.inbox(run);
        const seq = (await journal.events(run, 0, 1000)).length + 1;
        const end = { type: "run-finished", outcome: "cancelled", outputs: null, error: null } as const;
        await journal.append({
          run,
          workspace: claim?.workspace ?? ("" as never),
          epoch: claim?.epoch ?? 0,
          seq,
          events: [end],
          audit: [],
          consume: items.map((item) => item.id),
          alone: true,
          summary: {
            state: "cancelled",
            headline: "",
            outputs: null,
            error: null,
            cost: 0,
            unknownCosts: 0,
            tokens: 0,
            steps: 0,
            tasks: 0,
          },
        });
        await at.settle();
        expect((await at.state(below)).phase).toMatchObject({ name: "finished", outcome: "cancelled" });
      });

      test("the child's end racing the parent's cancel: both end, whichever is read first", async () => {
        for (const order of ["end first", "cancel first"] as const) {
          const at = await arena([
            parent,
            "id: child\ninputs: { n: number }\ntasks: [{ id: gate, approval: Well? }]\n",
          ]);
          const run = await at.start("parent");
          await at.settle();
          const below = at.runs[1] as RunId;
          const [approvalId = ""] = [...at.beyond.questions.keys()];
          const decide = () =>
            at.journal.signal(below, "decided", {
              kind: "approval",
              approvalId,
              decision: "approve",
              by: starter,
              comment: "",
              answer: null,
            });
          const steps = [decide, () => at.cancel(run)];
          for (const step of order === "end first" ? steps : steps.toReversed()) await step();
          await Promise.all([at.engine().drive(below), at.engine().drive(run)]);
          await at.settle();
          expect((await at.state(run)).phase).toMatchObject({ name: "finished", outcome: "cancelled" });
          expect((await at.state(below)).phase.name).toBe("finished");
        }
      });

      test("kill points: a takeover never starts two children, and the parent always ends", async () => {
        for (let n = 1; n <= 8; n += 1) {
          for (const when of ["before", "in", "after"] as const) {
            const at = await arena([parent, child], { at: "append", when, n });
            const run = await at.start("parent");
            const dead = await Promise.race([at.settle().then(() => false), at.died.then(() => true)]);
            if (dead) {
              await at.replaceWorker();
              await at.settle();
            }
            expect(await at.outcome(run), `${when} append ${n}`).toEqual({ got: 4 });
            expect(at.runs).toHaveLength(2);
          }
        }
      });
    });

    describe("foreach over many items", () => {
      const many = (more: string): string => `
id: many
inputs: { list: { type: array } }
vars: { plus: 1 }
tasks:
  - { id: before, set: { plus: 2 } }
  - id: base
    tool: look
    with: { x: 100 }
  - id: each
    foreach: "{{ inputs.list }}"
${more}
    tasks:
      - { id: one, set: { last: "{{ item }}" } }
      - { id: sum, tool: look, with: { v: "{{ item + index + vars.plus + tasks.base.output.args.x }}" } }
outputs: { all: "{{ tasks.each.output }}", last: "{{ vars.last }}" }
`;
      const list = (count: number) => ({ list: Array.from({ length: count }, (_, i) => i) as never });
      const sums = (count: number) =>
        Array.from({ length: count }, (_, i) => ({ tool: "look", args: { v: i + i + 102 } }));

      test("is spread over runs of its own, and the results come in order", async () => {
        const at = await arena([many("    concurrency: 40")]);
        const run = await at.start("many", list(450));
        await at.settle();
        const outcome = (await at.state(run)).phase;
        expect(outcome).toMatchObject({ name: "finished", outcome: "succeeded" });
        expect(at.runs).toHaveLength(4);
        const { children = [] } = (await at.state(run)).tasks["each"] ?? {};
        expect(children.map((child) => child.request.part?.from)).toEqual([0, 150, 300]);
        const parts = await Promise.all(at.runs.slice(1).map((part) => at.state(part)));
        expect(parts.map((part) => part.parent?.internal)).toEqual([true, true, true]);
        expect(at.beyond.made).toHaveLength(451);
        const events = await at.journal.events(run, 0, 1000);
        const ended = events.at(-1)?.body;
        const { $blob } = ((ended?.type === "run-finished" && ended.outputs?.["all"]) || {}) as never as {
          $blob?: { hash: string };
        };
        const place = await get().place();
        const all = $blob
          ? (await at.journal.loadBlobs(place.workspace, [$blob.hash])).get($blob.hash)
          : ended?.type === "run-finished" && ended.outputs?.["all"];
        expect(all).toEqual(sums(450));
      });

      test("breakWhen ends it: nothing behind has begun", async () => {
        const at = await arena([many('    breakWhen: "item == 230"')]);
        const run = await at.start("many", list(600));
        await at.settle();
        expect((await at.state(run)).phase).toMatchObject({ outcome: "succeeded", outputs: { last: 230 } });
        expect(at.beyond.made).toHaveLength(232);
      });

      test("the first failure ends the others, unless failFast is false", async () => {
        const failing = (more: string): string => `
id: many
inputs: { list: { type: array } }
tasks:
  - id: each
    foreach: "{{ inputs.list }}"
    concurrency: 3
${more}
    tasks: [{ id: bad, when: item == 5, fail: Five }, { id: look, tool: look, with: { item: "{{ item }}" } }]
`;
        const fast = await arena([failing("    failFast: true")]);
        const first = await fast.start("many", list(600));
        await fast.settle();
        expect(await fast.outcome(first)).toMatchObject({ message: "Five", task: "each" });
        const slow = await arena([failing("    failFast: false")]);
        const second = await slow.start("many", list(600));
        await slow.settle();
        expect(await slow.outcome(second)).toMatchObject({ message: "Five" });
        expect(slow.beyond.made).toHaveLength(599);
      });
    });
  });
}
