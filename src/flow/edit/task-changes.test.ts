import { expect, test } from "vitest";
import { flowOf } from "../machine/testing/world.ts";
import { taskChanges } from "./task-changes.ts";

const before = `
id: f
tasks:
  - { id: a, log: one }
  - { id: b, log: two }
  - id: each
    foreach: [1]
    tasks: [{ id: inner, log: three }, { id: gone, log: four }]
finally: [{ id: last, log: over }]
`;

test("tasks are told apart by what became of them, each for itself", () => {
  const after = `
id: f
tasks:
  - { id: b, log: two }
  - { id: a, log: "one, but changed" }
  - { id: fresh, log: new }
  - id: each
    foreach: [1]
    tasks: [{ id: inner, log: three }]
  - { id: last, log: over }
`;
  expect(taskChanges(flowOf(before), flowOf(after))).toEqual({
    before: { a: "changed", b: "moved", "each/gone": "removed", "!finally/last": "moved" },
    after: { a: "changed", b: "moved", fresh: "added", last: "moved" },
  });
});

test("the same flow, and one with other words around its tasks, has no changes; a container's own is its own", () => {
  expect(taskChanges(flowOf(before), flowOf(before))).toEqual({ before: {}, after: {} });
  const titled = before.replace("id: f", "id: f\ntitle: Another");
  expect(taskChanges(flowOf(before), flowOf(titled))).toEqual({ before: {}, after: {} });
  const wider = before.replace("foreach: [1]", "foreach: [1, 2]");
  expect(taskChanges(flowOf(before), flowOf(wider)).after).toEqual({ each: "changed" });
});

test("of those that stand in another order, as few as can be were moved", () => {
  const list = (ids: string[]): string =>
    `id: f\ntasks: [${ids.map((id) => `{ id: ${id}, log: x }`).join(", ")}]\n`;
  const changes = taskChanges(flowOf(list(["a", "b", "c", "d"])), flowOf(list(["d", "a", "b", "c"])));
  expect(changes.after).toEqual({ d: "moved" });
});
