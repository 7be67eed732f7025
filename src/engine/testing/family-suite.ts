import { describe, expect, test } from "vitest";
import type { RunId } from "#base/index.ts";
import { makeArena, type Arena } from "./arena.ts";
import type { KillPoint } from "./kill.ts";
import type { ConformanceWorld } from "./world.ts";

/** What holds between a run and the runs that it waits for: limits, pausing, retrying, and places among the runs of a flow. */
export function familyConformance(get: () => ConformanceWorld): void {
  const arena = (texts: readonly string[], point?: KillPoint) => makeArena(get(), texts, point);
  const phaseOf = async (at: Arena, run: RunId) => (await at.state(run)).phase;
  const child = (at: Arena, index = 1): RunId => at.runs[index] as RunId;

  const asking = (id: string, more = ""): string => `
id: ${id}
${more}
agents: { writer: { instructions: Write. } }
tasks: [{ id: write, agent: writer, prompt: Write }]
outputs: { tokens: "{{ run.tokens }}" }
`;

  describe("a run and those it waits for", () => {
    test("what a child used counts in its parent, for the tokens and the money alike", async () => {
      const at = await arena([
        "id: parent\ntasks: [{ id: one, flow: child }, { id: two, flow: child }]\noutputs: { tokens: '{{ run.tokens }}', cost: '{{ run.cost }}' }\n",
        asking("child"),
      ]);
      const run = await at.start("parent");
      await at.settle();
      expect(await at.outcome(run)).toEqual({ tokens: 30, cost: 1 });
      const { tasks, usage } = await at.state(run);
      expect(tasks["two"]?.usage).toMatchObject({ childTokens: 15, cost: 0.5 });
      expect(usage).toMatchObject({ childTokens: 30, modelCalls: 0 });
    });

    test("a child has what is left of its parent's limits, and one after the other they end where the limit does", async () => {
      const at = await arena([
        "id: parent\nlimits: { tokens: 5000 }\ntasks: [{ id: one, flow: child }, { id: two, flow: child }]\n",
        asking("child"),
      ]);
      await at.start("parent");
      await at.settle();
      expect((await at.state(child(at))).limits).toMatchObject({ tokens: 5000 });
      expect((await at.state(child(at, 2))).limits).toMatchObject({ tokens: 4985 });
      const tight = await arena([
        "id: parent\nlimits: { tokens: 20 }\ntasks: [{ id: one, flow: child }]\n",
        asking("child"),
      ]);
      const run = await tight.start("parent");
      await tight.settle();
      expect(await tight.outcome(run)).toMatchObject({ code: "limit-reached" });
    });

    test("its steps and tasks use up the limits of its parent, and so do those of the runs below it", async () => {
      const at = await arena([
        "id: parent\nlimits: { steps: 3, tasks: 40 }\ntasks: [{ id: one, flow: middle }, { id: two, flow: middle }]\n",
        "id: middle\ntasks: [{ id: first, flow: child }, { id: second, flow: child }]\n",
        asking("child"),
      ]);
      const run = await at.start("parent");
      await at.settle();
      expect(await at.outcome(run)).toMatchObject({ code: "limit-reached" });
      const { tasks, usage } = await at.state(run);
      expect(tasks["one"]?.usage).toMatchObject({ childSteps: 2, childTasks: 4 });
      expect(usage).toMatchObject({ childSteps: 3, childTasks: 8 });
    });

    test("the parts of a wide loop use up the tasks of its run", async () => {
      const wide = (limit: number): string =>
        `id: parent\nlimits: { tasks: ${limit} }\ninputs: { list: array }\ntasks: [{ id: each, foreach: "{{ inputs.list }}", tasks: [{ id: say, log: hi }] }]\n`;
      const list = Array.from({ length: 250 }, (_, n) => n);
      const at = await arena([wide(251)]);
      const run = await at.start("parent", { list });
      await at.settle();
      expect(await phaseOf(at, run)).toMatchObject({ outcome: "succeeded" });
      expect((await at.state(run)).usage).toMatchObject({ childTasks: 250 });
      const tight = await arena([wide(250)]);
      const short = await tight.start("parent", { list });
      await tight.settle();
      expect(await tight.outcome(short)).toMatchObject({ code: "limit-reached" });
    });

    test("children side by side never have more than there is", async () => {
      const at = await arena([
        "id: parent\nlimits: { tokens: 9000 }\ntasks: [{ id: both, parallel: [{ id: one, flow: child }, { id: two, flow: child }, { id: three, flow: child }] }]\n",
        asking("child"),
      ]);
      const run = await at.start("parent");
      await at.settle();
      expect(await phaseOf(at, run)).toMatchObject({ outcome: "succeeded" });
      const limits = await Promise.all([1, 2, 3].map(async (n) => (await at.state(child(at, n))).limits));
      expect(limits.reduce((sum, one) => sum + (one?.tokens ?? 0), 0)).toBe(9000);
    });

    const gated = (more = ""): readonly string[] => [
      "id: parent\ntasks: [{ id: call, flow: child }]\n",
      `id: child\n${more}tasks: [{ id: hold, wait: 1h }, { id: below, flow: leaf }]\n`,
      "id: leaf\ntasks: [{ id: hold, wait: 1h }, { id: look, tool: look }]\n",
    ];

    test("pausing pauses the runs below, and going on goes on with them; what a person paused stays so", async () => {
      const at = await arena(gated());
      const run = await at.start("parent");
      await at.settle();
      await at.fire(child(at), "hold", "wait", 1);
      await at.settle();
      await at.pause(run);
      await at.settle();
      for (const one of at.runs) expect((await at.state(one)).paused, one).not.toBeNull();
      await at.fire(child(at, 2), "hold", "wait", 1);
      await at.settle();
      expect(at.beyond.made).toEqual([]);
      await at.resume(run);
      await at.settle();
      expect(at.beyond.made).toHaveLength(1);
      expect(await phaseOf(at, run)).toMatchObject({ outcome: "succeeded" });

      const mine = await arena(gated());
      const other = await mine.start("parent");
      await mine.settle();
      await mine.pause(child(mine));
      await mine.settle();
      await mine.pause(other);
      await mine.settle();
      await mine.resume(other);
      await mine.settle();
      expect((await mine.state(other)).paused).toBeNull();
      expect((await mine.state(child(mine))).paused).not.toBeNull();
    });

    test("a child that waits for its turn is paused as well: it begins nothing when its turn comes", async () => {
      const at = await arena([
        "id: parent\ntasks: [{ id: call, flow: child, with: { key: turn } }]\n",
        "id: child\ninputs: { key: string }\nconcurrency: { limit: 1 }\ntasks: [{ id: hold, wait: 1h }, { id: look, tool: look }]\n",
      ]);
      const first = await at.start("child", { key: "turn" });
      await at.settle();
      const run = await at.start("parent");
      await at.settle();
      const below = child(at, 2);
      await at.pause(run);
      await at.settle();
      await at.fire(first, "hold", "wait", 1);
      await at.settle();
      expect(await phaseOf(at, first)).toMatchObject({ outcome: "succeeded" });
      expect((await at.state(below)).order).toEqual([]);
      await at.resume(run);
      await at.settle();
      expect((await at.state(below)).order).toEqual(["hold"]);
    });

    test("a paused parent that is cancelled takes its paused children with it", async () => {
      const at = await arena(gated());
      const run = await at.start("parent");
      await at.settle();
      await at.pause(run);
      await at.settle();
      await at.cancel(run);
      await at.settle();
      for (const one of at.runs) expect(await phaseOf(at, one)).toMatchObject({ outcome: "cancelled" });
    });

    const shaky = [
      "id: parent\ntasks: [{ id: call, flow: child }]\noutputs: { got: '{{ tasks.call.output.done }}', tokens: '{{ run.tokens }}' }\n",
      "id: child\nagents: { writer: { instructions: Write. } }\ntasks: [{ id: write, agent: writer, prompt: Write }, { id: look, tool: look }, { id: weak, tool: shaky }]\noutputs: { done: true }\n",
    ];

    test("a retry of the parent takes its failed child up again: what finished there stays, and counts once", async () => {
      const at = await arena(shaky);
      const run = await at.start("parent");
      await at.settle();
      expect(await phaseOf(at, run)).toMatchObject({ outcome: "failed" });
      at.mend();
      await at.retry(run);
      await at.settle();
      expect(await at.outcome(run)).toEqual({ got: true, tokens: 15 });
      expect(at.runs).toHaveLength(2);
      expect(at.beyond.made.filter((key) => key.includes(":look:"))).toHaveLength(1);
      expect((await at.state(run)).tasks["call"]).toMatchObject({ attempt: 1, children: [{ retries: 1 }] });
    });

    test("a child that was retried by itself meanwhile, and succeeded, hands over what it has", async () => {
      const at = await arena(shaky);
      const run = await at.start("parent");
      await at.settle();
      at.mend();
      await at.retry(child(at));
      await at.settle();
      expect(await phaseOf(at, run)).toMatchObject({ outcome: "failed" });
      await at.retry(run);
      await at.settle();
      expect(await at.outcome(run)).toMatchObject({ got: true });
      expect(at.runs).toHaveLength(2);
    });

    test("a child that could not be started is started by a retry", async () => {
      const at = await arena(["id: parent\ntasks: [{ id: call, flow: absent }]\n"]);
      const run = await at.start("parent");
      await at.settle();
      await at.retry(run);
      await at.settle();
      expect(await at.outcome(run)).toMatchObject({ code: "not-found" });
      expect((await at.state(run)).tasks["call"]?.attempt).toBe(2);
    });

    test("a retry of a wide loop takes up the parts that failed, and no others", async () => {
      const at = await arena([
        `
id: many
inputs: { list: { type: array } }
tasks:
  - id: each
    foreach: "{{ inputs.list }}"
    failFast: false
    tasks: [{ id: look, tool: look, with: { n: "{{ item }}" } }, { id: weak, when: item == 250, tool: shaky }]
outputs: { count: "{{ tasks.each.output.size() }}" }
`,
      ]);
      const list = Array.from({ length: 450 }, (_, n) => n);
      const run = await at.start("many", { list: list });
      await at.settle();
      expect(await phaseOf(at, run)).toMatchObject({ outcome: "failed" });
      expect(at.beyond.made).toHaveLength(451);
      at.mend();
      await at.retry(run);
      await at.settle();
      expect(await at.outcome(run)).toEqual({ count: 450 });
      expect(at.runs).toHaveLength(4);
      expect(at.beyond.made).toHaveLength(452);
    });

    test("a run that was cancelled and retried can be cancelled again at once", async () => {
      const at = await arena(["id: one\ntasks: [{ id: hold, wait: 1h }]\n"]);
      const run = await at.start("one");
      await at.settle();
      for (let round = 0; round < 2; round += 1) {
        await at.cancel(run);
        await at.settle();
        expect(await phaseOf(at, run), `round ${round}`).toMatchObject({ outcome: "cancelled" });
        await at.retry(run);
        await at.settle();
        expect(await phaseOf(at, run), `round ${round}`).toMatchObject({ name: "running" });
      }
    });

    const single =
      "id: one\nconcurrency: { limit: 1 }\ntasks: [{ id: hold, wait: 1h }, { id: weak, tool: shaky }]\n";

    test("a retried run takes its place again, or waits for its turn; then it goes on where it failed", async () => {
      const at = await arena([single]);
      const first = await at.start("one", { key: "again" });
      await at.settle();
      await at.fire(first, "hold", "wait", 1);
      await at.settle();
      expect(await phaseOf(at, first)).toMatchObject({ outcome: "failed" });
      const second = await at.start("one", { key: "again" });
      await at.settle();
      await at.retry(first);
      at.mend();
      await at.settle();
      expect(await phaseOf(at, first)).toMatchObject({ outcome: "failed" });
      expect(at.beyond.made).toHaveLength(1);
      expect(await at.retry(first)).toBe(false);
      const third = await at.start("one", { key: "again" });
      await at.fire(second, "hold", "wait", 1);
      await at.settle();
      expect(await phaseOf(at, second)).toMatchObject({ outcome: "succeeded" });
      expect(await phaseOf(at, first)).toMatchObject({ outcome: "succeeded" });
      expect((await at.state(first)).tasks["hold"]?.attempt).toBe(1);
      expect((await at.state(third)).order).toEqual(["hold"]);
    });

    test("one that waits for its turn after a retry can be cancelled, and keeps nobody waiting", async () => {
      const at = await arena([single]);
      const first = await at.start("one", { key: "leave" });
      await at.settle();
      await at.fire(first, "hold", "wait", 1);
      await at.settle();
      const second = await at.start("one", { key: "leave" });
      await at.settle();
      await at.retry(first);
      await at.cancel(first);
      await at.settle();
      expect(await phaseOf(at, first)).toMatchObject({ name: "finished", outcome: "cancelled" });
      const third = await at.start("one", { key: "leave" });
      await at.fire(second, "hold", "wait", 1);
      await at.settle();
      expect((await at.state(third)).order).toEqual(["hold"]);
    });

    test("a task that holds a lock keeps it while its run is paused, and asks for it anew when the run is retried", async () => {
      const at = await arena([
        "id: one\ntasks: [{ id: part, lock: desk, sequence: [{ id: hold, wait: 1h }, { id: weak, tool: shaky }] }]\n",
        "id: other\ntasks: [{ id: part, lock: desk, sequence: [{ id: hold, wait: 1h }] }]\n",
      ]);
      const one = await at.start("one");
      await at.settle();
      const other = await at.start("other");
      await at.settle();
      await at.pause(one);
      await at.settle();
      expect((await at.state(other)).tasks["part"]?.status.name).toBe("locking");
      await at.resume(one);
      await at.fire(one, "part/hold", "wait", 1);
      await at.settle();
      expect(await phaseOf(at, one)).toMatchObject({ outcome: "failed" });
      expect((await at.state(other)).tasks["part"]?.status.name).toBe("running");
      at.mend();
      await at.retry(one);
      await at.settle();
      expect((await at.state(one)).tasks["part"]?.status.name).toBe("locking");
      await at.fire(other, "part/hold", "wait", 1);
      await at.settle();
      expect((await at.state(one)).tasks["part"]?.status.name).toBe("running");
    });

    test("kill points: a pause, a resume and a retry of the parent reach the child whenever the worker dies", async () => {
      for (let n = 1; n <= 12; n += 1) {
        for (const when of ["before", "after"] as const) {
          const at = await arena(shaky, { at: "append", when, n });
          let replaced = false;
          const alive = async (step: () => Promise<unknown>): Promise<void> => {
            await step();
            if (replaced) return at.settle();
            const dead = await Promise.race([at.settle().then(() => false), at.died.then(() => true)]);
            if (!dead) return;
            replaced = true;
            await at.replaceWorker();
            await at.settle();
          };
          const run = await at.start("parent");
          await alive(() => at.pause(run));
          await alive(() => at.resume(run));
          at.mend();
          if ((await phaseOf(at, run)).name !== "finished") await alive(async () => undefined);
          await alive(() => at.retry(run));
          expect(await at.outcome(run), `${when} append ${n}`).toEqual({ got: true, tokens: 15 });
          expect(at.runs).toHaveLength(2);
        }
      }
    }, 60_000);
  });
}
