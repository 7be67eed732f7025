import { BatonError, isObject, type Json, type JsonObject } from "#base/index.ts";
import type { TaskPath, Value } from "../events.ts";
import { containerAt } from "../fold/container.ts";
import { iterationSlot, placeOf } from "../paths.ts";
import { blockOutput, enter, errorOf, progressAt, runBlock } from "../walk/block.ts";
import { itemOf } from "../walk/scope.ts";
import type { Walk } from "../walk/walk.ts";
import { advanceSpread, readSpread, spreadOf } from "./foreach-spread.ts";
import { done, type Head, open, type TaskOf } from "./head.ts";

/** Most items that one run goes through, and most that are spread over runs of their own. */
export const mostItems = 10_000;
export const mostSpread = 100_000;

/** Its tasks once for each item. Its output lists what each iteration yielded. */
export const foreach: Head<"foreach"> = {
  kind: "foreach",
  room: (task) => Math.max(1, task.concurrency),
  start(walk, task, path): { label: string; data: JsonObject } {
    const { part } = walk.draft.run;
    if (part && placeOf(path).parent === "") return { label: "", data: { items: walk.open(part.items) } };
    const items = batched(listOf(walk.fill(task.items, path), task.id), task.batch);
    const spread = spreadOf(walk, task, items.length);
    const most = spread ? mostSpread : mostItems;
    if (items.length > most) {
      throw new BatonError(
        "limit-reached",
        `"${task.id}" was given ${items.length} items; ${most} is the most.`,
        { hint: "Narrow the list, or group it with batch." },
      );
    }
    const label = `${items.length} ${items.length === 1 ? "item" : "items"}`;
    return { label, data: spread ? { items, spread: { ...spread } } : { items } };
  },
  advance(walk, task, path) {
    const data = walk.open(walk.at(path).data);
    const items = isObject(data) && Array.isArray(data["items"]) ? (data["items"] as Json[]) : [];
    const spread = readSpread(data);
    if (spread) return advanceSpread(walk, task, path, items, spread);
    const { part } = walk.draft.run;
    const concurrency = part && placeOf(path).parent === "" ? part.concurrency : task.concurrency;
    for (const slot of openSlots(walk, path)) runBlock(walk, path, slot, task.tasks);
    for (;;) {
      const inside = containerAt(walk.draft, path);
      if (!inside) return open;
      const { entered, ended } = inside.iterations;
      if (task.failFast && inside.firstFailed !== null) {
        return { name: "failed", error: errorOf(walk, inside.firstFailed) };
      }
      const broken = shouldBreak(walk, task, path);
      if (!broken && entered < items.length && entered - ended < Math.max(1, concurrency)) {
        const slot = iterationSlot(entered);
        enter(walk, path, slot, task.tasks.length);
        if (progressAt(walk, path, slot)) runBlock(walk, path, slot, task.tasks);
        continue;
      }
      if (ended < entered) return open;
      if (inside.firstFailed !== null) {
        return { name: "failed", error: errorOf(walk, inside.firstFailed) };
      }
      return done(outputs(walk, task, path, entered));
    }
  },
};

function listOf(value: Json, id: string): Json[] {
  const items = Array.isArray(value)
    ? (value as Json[])
    : isObject(value)
      ? Object.entries(value).map(([key, item]) => ({ key, value: item as Json }))
      : undefined;
  if (!items) {
    const found = value === null ? "nothing" : typeof value;
    throw new BatonError("bad-input", `"${id}" goes over a list or a map, but was given ${found}.`);
  }
  return items;
}

function batched(items: Json[], size: number | undefined): Json[] {
  if (size === undefined || size < 1) return items;
  const batches: Json[] = [];
  for (let i = 0; i < items.length; i += size) batches.push(items.slice(i, i + size));
  return batches;
}

/** Iterations that are not over. */
function openSlots(walk: Walk, path: TaskPath): readonly string[] {
  return Object.keys(containerAt(walk.draft, path)?.progress ?? {}).filter((slot) => slot.startsWith("["));
}

/** `breakWhen` is asked when an iteration has ended and another would begin. Names of the tasks mean the last one's. */
function shouldBreak(walk: Walk, task: TaskOf<"foreach">, path: TaskPath): boolean {
  const { entered, ended } = containerAt(walk.draft, path)?.iterations ?? { entered: 0, ended: 0 };
  if (task.breakWhen === undefined || ended === 0) return false;
  const first = task.tasks[0];
  if (!first) return false;
  const inside = `${path}${iterationSlot(entered - 1)}/${first.id}`;
  return walk.holds(task.breakWhen, inside, { item: itemOf(walk, path, entered - 1) });
}

function outputs(walk: Walk, task: TaskOf<"foreach">, path: TaskPath, count: number): Value {
  return Array.from({ length: count }, (_, index) =>
    blockOutput(walk, path, iterationSlot(index), task.tasks),
  ) as Value;
}
