import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyUpdate, Doc, encodeStateAsUpdate } from "yjs";
import {
  appendEntry,
  forgetEntry,
  historyOf,
  liveEntries,
  liveEntry,
  memoryLimits,
  openEntry,
  presentEntry,
  purgeEntries,
  settleEntry,
  storedProblem,
  undoWriter,
  writeEntry,
} from "./entries.ts";
import { type Entries, entriesIn, plain } from "./layout.ts";
import type { Origin, Writer } from "./spec.ts";
import { noteTyping, textOf } from "./typing.ts";

const now = Date.UTC(2030, 0, 1);
const person = (id: string): Writer => ({ kind: "person", id, name: `Name of ${id}` });
const agent: Origin = {
  by: { kind: "agent", id: "agent:f/a", name: "A" },
  at: now,
  run: "run_1",
  path: "t",
  call: "c",
};

/** Types as a server takes it: the text changes, and who it was is noted beside it. */
function type(entries: Entries, name: string, who: string, words: string, at = now, replica = 1): boolean {
  const text = textOf(entries, name);
  text?.insert(text.length, words);
  return noteTyping(entries, name, person(who), replica, at);
}

function opened(value = "plan"): Entries {
  const entries = entriesIn(new Doc());
  writeEntry(entries, "plan", { value, tags: ["x"] }, agent);
  openEntry(entries, "plan", now);
  return entries;
}

describe("what people type in an entry", () => {
  test("is its value at once, with who typed it, and a version for each update", () => {
    const entries = opened();
    expect(presentEntry(entries, "plan")).toMatchObject({
      version: 1,
      value: "plan",
      by: { id: "agent:f/a" },
    });
    type(entries, "plan", "ada", " a", now + 1);
    type(entries, "plan", "bob", " b", now + 2);
    type(entries, "plan", "ada", " c", now + 3);
    expect(liveEntry(entries, "plan", now + 4)).toMatchObject({
      version: 4,
      value: "plan a b c",
      by: person("ada"),
      with: [person("bob")],
      at: now + 3,
      ...{ run: null, path: null, call: null, tags: ["x"] },
    });
    expect(liveEntries(entries, now + 4)).toEqual([liveEntry(entries, "plan", now + 4)]);
    expect(historyOf(entries, "plan").map(({ version, value }) => [version, value])).toEqual([
      [4, "plan a b c"],
      [1, "plan"],
    ]);
  });

  test("becomes a stored version, from which typing goes on; the history has both", () => {
    const entries = opened();
    type(entries, "plan", "ada", " a");
    const before = presentEntry(entries, "plan");
    expect(settleEntry(entries, "plan")).toBe(true);
    expect(settleEntry(entries, "plan")).toBe(false);
    expect(presentEntry(entries, "plan")).toEqual(before);
    expect(entries.typing.size).toBe(0);
    type(entries, "plan", "ada", " b");
    expect(historyOf(entries, "plan").map(({ version, value, by }) => [version, value, by.id])).toEqual([
      [3, "plan a b", "ada"],
      [2, "plan a", "ada"],
      [1, "plan", "agent:f/a"],
    ]);
    for (let n = 0; n < 40; n += 1) {
      type(entries, "plan", "ada", "x");
      type(entries, "plan", "bob", "y");
      settleEntry(entries, "plan");
    }
    expect(historyOf(entries, "plan")).toHaveLength(memoryLimits.versions + 1);
    expect(entries.stored.size).toBe(memoryLimits.versions + 1);
  });

  test("an agent that read before somebody typed does not write over it by mistake", () => {
    const entries = opened();
    type(entries, "plan", "ada", " a");
    expect(() => writeEntry(entries, "plan", { value: "mine", ifVersion: 1 }, agent)).toThrow(
      '"plan" is at version 2, written by Name of ada; you meant version 1.',
    );
    expect(appendEntry(entries, "plan", { value: "seen" }, agent)).toMatchObject({
      version: 3,
      value: "plan a\nseen",
    });
    // Those who have the text open see what the agent wrote, and type on in it.
    expect(textOf(entries, "plan")?.toJSON()).toBe("plan a\nseen");
    type(entries, "plan", "ada", "!");
    expect(historyOf(entries, "plan").map(({ version, by }) => [version, by.id])).toEqual([
      [4, "ada"],
      [3, "agent:f/a"],
      [2, "ada"],
      [1, "agent:f/a"],
    ]);
  });

  test("is taken away with the entry, and with what becomes JSON", () => {
    const entries = opened();
    type(entries, "plan", "ada", " a");
    forgetEntry(entries, "plan", { ...agent, at: now + 1 });
    expect([entries.texts.size, entries.typing.size]).toEqual([0, 0]);
    expect(() => openEntry(entries, "plan", now + 2)).toThrow("Nothing is remembered");
    writeEntry(entries, "plan", { value: "anew" }, agent);
    openEntry(entries, "plan", now);
    writeEntry(entries, "plan", { value: { now: "JSON" } }, agent);
    expect(entries.texts.size).toBe(0);
    expect(() => openEntry(entries, "plan", now)).toThrow("holds JSON");
    const gone = opened();
    type(gone, "plan", "ada", " a");
    forgetEntry(gone, "plan", agent);
    expect(purgeEntries(gone, now + memoryLimits.keepMs + 1)).toBe(1);
    expect([gone.stored.size, gone.texts.size, gone.typing.size]).toEqual([0, 0, 0]);
  });

  test("what an agent wrote is undone under what nobody typed over, and stays where somebody did", () => {
    const entries = opened();
    writeEntry(entries, "other", { value: "bad" }, agent);
    type(entries, "plan", "ada", " a");
    expect(undoWriter(entries, "agent:f/a", { ...agent, by: person("eve") })).toEqual(["other"]);
    expect(undoWriter(entries, "ada", { ...agent, by: person("eve") })).toEqual(["plan"]);
    expect(presentEntry(entries, "plan")).toMatchObject({ value: "plan", version: 3, undoes: "ada" });
    expect(textOf(entries, "plan")?.toJSON()).toBe("plan");
  });

  test("is told to the audit when somebody begins, and again after they were quiet for long", () => {
    const entries = opened();
    expect(type(entries, "plan", "ada", "a", now)).toBe(true);
    expect(type(entries, "plan", "ada", "b", now + 30_000)).toBe(false);
    // Another tab of hers is still her.
    expect(type(entries, "plan", "ada", "c", now + 31_000, 2)).toBe(false);
    expect(type(entries, "plan", "bob", "d", now + 31_000, 3)).toBe(true);
    expect(type(entries, "plan", "ada", "e", now + 95_000)).toBe(true);
    for (let at = now + 95_000; at <= now + 395_000; at += 30_000)
      expect(type(entries, "plan", "ada", "f", at)).toBe(false);
    expect(type(entries, "plan", "ada", "g", now + 396_000)).toBe(true);
    settleEntry(entries, "plan");
    expect(type(entries, "plan", "ada", "h", now + 397_000)).toBe(true);
  });

  test("servers that note at the same time lose nothing of each other, also where one settles meanwhile", () => {
    const step = fc.oneof(
      fc.record({ server: fc.nat(1), replica: fc.nat(1) }),
      fc.constantFrom("meet" as const, "settle" as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const docs = [new Doc(), new Doc()] as const;
        const meet = (): void => {
          for (const one of docs) for (const other of docs) applyUpdate(one, encodeStateAsUpdate(other));
        };
        const [first] = docs;
        writeEntry(entriesIn(first), "plan", { value: "" }, agent);
        openEntry(entriesIn(first), "plan", now);
        meet();
        let updates = 0;
        const typists = new Set<string>();
        for (const each of steps) {
          if (each === "meet") meet();
          // Settling is done under a lock, on top of everything that is committed, by one at a time.
          else if (each === "settle") settleEntry(entriesIn(first), "plan");
          else {
            // A tab speaks to one server.
            const who = `p${each.server}${each.replica}`;
            updates += 1;
            typists.add(who);
            type(entriesIn(docs[each.server as 0 | 1]), "plan", who, "x", now + updates, each.replica);
          }
        }
        meet();
        const [one, other] = docs.map((doc) => presentEntry(entriesIn(doc), "plan"));
        expect(other).toEqual(one);
        expect(one).toMatchObject({ version: updates + 1, value: "x".repeat(updates) });
        const history = historyOf(entriesIn(first), "plan");
        const writers = new Set(
          history.flatMap(({ by, with: others = [] }) => [by.id, ...others.map(({ id }) => id)]),
        );
        expect(writers).toEqual(new Set(["agent:f/a", ...typists]));
        expect(history.every(({ name: _name, ...stored }) => storedProblem(plain(stored)) === null)).toBe(
          true,
        );
      }),
      { numRuns: 200 },
    );
  });
});
