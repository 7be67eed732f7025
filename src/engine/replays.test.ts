import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { foldEvents, machine, openTasksOf, type RunEvent, type Totals } from "#flow/machine/index.ts";
import { essence } from "./testing/finish.ts";

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
  }
});
