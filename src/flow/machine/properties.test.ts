import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "#base/index.ts";
import type { RunState, Signal } from "./index.ts";
import { advance, createFold, foldEvents, machine, machineVersion } from "./index.ts";
import { parseFlow } from "../language/parse.ts";
import { validateFlow } from "../validate/index.ts";
import { trees, write, type Node } from "./testing/generate.ts";
import { ada, fakeHash, flowOf, world, type World } from "./testing/world.ts";

const tree = trees();
const outcomes = ["succeeded", "failed", "cancelled"] as const;

/** Plays a run to its end; `choices` decides how the world behaves. */
function play(nodes: readonly Node[], choices: readonly number[], apart?: number): World {
  let at = 0;
  const choose = (): number => choices[(at += 1) % choices.length] ?? 0;
  const run = world(flowOf(write(nodes)), {
    tools: { t: {} },
    ...(apart === undefined ? {} : { apart }),
    crossings: (one): Signal | undefined => {
      if (one.kind === "event") return { kind: "event", key: one.key, payload: choose(), by: ada };
      if (one.kind === "child-start" && choose() % 5 === 0) {
        const error = { code: "not-found", message: "no" };
        return { kind: "effect-failed", key: one.key, retryable: false, error };
      }
      if (one.kind !== "child") return undefined;
      const outcome = outcomes[choose() % outcomes.length] ?? "succeeded";
      return { kind: "child-ended", key: one.key, outcome, outputs: null, error: null };
    },
    models: (call) => {
      const choice = choose() % 5;
      if (choice === 0) return { toolCalls: [{ callId: "c", tool: "t", args: {} }] };
      if (choice === 1) {
        const error = { code: "unavailable", message: "down" };
        return { kind: "effect-failed", key: call.key, retryable: true, error };
      }
      return "fine";
    },
    calls: (call, count): Json | Signal => {
      const choice = count > 40 ? 2 : choose() % 6;
      if (choice === 0) {
        const error = { code: "internal", message: "no" };
        return { kind: "effect-failed", key: call.key, retryable: false, error };
      }
      if (choice === 1) return { kind: "effect-lost", key: call.key, reason: "died" };
      return { ok: choice };
    },
  });
  for (let turns = 0; turns < 500 && run.state().phase.name !== "finished"; turns += 1) {
    if (choices[0] === 9 && turns === 1) run.cancel();
    else if (run.pending().length > 0) {
      const ask = askOf(run);
      // A person does not try again for ever.
      const choice = ask[choose() % ask.length] ?? "approve";
      run.decide(choice === "retry" && turns > 100 ? "fail" : choice);
    } else run.tick(5_000);
  }
  return run;
}

function askOf(run: World): string[] {
  const [first] = run.pending();
  const approvals = run.state().tasks[first?.path ?? ""]?.approvals ?? [];
  const asked = approvals.find((one) => one.approvalId === first?.approvalId);
  return asked?.ask.decisions.map((one) => one.decision) ?? [];
}

const world9 = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 });

test("[M33] every run comes to an end, and nothing of it is left open", () => {
  fc.assert(
    fc.property(tree, world9, (nodes, choices) => {
      expect(validateFlow(parseFlow(write(nodes))).filter((one) => one.severity === "error")).toEqual([]);
      const run = play(nodes, choices);
      const state = run.state();
      expect(state.phase.name).toBe("finished");
      expect(run.types().filter((type) => type === "run-finished")).toHaveLength(1);
      expect(state.root.open).toEqual([]);
      expect(machine.obligations(state)).toEqual([]);
      expect(state.timers).toEqual({});
      for (const task of Object.values(state.tasks)) {
        expect(task.finishedAt, task.path).not.toBeNull();
        expect(task.approvals.every((one) => one.end !== null)).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
});

/** Plays a run whose calls answer by where they stand, not by their order; `meddle` may act at each turn. */
function playSteadily(
  nodes: readonly Node[],
  choices: readonly number[],
  meddle: (run: World, turn: number) => void,
): World {
  const by = (text: string): number => choices[parseInt(fakeHash(text), 16) % choices.length] ?? 0;
  // No timeout at the very instant of another timer: which of the two counts is nobody's promise.
  let timeouts = 0;
  const text = write(nodes).replaceAll("timeout: 20s", () => `timeout: ${23_001 + 7 * (timeouts += 1)}ms`);
  const run = world(flowOf(text), {
    tools: { t: {} },
    models: (call) =>
      call.step === 1 && by(call.key) % 3 === 0
        ? { toolCalls: [{ callId: "c", tool: "t", args: {} }] }
        : "fine",
    calls: (call): Json | Signal => {
      if (by(call.key) % 4 !== 0) return { ok: 1 };
      const error = { code: "internal", message: "no" };
      return { kind: "effect-failed", key: call.key, retryable: false, error };
    },
  });
  for (let turns = 0; turns < 500 && run.state().phase.name !== "finished"; turns += 1) {
    meddle(run, turns);
    const [first] = run.pending();
    if (first) run.decide(by(first.path) % 2 === 0 ? "approve" : "reject");
    else if (!run.state().paused) run.tick(5_000);
    if (run.state().paused) run.resume();
  }
  return run;
}

function endOf(run: World): unknown {
  const { phase, tasks } = run.state();
  return [
    phase.name === "finished" ? phase.outcome : phase.name,
    Object.values(tasks).map((task) => `${task.path} ${task.status.name} ${task.attempt}`),
  ];
}

test("[M87] pausing and going on, wherever it happens, changes nothing of how a run ends", () => {
  fc.assert(
    fc.property(tree, world9, fc.array(fc.nat(12), { maxLength: 6 }), (nodes, choices, at) => {
      const plain = playSteadily(nodes, choices, () => undefined);
      const paused = playSteadily(nodes, choices, (run, turn) => {
        if (at.includes(turn)) run.pause();
      });
      expect(endOf(paused)).toEqual(endOf(plain));
    }),
    { numRuns: 120 },
  );
});

test("[M88] a run that is retried comes to one end again, and nothing of it is left open", () => {
  fc.assert(
    fc.property(tree, world9, (nodes, choices) => {
      const run = play(nodes, choices);
      for (let times = 0; times < 3; times += 1) {
        const { phase, tasks } = run.state();
        if (phase.name !== "finished" || phase.outcome === "succeeded") break;
        const done = Object.values(tasks).filter(({ status }) => status.name === "succeeded");
        const inside = (path: string): boolean => path.includes("/");
        run.retry();
        for (let turns = 0; turns < 500 && run.state().phase.name !== "finished"; turns += 1) {
          const ask = askOf(run);
          if (run.pending().length > 0) run.decide(ask[turns % ask.length] ?? "approve");
          else run.tick(5_000);
        }
        const state = run.state();
        expect(state.phase.name).toBe("finished");
        expect(state.root.open).toEqual([]);
        expect(machine.obligations(state)).toEqual([]);
        expect(state.timers).toEqual({});
        for (const task of Object.values(state.tasks)) expect(task.finishedAt, task.path).not.toBeNull();
        // What was finished at the top was not done a second time.
        for (const { path, attempt } of done.filter((task) => !inside(task.path))) {
          expect(state.tasks[path]?.attempt, path).toBe(attempt);
        }
      }
      const whole = foldEvents(machine.initial(), run.events);
      expect(JSON.parse(JSON.stringify(run.state()))).toEqual(JSON.parse(JSON.stringify(whole)));
    }),
    { numRuns: 150 },
  );
});

test("[M34] folding on from any snapshot gives the same state as folding from the start", () => {
  fc.assert(
    fc.property(tree, world9, fc.nat(), (nodes, choices, at) => {
      const run = play(nodes, choices);
      const cut = at % (run.events.length + 1);
      const snapshot = JSON.parse(
        JSON.stringify(foldEvents(machine.initial(), run.events.slice(0, cut))),
      ) as RunState;
      expect(snapshot.version).toBe(machineVersion);
      const whole = foldEvents(machine.initial(), run.events);
      expect(JSON.parse(JSON.stringify(foldEvents(snapshot, run.events.slice(cut))))).toEqual(
        JSON.parse(JSON.stringify(whole)),
      );
      expect(JSON.parse(JSON.stringify(run.state()))).toEqual(JSON.parse(JSON.stringify(whole)));
    }),
    { numRuns: 60 },
  );
});

test("[M35] after a decision was folded, deciding again yields nothing", () => {
  fc.assert(
    fc.property(tree, world9, (nodes, choices) => {
      const run = play(nodes, choices);
      const fold = createFold(machine.initial());
      let at = 0;
      // Events of one append share an instant and end where a decision ended: look at the ends of the last ones.
      for (const event of run.events) {
        fold.add([event]);
        at = event.seq;
      }
      expect(at).toBe(run.events.length);
      expect(machine.decide(fold.state(), run.context())).toEqual({ events: [] });
    }),
    { numRuns: 40 },
  );
});

test("[M35] while a run goes on, deciding again yields nothing either", () => {
  fc.assert(
    fc.property(tree, (nodes) => {
      const run = world(flowOf(write(nodes)), {
        tools: { t: {} },
        models: () => "hang",
        calls: () => "hang",
      });
      expect(machine.decide(run.state(), run.context())).toEqual({ events: [] });
    }),
    { numRuns: 60 },
  );
});

test("[M36] the fold leaves the state that it was given as it was", () => {
  const run = world("id: a\ntasks: [{ id: a, log: x }, { id: b, set: { y: 1 } }]\n");
  const before = foldEvents(machine.initial(), run.events.slice(0, 3));
  const copy = JSON.stringify(before);
  for (const event of run.events.slice(3)) machine.evolve(before, event);
  expect(JSON.stringify(before)).toBe(copy);
});

test("[M37] going on with a run costs as much late as early, however many tasks are over", () => {
  const count = 300;
  const list = Array.from(
    { length: count },
    (_, i) => `{ id: t${i}, tool: t, with: { n: "{{ 1 + ${i} }}" } }`,
  );
  const flow = flowOf(`id: big\ntasks: [${list.join(", ")}]\n`);
  const run = world(flow, { tools: { t: {} }, calls: () => "hang" });
  const reads: number[] = [];
  for (let i = 0; i < count - 1; i += 1) {
    let read = 0;
    const tasks = new Proxy(run.state().tasks, {
      getOwnPropertyDescriptor: (target, key) => {
        read += 1;
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
      ownKeys: () => {
        throw new Error("All tasks were gone through.");
      },
    });
    const done = { kind: "tool-finished", key: `run_1:t${i}:1:1:call`, result: i } as const;
    expect(advance({ ...run.state(), tasks }, [done], run.context()).events).toHaveLength(4);
    reads.push(read);
    run.send(done);
  }
  expect(reads.at(-1)).toBe(reads[1]);
});

test("[M90] where values are kept apart and events hold references, a run takes the same way", () => {
  fc.assert(
    fc.property(tree, world9, fc.constantFrom(0, 8, 40), (nodes, choices, apart) => {
      const within = play(nodes, choices);
      const beside = play(nodes, choices, apart);
      expect(beside.types()).toEqual(within.types());
      expect(beside.state().phase.name).toBe("finished");
      expect(outcomeOf(beside)).toBe(outcomeOf(within));
    }),
    { numRuns: 60 },
  );
});

function outcomeOf(run: World): string {
  const { phase } = run.state();
  return phase.name === "finished" ? phase.outcome : phase.name;
}
