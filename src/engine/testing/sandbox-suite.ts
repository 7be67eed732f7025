import { describe, expect, test } from "vitest";
import type { RunId } from "#base/index.ts";
import type { RunState, Sandbox } from "#flow/machine/index.ts";
import { makeArena } from "./arena.ts";
import type { ConformanceWorld } from "./world.ts";

const sandbox: Sandbox = { mocks: {}, questions: "ask" };

/** What a worker keeps to where a flow is only tried out, over a journal. */
export function sandboxConformance(get: () => ConformanceWorld): void {
  const arena = (texts: readonly string[]) => makeArena(get(), texts);
  const toolsOf = (state: RunState): readonly string[] =>
    Object.values(state.tasks).flatMap(({ effects }) =>
      effects.flatMap((one) => (one.kind === "tool" ? [`${one.tool} ${one.mocked ?? "called"}`] : [])),
    );

  describe("sandbox runs", () => {
    test("only what changes nothing is called, also in runs that it starts and when it is retried", async () => {
      const at = await arena([
        `
id: parent
tasks:
  - { id: see, tool: peek }
  - { id: call, flow: child }
  - { id: part, foreach: "{{ list }}", tasks: [{ id: each, tool: look }] }
  - { id: no, fail: Not today }
vars: { list: [${Array.from({ length: 201 }, (_, index) => index).join(", ")}] }
`.replace('"{{ list }}"', '"{{ vars.list }}"'),
        "id: child\ntasks: [{ id: see, tool: peek }, { id: do, tool: look }]\n",
      ]);
      const run = await at.start("parent", {}, { sandbox });
      await at.settle();
      expect(await at.outcome(run)).toMatchObject({ message: "Not today" });
      const [, child, ...parts] = at.runs;
      expect(parts.length).toBeGreaterThan(0);
      const below = await at.state(child as RunId);
      expect(below.sandbox).toEqual(sandbox);
      expect(toolsOf(below)).toEqual(["peek called", "look example"]);
      for (const part of parts) {
        const tools = toolsOf(await at.state(part));
        expect(new Set(tools)).toEqual(new Set(["look example"]));
      }
      expect(at.beyond.made).toHaveLength(2);
      await at.retry(run);
      await at.settle();
      expect((await at.state(run)).sandbox).toEqual(sandbox);
      expect(at.beyond.made).toHaveLength(2);
    });

    test("the answers that were given hold in runs that it starts; how far it goes is its own", async () => {
      const at = await arena([
        "id: parent\ntasks: [{ id: call, flow: child }, { id: later, log: x }]\n",
        "id: child\ntasks: [{ id: do, tool: look }]\noutputs: { got: '{{ tasks.do.output }}' }\n",
      ]);
      const given = { ...sandbox, until: "call", mocks: { look: 7 } };
      const run = await at.start("parent", {}, { sandbox: given });
      await at.settle();
      const state = await at.state(run);
      expect(state.tasks["call"]?.status).toEqual({ name: "succeeded", output: { got: 7 } });
      expect(state.phase).toMatchObject({ outcome: "succeeded", message: 'Stopped after "call", as asked.' });
      expect((await at.state(at.runs[1] as RunId)).sandbox).toEqual({ mocks: { look: 7 }, questions: "ask" });
    });

    test("questions that answer themselves come before nobody; those that are asked come before who tries", async () => {
      const text = "id: gate\ntasks: [{ id: gate, approval: Well?, by: { roles: [admin], quorum: 2 } }]\n";
      const at = await arena([text]);
      const itself = await at.start("gate", {}, { sandbox: { ...sandbox, questions: "answer" } });
      await at.settle();
      expect((await at.state(itself)).phase).toMatchObject({ outcome: "succeeded" });
      expect(at.beyond.questions.size).toBe(0);
      await at.start("gate", {}, { sandbox });
      await at.settle();
      expect([...at.beyond.questions.values()].map(({ ask }) => ask.by)).toEqual([
        { roles: [], users: ["user_ada"], quorum: 1, excludeStarter: false },
      ]);
    });

    test("it waits in no line: neither for locks nor for events", async () => {
      const at = await arena([
        "id: real\ntasks: [{ id: hold, approval: Well?, lock: one }]\n",
        "id: tried\ntasks: [{ id: hold, log: x, lock: one }, { id: paid, wait: { event: paid } }]\n",
      ]);
      await at.start("real");
      const run = await at.start("tried", {}, { sandbox });
      await at.settle();
      expect((await at.state(run)).phase).toMatchObject({ outcome: "succeeded" });
      if (get().send) expect(await at.send("paid", "", "real")).toBe(0);
    });

    test("a worker makes no call that has an effect, whatever the journal says", async () => {
      const at = await arena(["id: f\ntasks: [{ id: do, tool: peek }]\n"]);
      const run = await at.start("f", {}, { sandbox });
      // As if the tool had been harmless when the call was begun.
      const begun = { tool: "look", args: {}, risk: "low", agent: null, approvedHash: null } as const;
      const claim = await at.journal.claim(run, at.id);
      if (!claim) throw new Error("Nothing to claim.");
      const [item] = (await at.journal.inbox(run)).items;
      if (item?.signal.kind !== "start") throw new Error("No start.");
      await at.journal.append({
        run,
        workspace: claim.workspace,
        epoch: claim.epoch,
        seq: 1,
        events: [
          item.signal.body,
          { type: "block-entered", path: "", block: "tasks", count: 1 },
          {
            type: "task-started",
            path: "do",
            id: "do",
            kind: "tool",
            attempt: 1,
            label: "look",
            data: { args: {} },
          },
          {
            type: "tool-call-begun",
            path: "do",
            attempt: 1,
            step: 1,
            callId: "call",
            key: `${run}:do:1:1:call`,
            ...begun,
          },
        ],
        audit: [],
        consume: [item.id],
      });
      await at.replaceWorker();
      await at.settle();
      const state = await at.state(run);
      expect(at.beyond.made).toEqual([]);
      expect(state.phase).toMatchObject({ outcome: "failed" });
    });
  });
}
