import { describe, expect, test } from "vitest";
import { BatonError, type Json, type RunId } from "#base/index.ts";
import type { ToolFacts } from "#flow/machine/index.ts";
import { answerAll, essence, eventsOf, finish, stateOf } from "./finish.ts";
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
  /** Stays within Baton: goes on ahead of the journal. */
  peek: { repeatable: true, effect: "none", inside: true },
  pay: {},
  risky: { risk: "high" },
  big: { repeatable: true },
  hang: { repeatable: true },
};

const whole = flowOf(`
id: whole
vars: { start: "{{ 1 + 1 }}" }
agents:
  helper: { instructions: Help., tools: [look, risky] }
tasks:
  - id: first
    tool: pay
    with: { amount: "{{ vars.start }}" }
  - { id: read, tool: peek }
  - { id: again, tool: peek, with: { text: "{{ tasks.read.output.tool }}" } }
  - id: each
    foreach: [1, 2]
    concurrency: 2
    tasks:
      - { id: look, tool: look, with: { n: "{{ item }}" } }
      - { id: peek, tool: peek, with: { n: "{{ item }}" } }
  - id: work
    agent: helper
    prompt: Use your tools
  - id: pause
    wait: 1h
  - id: ask
    form: How was it?
    fields: { note: string }
  - id: large
    tool: big
finally:
  - { id: last, set: { size: "{{ tasks.large.output.text.size() }}" } }
outputs:
  text: "{{ tasks.work.output }}"
  note: "{{ tasks.ask.output.note }}"
  looked: "{{ tasks.each.output }}"
  start: "{{ vars.start }}"
`);

/** The engine over a journal. `get` answers the world once the suite has made it. */
export function engineConformance(get: () => ConformanceWorld): void {
  async function makeWorker(beyond: Outside, point?: KillPoint) {
    const { id, journal } = await get().worker();
    const timers = withTimers(journal);
    const dying = mortal(timers.journal, beyond, point);
    const worker = engineFor({ id, journal: dying.journal }, whole, tools, dying.beyond);
    return { id, worker, dying, journal, fire: timers.fire };
  }

  describe("the engine", () => {
    test("carries a whole flow through: tools, agent, people, timers, large values", async () => {
      const beyond = outside();
      const { worker, journal, fire } = await makeWorker(beyond);
      const run = await makeRun(get(), journal, "whole");
      expect(await finish(worker, run, beyond, fire, journal)).toBe("finished");
      const state = await stateOf(journal, run);
      expect(essence(state)).toMatchObject({
        outcome: "succeeded",
        outputs: { text: "Used look and risky", note: "fine", start: 2 },
      });
      expect(state.vars["size"]).toBe(100_000);
      const events = await eventsOf(journal, run);
      expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
      const large = state.tasks["large"]?.status;
      expect(large?.name === "succeeded" && large.output).toHaveProperty("$blob");
    });

    test("a task that failed for good parks the run until a person says how it goes on", async () => {
      const flow = flowOf(`
id: desk
tasks:
  - id: each
    foreach: [1, 2]
    concurrency: 2
    tasks:
      - id: pay
        tool: pay
        onError: { escalate: { to: operator, choices: [retry, answer] } }
outputs: { paid: "{{ tasks.each.output }}" }
`);
      const beyond = outside();
      let calls = 0;
      const down: Outside = {
        ...beyond,
        call: async (request) => {
          beyond.made.push(request.key);
          calls += 1;
          if (calls <= 3) throw new BatonError("bad-input", "No such order.");
          return "paid";
        },
      };
      const { id, journal } = await get().worker();
      const run = await makeRun(get(), journal, "desk");
      const { engine } = engineFor({ id, journal }, flow, tools, down);
      await engine.drive(run);
      expect([...beyond.questions.values()].map(({ ask }) => [ask.kind, ask.by.roles])).toEqual([
        ["escalation", ["operator"]],
        ["escalation", ["operator"]],
      ]);
      const decide = async (path: string, decision: string): Promise<void> => {
        const { tasks } = await stateOf(journal, run);
        const asked = tasks[path]?.approvals.find((one) => one.end === null);
        await journal.signal(run, `approval:${asked?.approvalId}`, {
          kind: "approval",
          approvalId: asked?.approvalId ?? "",
          decision,
          by: starter,
          comment: "",
          answer: decision === "answer" ? { output: "by hand" } : null,
        });
        await engine.drive(run);
      };
      await decide("each[0]/pay", "retry");
      await decide("each[1]/pay", "answer");
      await decide("each[0]/pay", "retry");
      const state = await stateOf(journal, run);
      expect(essence(state)).toMatchObject({ outcome: "succeeded", outputs: { paid: ["paid", "by hand"] } });
      expect(state.tasks["each[0]/pay"]?.attempt).toBe(3);
      expect(new Set(beyond.made).size).toBe(beyond.made.length);
    });

    test("doubled job: two workers that are told to drive a run at once do everything once", async () => {
      const beyond = outside();
      const one = await makeWorker(beyond);
      const two = await makeWorker(beyond);
      const run = await makeRun(get(), one.journal, "whole");
      for (let round = 0; round < 20; round += 1) {
        await Promise.all([
          one.worker.engine.drive(run),
          two.worker.engine.drive(run),
          one.worker.engine.drive(run),
        ]);
        if ((await stateOf(one.journal, run)).phase.name === "finished") break;
        if (!(await answerAll(one.journal, run, beyond))) {
          await one.fire(run);
          await two.fire(run);
        }
      }
      expect(essence(await stateOf(one.journal, run))).toMatchObject({ outcome: "succeeded" });
      expect(new Set(beyond.made).size).toBe(beyond.made.length);
      expect(new Set(beyond.asked).size).toBe(beyond.asked.length);
    });

    test("park racing a wake-up: a signal that comes while the run is given up is not lost", async () => {
      const beyond = outside();
      const { id, journal } = await get().worker();
      const run = await makeRun(get(), journal, "gate");
      const flow = flowOf("id: gate\ntasks: [{ id: gate, approval: Well? }]\n");
      let raced = false;
      const racing = {
        ...journal,
        park: async (request: Parameters<typeof journal.park>[0]) => {
          if (!raced) await answerAll(journal, run, beyond);
          raced = true;
          return journal.park(request);
        },
      };
      await engineFor({ id, journal: racing }, flow, tools, beyond).engine.drive(run);
      expect(raced).toBe(true);
      expect((await stateOf(journal, run)).phase).toMatchObject({ name: "finished", outcome: "succeeded" });
    });

    test("decision racing its deadline: the first counts, and a decision before a deadline in one reading", async () => {
      const flow = flowOf("id: gate\ntasks: [{ id: gate, approval: Well?, timeout: 1h, onTimeout: fail }]\n");
      for (const order of ["decision", "deadline", "both"] as const) {
        const beyond = outside();
        const { id, journal } = await get().worker();
        const run = await makeRun(get(), journal, "gate");
        const { engine } = engineFor({ id, journal }, flow, tools, beyond);
        await engine.drive(run);
        const deadline = async (): Promise<unknown> =>
          journal.signal(run, "timer:gate:deadline:1", {
            kind: "timer",
            path: "gate",
            name: "deadline",
            n: 1,
          });
        const decide = async (): Promise<unknown> => answerAll(journal, run, beyond);
        const steps = order === "decision" ? [decide, deadline] : [deadline, decide];
        for (const step of steps) {
          await step();
          if (order !== "both") await engine.drive(run);
        }
        if (order === "both") await engine.drive(run);
        const { phase } = await stateOf(journal, run);
        expect(phase).toMatchObject({
          name: "finished",
          outcome: order === "deadline" ? "failed" : "succeeded",
        });
      }
    });

    test("a deadline that lost against a decision on its way is let pass", async () => {
      const flow = flowOf("id: gate\ntasks: [{ id: gate, approval: Well?, timeout: 1h, onTimeout: fail }]\n");
      const beyond = outside();
      const { id, journal } = await get().worker();
      const run = await makeRun(get(), journal, "gate");
      const approvals = { ...beyond.approvals, expire: async () => "decided" as const };
      const { engine } = engineFor({ id, journal }, flow, tools, { ...beyond, approvals });
      await engine.drive(run);
      const timer = { kind: "timer", path: "gate", name: "deadline", n: 1 } as const;
      await journal.signal(run, "timer:gate:deadline:1", timer);
      const driven = engine.drive(run);
      await answerAll(journal, run, beyond);
      await driven;
      await engine.drive(run);
      expect((await stateOf(journal, run)).phase).toMatchObject({ name: "finished", outcome: "succeeded" });
    });

    test("a worker that only seemed dead records nothing", async () => {
      const beyond = outside();
      let release: (value: Json) => void = () => undefined;
      const slow: Outside = {
        ...beyond,
        call: (request) => {
          beyond.made.push(request.key);
          return new Promise((resolve) => {
            release = resolve;
          });
        },
      };
      const flow = flowOf(
        'id: slow\ntasks: [{ id: call, tool: look }]\noutputs: { out: "{{ tasks.call.output }}" }\n',
      );
      const first = await get().worker();
      const run = await makeRun(get(), first.journal, "slow");
      const seemsDead = engineFor(first, flow, tools, slow).engine.drive(run);
      await until(() => beyond.made.length === 1);
      await get().declareDead(first.id);
      const second = await get().worker();
      await engineFor(second, flow, tools, beyond).engine.drive(run);
      const before = await eventsOf(second.journal, run);
      release("too late");
      await seemsDead;
      expect(await eventsOf(second.journal, run)).toEqual(before);
      expect((await stateOf(second.journal, run)).phase).toMatchObject({
        outcome: "succeeded",
        outputs: { out: { tool: "look" } },
      });
    });

    test("cancelling reaches a call that is under way", async () => {
      const beyond = outside();
      let aborted = false;
      const slow: Outside = {
        ...beyond,
        call: (request) => {
          beyond.made.push(request.key);
          return new Promise((_, reject) => {
            request.signal.addEventListener("abort", () => {
              aborted = true;
              reject(new Error("aborted"));
            });
          });
        },
      };
      const flow = flowOf(
        "id: slow\ntasks: [{ id: call, tool: look }]\nfinally: [{ id: last, log: over }]\n",
      );
      const worker = await get().worker();
      const run = await makeRun(get(), worker.journal, "slow");
      const { engine } = engineFor(worker, flow, tools, slow);
      const driven = engine.drive(run);
      await until(() => beyond.made.length === 1);
      await worker.journal.signal(run, "cancel", { kind: "cancel", by: starter, reason: "Enough" });
      void engine.drive(run);
      await driven;
      expect(aborted).toBe(true);
      const state = await stateOf(worker.journal, run);
      expect(essence(state)).toEqual({
        outcome: "cancelled",
        outputs: null,
        tasks: { call: "cancelled", "!finally/last": "succeeded" },
      });
    });

    test("an append whose answer is lost is sent again and recorded once", async () => {
      const beyond = outside();
      const { id, journal } = await get().worker();
      let lost = 0;
      const losing = {
        ...journal,
        append: async (request: Parameters<typeof journal.append>[0]) => {
          const answer = await journal.append(request);
          if ((lost += 1) % 2 === 1) throw new Error("The connection broke.");
          return answer;
        },
      };
      const timers = withTimers(losing);
      const run = await makeRun(get(), journal, "whole");
      const worker = engineFor({ id, journal: timers.journal }, whole, tools, beyond);
      expect(await finish(worker, run, beyond, timers.fire, journal)).toBe("finished");
      expect(essence(await stateOf(journal, run))).toMatchObject({ outcome: "succeeded" });
      expect(new Set(beyond.made).size).toBe(beyond.made.length);
    });
  });

  describe("killed at any point", () => {
    async function baseline(): Promise<{ essence: unknown; appends: number; effects: number }> {
      const beyond = outside();
      const { worker, dying, journal, fire } = await makeWorker(beyond);
      const run = await makeRun(get(), journal, "whole");
      await finish(worker, run, beyond, fire, journal);
      return { essence: essence(await stateOf(journal, run)), ...dying.counts() };
    }

    /** Kills the first worker at a point, lets a second one take over, and answers how it went. */
    async function killAt(point: KillPoint): Promise<{ run: RunId; beyond: Outside; essence: unknown }> {
      const beyond = outside();
      const first = await makeWorker(beyond, point);
      const run = await makeRun(get(), first.journal, "whole");
      const ended = await finish(first.worker, run, beyond, first.fire, first.journal, first.dying.died);
      expect(ended, "the point was reached").toBe("stopped");
      await get().declareDead(first.id);
      const known = finishedKeys(await eventsOf(first.journal, run));
      const before = [...beyond.made, ...beyond.asked];
      const second = await makeWorker(beyond);
      await second.worker.engine.drive(run);
      await first.fire(run);
      await finish(second.worker, run, beyond, second.fire, second.journal);
      const after = [...beyond.made, ...beyond.asked].slice(0);
      for (const key of known) expect(count(after, key), `finished call ${key}`).toBe(count(before, key));
      for (const key of new Set(beyond.made)) {
        if (/:first:|:call-2$/.test(key)) expect(count(beyond.made, key), `${key} is done once`).toBe(1);
      }
      const events = await eventsOf(second.journal, run);
      expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
      return { run, beyond, essence: essence(await stateOf(second.journal, run)) };
    }

    for (const at of ["append", "effect"] as const) {
      for (const when of ["before", "in", "after"] as const) {
        test(`${when} each ${at}, another worker takes over and the run ends the same`, async () => {
          const base = await baseline();
          const points = at === "append" ? base.appends : base.effects;
          expect(points).toBeGreaterThan(4);
          for (let n = 1; n <= points; n += 1) {
            const outcome = await killAt({ at, when, n });
            expect(outcome.essence, `killed ${when} ${at} ${n}`).toEqual(base.essence);
          }
        }, 60_000);
      }
    }
  });
}

function finishedKeys(events: Awaited<ReturnType<typeof eventsOf>>): string[] {
  return events.flatMap(({ body }) =>
    body.type === "tool-call-finished" || body.type === "model-call-finished" ? [body.key] : [],
  );
}

function count(list: readonly string[], key: string): number {
  return list.filter((one) => one === key).length;
}

/** Looks again at each turn of the event loop. However slow the machine is: what does not come at all must not hang. */
async function until(condition: () => boolean): Promise<void> {
  const giveUp = performance.now() + 20_000;
  while (!condition() && performance.now() < giveUp) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (!condition()) throw new Error("It did not come to that.");
}
