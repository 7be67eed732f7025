import { expect, test } from "vitest";
import { essence, finish, stateOf } from "./finish.ts";
import { engineFor, flowOf, makeRun, outside, withTimers, type ConformanceWorld } from "./world.ts";

const rounds = flowOf(`
id: rounds
labels: { team: support }
success: outputs.sum == 6 && run.labels.team == 'support'
tasks:
  - id: graph
    dag:
      - { id: last, needs: [left, right], tool: look, with: { n: "{{ tasks.left.output.args.n + tasks.right.output.args.n }}" } }
      - { id: left, needs: first, tool: look, with: { n: "{{ tasks.first.output.args.n + 1 }}" } }
      - { id: right, needs: first, tool: look, with: { n: "{{ tasks.first.output.args.n + 2 }}" } }
      - { id: first, tool: look, with: { n: 1 } }
  - id: poll
    loop: { until: index >= 2, every: 1m, max: 5 }
    tasks: [{ id: ask, tool: look, with: { round: "{{ round }}" } }]
  - id: check
    if: tasks.ask.output.args.round == 3
    then: [{ id: enough, stop: Three rounds were enough, outputs: { sum: "{{ tasks.last.output.args.n + 1 }}" } }]
  - { id: never, tool: look }
finally:
  - { id: tidy, tool: look }
`);

/** Graphs, rounds, an early end and what success is, over a journal. */
export function roundsConformance(get: () => ConformanceWorld): void {
  test("carries a graph of tasks, a loop with pauses and an early end through, and tells of the goal", async () => {
    const beyond = outside();
    const { id, journal } = await get().worker();
    const timers = withTimers(journal);
    const run = await makeRun(get(), journal, "rounds");
    const worker = engineFor({ id, journal: timers.journal }, rounds, { look: { repeatable: true } }, beyond);
    expect(await finish(worker, run, beyond, timers.fire, journal)).toBe("finished");
    const state = await stateOf(journal, run);
    expect(state.phase).toMatchObject({ message: "Three rounds were enough", goal: { reached: true } });
    expect(essence(state)).toMatchObject({
      outcome: "succeeded",
      outputs: { sum: 6 },
      tasks: {
        "graph/last": "succeeded",
        "poll[2]/ask": "succeeded",
        check: "cancelled",
        "check/enough": "succeeded",
        "!finally/tidy": "succeeded",
      },
    });
    expect(state.tasks["never"]).toBeUndefined();
    expect(beyond.made).toHaveLength(8);
  });
}
