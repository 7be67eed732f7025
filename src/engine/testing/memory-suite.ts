import { expect, test } from "vitest";
import type { RunId } from "#base/index.ts";
import { rememberTool } from "#flow/machine/index.ts";
import { createRunMemory, localPorts, type RunMemory } from "#memory/index.ts";
import { essence, eventsOf, finish, stateOf } from "./finish.ts";
import { mortal } from "./kill.ts";
import {
  engineFor,
  flowOf,
  makeRun,
  outside,
  withTimers,
  type ConformanceWorld,
  type Outside,
} from "./world.ts";

const remembering = flowOf(`
id: remembering
memory: { read: ["flow:*"], write: ["flow:*"] }
seed: { "flow:rate": 2 }
tasks:
  - { id: keep, remember: { "run:total": "{{ memory('flow:rate') * 20 }}", "flow:last": closed }, as: decision }
  - { id: check, if: memory('run:total') == 40, then: [{ id: yes, set: { seen: "{{ memory('run:total') }}" } }] }
  - id: pause
    wait: 1h
  - { id: after, set: { later: "{{ memory('run:total') }}" } }
outputs: { kept: "{{ tasks.keep.output }}", seen: "{{ vars.seen }}", later: "{{ vars.later }}" }
`);

/** Tools that remember for real, and a memory that counts what is read. */
function remembers(beyond: Outside, memory: RunMemory): Outside {
  return {
    ...beyond,
    call: (request) => {
      if (request.tool !== rememberTool) return beyond.call(request);
      beyond.made.push(request.key);
      return memory.call(request, "remember", request.args);
    },
  };
}

/** What runs remember and read, over a journal. */
export function memoryConformance(get: () => ConformanceWorld): void {
  test("a run reads what its flow was seeded with and what it remembered; a person's edit counts from the next step on", async () => {
    const memory = get().memory ?? createRunMemory(localPorts(Date.now));
    const beyond = outside();
    const { id, journal } = await get().worker();
    const timers = withTimers(journal);
    const run = await makeRun(get(), journal, "remembering");
    const place = await get().place();
    const worker = engineFor({ id, journal: timers.journal }, remembering, {}, remembers(beyond, memory), {
      memory,
    });
    await worker.engine.drive(run);
    expect((await stateOf(journal, run)).vars["seen"]).toBe(40);
    // Somebody changes it while the run waits.
    const somebody = {
      workspace: place.workspace,
      run,
      flow: remembering,
      path: "",
      key: `edit ${run}`,
      agent: null,
    };
    await memory.call(somebody, "remember", { entries: { "run:total": 41 } });
    expect(await finish(worker, run, beyond, timers.fire, journal)).toBe("finished");
    expect(essence(await stateOf(journal, run))).toMatchObject({
      outcome: "succeeded",
      outputs: { kept: { "run:total": 1 }, seen: 40, later: 41 },
    });
    const read = (await eventsOf(journal, run)).flatMap(({ body }) =>
      body.type === "memory-read" ? [[body.path, body.key, body.value]] : [],
    );
    expect(read).toEqual([
      ["keep", "flow:rate", 2],
      ["check", "run:total", 40],
      ["check/yes", "run:total", 40],
      ["after", "run:total", 41],
    ]);
  });

  test("a worker that dies behind what it remembered has it remembered once", async () => {
    const memory = get().memory ?? createRunMemory(localPorts(Date.now));
    const beyond = outside();
    const first = await get().worker();
    const timers = withTimers(first.journal);
    const run: RunId = await makeRun(get(), first.journal, "remembering");
    const dying = mortal(timers.journal, remembers(beyond, memory), { at: "effect", when: "in", n: 1 });
    const worker = engineFor({ id: first.id, journal: dying.journal }, remembering, {}, dying.beyond, {
      memory,
    });
    void worker.engine.drive(run);
    await dying.died;
    await get().declareDead(first.id);
    const next = await get().worker();
    const again = withTimers(next.journal);
    const heir = engineFor(
      { id: next.id, journal: again.journal },
      remembering,
      {},
      remembers(beyond, memory),
      {
        memory,
      },
    );
    expect(await finish(heir, run, beyond, again.fire, next.journal)).toBe("finished");
    const state = await stateOf(next.journal, run);
    expect(beyond.made).toHaveLength(2);
    expect(new Set(beyond.made).size).toBe(1);
    expect(essence(state)).toMatchObject({ outputs: { kept: { "run:total": 1 }, later: 40 } });
  });
}
