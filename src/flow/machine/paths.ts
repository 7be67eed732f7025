import type { TaskPath } from "./events.ts";

/** Slots of a container: see `Container` in state.ts. */
export const mainSlot = "";
export const errorsSlot = "!errors";
export const finallySlot = "!finally";

export function iterationSlot(index: number): string {
  return `[${index}]`;
}

/** Where a path stands: the container that holds it ("" is the run), the slot there, and its own id. */
export type Place = { readonly parent: TaskPath; readonly slot: string; readonly id: string };

const places = new Map<TaskPath, Place>();
const placesKept = 20_000;

/** Takes a path apart. */
export function placeOf(path: TaskPath): Place {
  const known = places.get(path);
  if (known) return known;
  const place = findPlace(path);
  if (places.size >= placesKept) places.clear();
  places.set(path, place);
  return place;
}

function findPlace(path: TaskPath): Place {
  const cut = path.lastIndexOf("/");
  const id = path.slice(cut + 1);
  if (cut < 0) return { parent: "", slot: mainSlot, id };
  const before = path.slice(0, cut);
  const last = before.slice(before.lastIndexOf("/") + 1);
  if (last.startsWith("!")) {
    return { parent: before.slice(0, Math.max(0, before.length - last.length - 1)), slot: last, id };
  }
  if (before.endsWith("]")) {
    const open = before.lastIndexOf("[");
    return { parent: before.slice(0, open), slot: before.slice(open), id };
  }
  return { parent: before, slot: mainSlot, id };
}

/** Path of the child `id` in a slot of a container. */
export function childPath(parent: TaskPath, slot: string, id: string): TaskPath {
  if (slot === mainSlot) return parent === "" ? id : `${parent}/${id}`;
  if (slot.startsWith("[")) return `${parent}${slot}/${id}`;
  return parent === "" ? `${slot}/${id}` : `${parent}/${slot}/${id}`;
}

/** The path without the numbers of iterations: where the task stands in the flow's text. */
export function staticPath(path: TaskPath): TaskPath {
  return path.includes("[") ? path.replaceAll(/\[\d+\]/g, "") : path;
}

/** Index of a slot `[n]`. */
export function iterationOf(slot: string): number {
  return Number(slot.slice(1, -1));
}

/** Key of an effect: `run:path:attempt:step:call`. A takeover uses it again, a retry raises `attempt`. */
export function effectKey(
  run: string,
  path: TaskPath,
  attempt: number,
  step: number,
  call: string | number,
): string {
  return `${run}:${path}:${attempt}:${step}:${call}`;
}

/** The task that an effect belongs to. */
export function pathOfKey(key: string): TaskPath {
  const start = key.indexOf(":") + 1;
  return key.slice(start, key.indexOf(":", start));
}

export function timerKey(path: TaskPath, name: string, n: number): string {
  return `${path}:${name}:${n}`;
}

/** Timers that measure how long something may take: they stand still while a run is paused. */
export const stillWhilePaused: ReadonlySet<string> = new Set(["timeout", "limit"]);
