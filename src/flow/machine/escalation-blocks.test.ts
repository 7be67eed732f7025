import { describe, expect, test } from "vitest";
import type { Signal } from "./index.ts";
import { world, type World } from "./testing/world.ts";

const broken = (key: string): Signal => ({
  kind: "effect-failed",
  key,
  retryable: false,
  error: { code: "bad-input", message: "No such order" },
});

/** The tool `pay` fails while `times` calls of it were made or fewer. */
const paying = (text: string, times: number, more: Parameters<typeof world>[1] = {}): World => {
  let calls = 0;
  return world(text, {
    tools: { pay: {}, look: {} },
    calls: (call) => (call.tool === "pay" && (calls += 1) <= times ? broken(call.key) : { ok: true }),
    ...more,
  });
};
const escalations = (run: World) =>
  Object.values(run.state().tasks)
    .flatMap((task) => task.approvals)
    .filter(({ ask }) => ask.kind === "escalation");

describe("escalation among blocks", () => {
  test("[M70] of a dag: what failed in it is asked about, and another attempt does all of it again", () => {
    const text = `
id: f
tasks:
  - id: graph
    dag:
      - { id: one, tool: look }
      - { id: two, tool: pay, needs: one }
      - { id: three, tool: look, needs: two }
    onError: { escalate: {} }
outputs: { done: "{{ tasks.three.state }}" }
`;
    const run = paying(text, 1);
    expect(escalations(run)).toHaveLength(1);
    run.decide("retry");
    expect(run.output()).toEqual({ done: "succeeded" });
    expect(run.state().tasks["graph/one"]?.attempt).toBe(2);
  });

  test("[M70] within a dag: what needs the task waits for the person, the rest goes on", () => {
    const text = `
id: f
tasks:
  - id: graph
    dag:
      - { id: one, tool: pay, onError: { escalate: {} } }
      - { id: two, tool: look, needs: one }
      - { id: apart, tool: look }
`;
    const run = paying(text, 1);
    expect(run.state().tasks["graph/apart"]?.status.name).toBe("succeeded");
    expect(run.state().tasks["graph/two"]).toBeUndefined();
    run.decide("skip");
    expect(run.state().tasks["graph/two"]?.status.name).toBe("succeeded");
    expect(run.output()).toEqual({});
  });

  test("[M70] within a loop: the round waits, and the next one begins after the answer", () => {
    const text = `
id: f
tasks:
  - id: again
    loop: { max: 2, until: "false" }
    onError: continue
    tasks: [{ id: pay, tool: pay, onError: { escalate: {} } }]
`;
    const run = paying(text, 1);
    expect(run.state().tasks["again[1]/pay"]).toBeUndefined();
    run.decide("retry");
    expect(run.state().tasks["again[1]/pay"]?.status.name).toBe("succeeded");
    expect(run.state().phase.name).toBe("finished");
  });

  test("[M71] of a flow task: another attempt starts another run", () => {
    let started = 0;
    const run = world("id: f\ntasks: [{ id: call, flow: c, onError: { escalate: {} } }]\n", {
      crossings: (one) => {
        if (one.kind !== "child") return undefined;
        started += 1;
        const outcome = started === 1 ? "failed" : "succeeded";
        return { kind: "child-ended", key: one.key, outcome, outputs: {}, error: null };
      },
    });
    expect(escalations(run)).toHaveLength(1);
    run.decide("retry");
    expect(run.output()).toEqual({});
    const requested = run.events.flatMap(({ body }) => (body.type === "child-requested" ? [body.run] : []));
    expect(new Set(requested).size).toBe(2);
  });

  test("[M70] a stop ends the run as it says, and nobody is asked", () => {
    const run = world(
      "id: f\ntasks: [{ id: end, stop: No more, state: failed, onError: { escalate: {} } }]\n",
    );
    expect(escalations(run)).toEqual([]);
    expect(run.output()).toMatchObject({ outcome: "failed", error: { code: "stopped" } });
  });

  test("[M70] in a branch of join any: the success of another takes the question back", () => {
    const text = `
id: f
tasks:
  - id: race
    join: any
    parallel:
      - { id: one, tool: pay, onError: { escalate: {} } }
      - { id: two, sequence: [{ id: hold, wait: 1h }, { id: late, tool: look }] }
`;
    const run = paying(text, 9);
    expect(escalations(run)[0]?.end).toBeNull();
    run.tick(3_600_000);
    expect(escalations(run)[0]?.end).toMatchObject({ name: "withdrawn" });
    expect(run.output()).toEqual({});
  });

  test("[M81] a decision during a pause is kept and takes effect when the run goes on; a deadline goes by the calendar", () => {
    const text =
      "id: f\ntasks: [{ id: pay, tool: pay, onError: { escalate: { timeout: 1h, onTimeout: skip } } }, { id: next, tool: look }]\n";
    const decided = paying(text, 1).pause().decide("retry");
    expect(decided.state().tasks["pay"]?.attempt).toBe(1);
    decided.resume();
    expect(decided.state().tasks["pay"]?.attempt).toBe(2);
    expect(decided.output()).toEqual({});
    const late = paying(text, 9).pause();
    late.tick(3_600_000);
    expect(escalations(late)[0]?.end).toBeNull();
    late.resume();
    expect(escalations(late)[0]?.end).toMatchObject({ name: "withdrawn" });
    expect(late.output()).toEqual({});
  });

  test("[M73] a quorum that is not there by the deadline does what the deadline says", () => {
    const run = world(
      "id: f\ntasks: [{ id: gate, approval: Well?, by: { quorum: 2 }, timeout: 1h, onTimeout: continue }]\n",
    );
    expect(run.pending()).toHaveLength(1);
    run.tick(3_600_000);
    expect(run.pending()).toEqual([]);
    expect(run.output()).toEqual({});
  });
});
