import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyUpdate, Doc, encodeStateAsUpdate } from "yjs";
import { BatonError } from "#base/index.ts";
import {
  appendEntry,
  forgetEntry,
  historyOf,
  liveEntries,
  liveEntry,
  memoryLimits,
  purgeEntries,
  storedProblem,
  undoWriter,
  writeEntry,
} from "./entries.ts";
import { entriesIn, type Entries, readKey } from "./layout.ts";
import type { Origin } from "./spec.ts";

const now = Date.UTC(2030, 0, 1);

function from(id: string, at = now, run: string | null = null): Origin {
  return { by: { kind: "agent", id, name: id }, at, run, path: null, call: null };
}

function empty(): Entries {
  return entriesIn(new Doc());
}

describe("entries of memory", () => {
  test("know their writer, and keep their earlier versions", () => {
    const entries = empty();
    writeEntry(entries, "case.a", { value: 1, tags: ["x", " x "], type: "note" }, from("agent:f/a"));
    writeEntry(entries, "case.a", { value: { n: 2 } }, from("agent:f/b", now + 5, "run_1"));
    expect(liveEntry(entries, "case.a", now)).toMatchObject({
      version: 2,
      value: { n: 2 },
      type: "note",
      tags: ["x"],
      by: { id: "agent:f/b" },
      run: "run_1",
      at: now + 5,
    });
    expect(historyOf(entries, "case.a").map(({ version, by }) => [version, by.id])).toEqual([
      [2, "agent:f/b"],
      [1, "agent:f/a"],
    ]);
    for (let n = 0; n < 40; n += 1) writeEntry(entries, "case.a", { value: n }, from("agent:f/a"));
    expect(historyOf(entries, "case.a")).toHaveLength(memoryLimits.versions + 1);
    expect(entries.stored.size).toBe(memoryLimits.versions + 1);
  });

  test("ifVersion writes only over what was read, and tells what is there", () => {
    const entries = empty();
    expect(() => writeEntry(entries, "a", { value: 1, ifVersion: 3 }, from("x"))).toThrow("holds nothing");
    writeEntry(entries, "a", { value: 1, ifVersion: 0 }, from("x"));
    const again = (): unknown => writeEntry(entries, "a", { value: 2, ifVersion: 0 }, from("y"));
    expect(again).toThrow('"a" is at version 1, written by x; you meant version 0. Nothing was written.');
    expect(BatonError.isInstance(caught(again)) && caught(again)).toMatchObject({ code: "conflict" });
    forgetEntry(entries, "a", from("x"));
    expect(writeEntry(entries, "a", { value: 3, ifVersion: 0 }, from("y")).version).toBe(3);
  });

  test("append adds to lists and texts, and refuses the rest", () => {
    const entries = empty();
    appendEntry(entries, "list", { value: 1 }, from("x"));
    expect(appendEntry(entries, "list", { value: [2] }, from("y")).value).toEqual([1, [2]]);
    writeEntry(entries, "text", { value: "one" }, from("x"));
    expect(appendEntry(entries, "text", { value: "two" }, from("y")).value).toBe("one\ntwo");
    writeEntry(entries, "number", { value: 1 }, from("x"));
    expect(() => appendEntry(entries, "number", { value: 2 }, from("x"))).toThrow(
      "neither a list nor a text",
    );
  });

  test("forgotten and expired entries hold nothing; after a while they are gone for good", () => {
    const entries = empty();
    writeEntry(entries, "short", { value: 1, expiresAt: now + 1000 }, from("x"));
    writeEntry(entries, "gone", { value: 1 }, from("x"));
    writeEntry(entries, "stays", { value: 1 }, from("x"));
    expect(forgetEntry(entries, "gone", from("y"))).toBe(true);
    expect(forgetEntry(entries, "gone", from("y"))).toBe(false);
    expect(liveEntries(entries, now).map(({ name }) => name)).toEqual(["short", "stays"]);
    expect(liveEntries(entries, now + 1000).map(({ name }) => name)).toEqual(["stays"]);
    expect(historyOf(entries, "gone").map(({ gone, by }) => [gone, by.id])).toEqual([
      [true, "y"],
      [false, "x"],
    ]);
    expect(purgeEntries(entries, now + memoryLimits.keepMs - 1)).toBe(0);
    expect(purgeEntries(entries, now + memoryLimits.keepMs + 1000)).toBe(2);
    expect([...entries.stored.keys()]).toEqual(["stays"]);
  });

  test("undoing one writer brings back what was before, and leaves what others wrote since", () => {
    const entries = empty();
    writeEntry(entries, "kept", { value: "person" }, from("ada"));
    writeEntry(entries, "kept", { value: "bad" }, from("bot"));
    writeEntry(entries, "kept", { value: "worse" }, from("bot"));
    writeEntry(entries, "own", { value: "bad" }, from("bot"));
    writeEntry(entries, "over", { value: "bad" }, from("bot"));
    writeEntry(entries, "over", { value: "right" }, from("ada"));
    writeEntry(entries, "other", { value: "bad" }, from("bot", now, "run_2"));
    expect(undoWriter(entries, "bot", from("eve", now + 1), "run_2")).toEqual(["other"]);
    expect(undoWriter(entries, "bot", from("eve", now + 1))).toEqual(["kept", "own"]);
    expect(liveEntries(entries, now).map(({ name, value, by }) => [name, value, by.id])).toEqual([
      ["kept", "person", "eve"],
      ["over", "right", "ada"],
    ]);
    expect(historyOf(entries, "kept")[0]).toMatchObject({ version: 4, undoes: "bot" });
    expect(undoWriter(entries, "bot", from("eve", now + 2))).toEqual([]);
  });

  test("refuses names, values and numbers that no memory takes", () => {
    const entries = empty();
    expect(() => writeEntry(entries, "a@1", { value: 1 }, from("x"))).toThrow("not a name of memory");
    expect(() => writeEntry(entries, "a", { value: "x".repeat(40_000) }, from("x"))).toThrow(
      "32000 are possible",
    );
    expect(() => writeEntry(entries, "a", { value: { $secret: "KEY" } }, from("x"))).toThrow(
      "holds no secrets",
    );
    expect(() =>
      writeEntry(entries, "a", { value: 1, tags: Array.from({ length: 21 }, (_, n) => `t${n}`) }, from("x")),
    ).toThrow("20 tags");
    expect(entries.stored.size).toBe(0);
    expect(readKey("a@0")).toBeUndefined();
    expect(readKey("a b")).toBeUndefined();
    expect(storedProblem({ value: 1 })).not.toBeNull();
  });

  test("whatever is written, versions count up without gaps, each with its writer, and nothing is lost", () => {
    const step = fc.record({
      kind: fc.constantFrom("set" as const, "append" as const, "forget" as const, "undo" as const),
      name: fc.constantFrom("a", "b", "c/d.e"),
      who: fc.constantFrom("ada", "bot", "cat"),
      value: fc.oneof(fc.string({ maxLength: 8 }), fc.integer(), fc.constant(null)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const entries = empty();
        const told = new Map<string, string[]>();
        for (const { kind, name, who, value } of steps) {
          const before = new Map(
            ["a", "b", "c/d.e"].map((one) => [one, historyOf(entries, one)[0]?.version ?? 0]),
          );
          try {
            if (kind === "set") writeEntry(entries, name, { value }, from(who));
            else if (kind === "append") appendEntry(entries, name, { value }, from(who));
            else if (kind === "forget") forgetEntry(entries, name, from(who));
            else undoWriter(entries, "bot", from(who));
          } catch (error) {
            if (!BatonError.isInstance(error)) throw error;
          }
          for (const [one, version] of before) {
            const after = historyOf(entries, one)[0];
            if (after === undefined || after.version === version) continue;
            expect(after.version).toBe(version + 1);
            told.set(one, [...(told.get(one) ?? []), who]);
          }
        }
        for (const [one, writers] of told) {
          const kept = historyOf(entries, one).toReversed();
          expect(kept.map(({ by }) => by.id)).toEqual(writers.slice(-memoryLimits.versions - 1));
          expect(kept.every((entry) => storedProblem(entry) === null)).toBe(true);
        }
      }),
    );
  });

  test("replicas that wrote apart hold the same when they met, each value with its own writer", () => {
    const write = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.constantFrom("a", "b"), fc.integer());
    fc.assert(
      fc.property(fc.array(fc.oneof(write, fc.constant("meet" as const)), { maxLength: 30 }), (steps) => {
        const docs = [new Doc(), new Doc(), new Doc()];
        const written = new Map<number, string>();
        let count = 0;
        const meet = (): void => {
          for (const one of docs) for (const other of docs) applyUpdate(one, encodeStateAsUpdate(other));
        };
        for (const each of steps) {
          if (each === "meet") {
            meet();
            continue;
          }
          const [replica, name] = each;
          count += 1;
          written.set(count, `writer${replica}`);
          const doc = docs[replica];
          if (doc) writeEntry(entriesIn(doc), name, { value: count }, from(`writer${replica}`));
        }
        meet();
        const [first, ...others] = docs.map((doc) => liveEntries(entriesIn(doc), now));
        for (const other of others) expect(other).toEqual(first);
        for (const { value, by } of first ?? []) expect(written.get(Number(value))).toBe(by.id);
      }),
    );
  });
});

function caught(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
