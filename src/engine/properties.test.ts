import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunId, WorkspaceId } from "#base/index.ts";
import { machineVersion, pathOfKey, type RunState, type ToolFacts } from "#flow/machine/index.ts";
import { createPostgresJournal, migrateQueue, registerWorker, type Journal } from "#journal/index.ts";
import { startTestDatabase } from "#platform/testing.ts";
import { trees, write } from "#flow/testing.ts";
import { memoryJournal } from "./memory/index.ts";
import { answerAll, stateOf } from "./testing/finish.ts";
import {
  engineFor,
  flowOf,
  hashOf,
  makeRun,
  newId,
  outside,
  type ConformanceWorld,
} from "./testing/world.ts";

let postgres: ConformanceWorld;
let memory: ConformanceWorld;

beforeAll(async () => {
  const { db, close } = await startTestDatabase();
  await migrateQueue(db);
  const workspace = "ws_properties" as WorkspaceId;
  await db.pool.query(
    "insert into flow (id, workspace_id, slug, title) values ('suite', $1, 'suite', 'Suite')",
    [workspace],
  );
  const journal = createPostgresJournal({ db, machineVersion });
  postgres = {
    async worker() {
      const id = newId("wrk");
      await registerWorker(db.pool, { id, host: "test", pid: process.pid });
      return { id, journal };
    },
    place: () => Promise.resolve({ workspace, flow: "suite", revision: "rev_suite" }),
    declareDead: () => Promise.resolve(),
    async close() {
      journal.close();
      await close();
    },
  };
  const inMemory = memoryJournal({ schedule: () => () => undefined });
  memory = {
    worker: async () => ({ id: newId("wrk"), journal: inMemory }),
    place: async () => ({ workspace, flow: "flow", revision: "rev" }),
    declareDead: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
});

afterAll(async () => {
  await postgres.close();
});

/** Timers as they were set. The one that is due first fires, at once; of two the one that was set first. */
function orderedTimers(journal: Journal): { journal: Journal; fireNext(): Promise<boolean> } {
  const set: (Parameters<Journal["setTimer"]>[1] & { run: Parameters<Journal["setTimer"]>[0] })[] = [];
  return {
    journal: {
      ...journal,
      setTimer: async (run, timer) => {
        set.push({ run, ...timer });
      },
    },
    async fireNext() {
      const [next] = set.toSorted((a, b) => a.dueAt - b.dueAt);
      if (!next) return false;
      set.splice(set.indexOf(next), 1);
      const { run, path, name, n } = next;
      await journal.signal(run, `timer:${path}:${name}:${n}`, { kind: "timer", path, name, n });
      return true;
    },
  };
}

/** Sends the events that tasks wait for. False: none does. */
async function sendAwaited(journal: Journal, run: RunId, tasks: RunState["tasks"]): Promise<boolean> {
  const waiting = Object.values(tasks).flatMap(({ status, awaited }) =>
    status.name === "running" && awaited?.received === null ? [awaited.key] : [],
  );
  let sent = false;
  for (const key of waiting) {
    const by = { kind: "system", id: "test", name: "Test" } as const;
    sent = (await journal.signal(run, `event:${key}`, { kind: "event", key, payload: { n: 1 }, by })) || sent;
  }
  return sent;
}

/** Carries a flow through in a world, and tells how it ended. */
async function endIn(
  world: ConformanceWorld,
  text: string,
  choices: readonly number[],
  facts: Partial<ToolFacts> = { repeatable: true },
): Promise<unknown> {
  const beyond = outside();
  // What a call comes to depends on where it stands alone, not on when it is made.
  const fails = (key: string): boolean =>
    (choices[parseInt(hashOf(pathOfKey(key)).slice(0, 6), 16) % choices.length] ?? 0) % 4 === 0;
  const steady = {
    ...beyond,
    call: (request: Parameters<typeof beyond.call>[0]) =>
      beyond.call(fails(request.key) ? { ...request, tool: "broken" } : request),
  };
  const { id, journal } = await world.worker();
  const timers = orderedTimers(journal);
  const { engine } = engineFor({ id, journal: timers.journal }, flowOf(text), { t: facts }, steady);
  const run = await makeRun(world, journal, "suite");
  for (let turns = 0; turns < 400; turns += 1) {
    await engine.drive(run);
    const { phase, tasks } = await stateOf(journal, run);
    if (phase.name === "finished") {
      const top = Object.values(tasks).filter(({ path }) => !path.includes("/"));
      return {
        outcome: phase.outcome,
        outputs: phase.outputs,
        goal: phase.goal,
        error: phase.error?.code,
        tasks: Object.fromEntries(top.map((task) => [task.path, task.status.name])),
      };
    }
    if (
      !(await answerAll(journal, run, beyond)) &&
      !(await sendAwaited(journal, run, tasks)) &&
      !(await timers.fireNext())
    )
      break;
  }
  throw new Error(`The run does not come to an end: ${text}`);
}

test("a flow that validates ends on Postgres as it ends in memory, with the same outputs", async () => {
  await fc.assert(
    fc.asyncProperty(
      // Of side by side attempts the first to succeed counts: which one that is, is nobody's promise.
      trees(["any", "dag any"]),
      fc.array(fc.nat(9), { minLength: 1, maxLength: 8 }),
      async (nodes, choices) => {
        const text = write(nodes);
        const [there, here] = [await endIn(postgres, text, choices), await endIn(memory, text, choices)];
        expect(there).toEqual(here);
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);

test("a flow ends the same whether its calls go on ahead of the journal or wait for it", async () => {
  const inside = { repeatable: true, effect: "none", inside: true } as const;
  await fc.assert(
    fc.asyncProperty(
      trees(["any", "dag any"]),
      fc.array(fc.nat(9), { minLength: 1, maxLength: 8 }),
      async (nodes, choices) => {
        const text = write(nodes);
        const waiting = await endIn(memory, text, choices);
        expect(await endIn(memory, text, choices, inside)).toEqual(waiting);
        expect(await endIn(postgres, text, choices, inside)).toEqual(waiting);
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);
