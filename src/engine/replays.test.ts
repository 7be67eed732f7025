import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { foldEvents, machine, openTasksOf, type RunEvent, type Totals } from "#flow/machine/index.ts";
import { createRunMemory, localPorts } from "#memory/index.ts";
import { memoryJournal } from "./memory/index.ts";
import { essence, finish, stateOf } from "./testing/finish.ts";
import { engineFor, flowOf, makeRun, newId, outside, withTimers } from "./testing/world.ts";

const folder = new URL("./replays/", import.meta.url);
type Recording = { flow: string; essence: unknown; usage: Totals; events: RunEvent[] };

/** Runs as earlier versions journaled them: `name-version.json`. What they meant then they mean for ever. */
describe("recorded runs", () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const recording = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Recording;

    test(`${file} still folds to what it was`, () => {
      const state = foldEvents(machine.initial(), recording.events);
      expect(essence(state)).toEqual(recording.essence);
      expect(state.usage).toEqual(recording.usage);
      expect(state.seq).toBe(recording.events.length);
      expect(openTasksOf(state)).toEqual([]);
      expect(state.timers).toEqual({});
    });

    // A release is deployed while such a run is under way: it goes on from wherever it was, and ends.
    test.each([0.2, 0.4, 0.6, 0.8])(`${file} goes on from %d of its journal`, async (part) => {
      const journal = memoryJournal();
      const place = { workspace: newId("ws"), flow: "flow", revision: "rev" };
      const run = await makeRun(
        {
          worker: async () => ({ id: newId("wrk"), journal }),
          place: async () => place,
          declareDead: async (worker) => journal.declareDead(worker),
          send: async (event) => journal.sendEvent(event),
          close: async () => undefined,
        },
        journal,
        "flow",
      );
      const earlier = newId("wrk");
      const claim = await journal.claim(run, earlier);
      const { items } = await journal.inbox(run);
      const known = recording.events.slice(0, Math.max(1, Math.floor(recording.events.length * part)));
      await journal.append({
        run,
        workspace: place.workspace,
        epoch: claim?.epoch ?? 0,
        seq: 1,
        events: known.map(({ body }) => body),
        audit: [],
        consume: items.map(({ id }) => id),
      });
      journal.declareDead(earlier);
      const timers = withTimers(journal);
      const beyond = outside();
      const tools = {
        look: { repeatable: true },
        pay: {},
        risky: { risk: "high" },
        big: {},
        hang: {},
        "memory.append": {},
      } as const;
      const worker = engineFor(
        { id: newId("wrk"), journal: timers.journal },
        flowOf(recording.flow),
        tools,
        beyond,
        // What it remembered before is gone here: what it reads from now on is what the flow makes of nothing.
        { memory: createRunMemory(localPorts(Date.now)) },
      );
      expect(await finish(worker, run, beyond, timers.fire, journal)).toBe("finished");
      const state = await stateOf(journal, run);
      expect(state.seq).toBeGreaterThan(known.length);
      expect(openTasksOf(state)).toEqual([]);
    });
  }
});
