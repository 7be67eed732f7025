import { expect, test } from "vitest";
import type { JsonObject } from "#base/index.ts";
import { createFold, initialState, upcast, type RunEventBody, type Upcasters } from "./index.ts";

/** As if logs had once been `{ text }`, then `{ message }`, and known their level only from version 3 on. */
const table: Upcasters = {
  "log-written": [
    { version: 2, up: ({ text, ...rest }) => ({ ...rest, message: text ?? "" }) },
    { version: 3, up: (body) => ({ ...body, level: "info" }) },
  ],
};
const log = (more: JsonObject): JsonObject => ({ type: "log-written", path: "a", ...more });
const today = log({ message: "Hello", level: "info" });

test("[M96] an event of an older version is brought to today's shape step by step when it is read", () => {
  expect(upcast(log({ text: "Hello" }), 1, table, 3)).toEqual(today);
  expect(upcast(log({ message: "Hello" }), 2, table, 3)).toEqual(today);
  expect(upcast(today, 3, table, 3)).toBe(today);
  const other = { type: "task-cancelled", path: "a" };
  expect(upcast(other, 1, table, 3)).toBe(other);
});

test("[M96] a journal of mixed versions folds as one that was written today", () => {
  const started: RunEventBody = {
    ...{ type: "task-started", path: "a", id: "a", kind: "log", attempt: 1, label: "", data: null },
  };
  const written: readonly (readonly [JsonObject, number])[] = [
    [started as unknown as JsonObject, 1],
    [log({ text: "Hello" }), 1],
    [log({ message: "Hello" }), 2],
    [today, 3],
  ];
  const fold = createFold(initialState());
  fold.add(
    written.map(([body, version], i) => ({ seq: i + 1, at: i, body: upcast(body, version, table, 3) })),
  );
  expect(fold.state().tasks["a"]?.logs.map(({ level, message }) => [level, message])).toEqual(
    Array.from({ length: 3 }, () => ["info", "Hello"]),
  );
});

test("[M97] an event of a version that is not known yet is refused instead of misread", () => {
  expect(() => upcast(today, 4, table, 3)).toThrow(/version 4/);
});
