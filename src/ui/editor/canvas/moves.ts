import type { Gesture, HeadKey } from "#flow/index.ts";
import type { Place } from "../language/protocol.ts";
import type { Plan } from "../use-gestures.ts";

type Path = readonly (string | number)[];

const containers: Readonly<Record<string, string>> = {
  sequence: "sequence",
  parallel: "parallel",
  dag: "dag",
  foreach: "tasks",
  loop: "tasks",
  if: "then",
  switch: "default",
};

/** The list that a task of this kind takes others into; null where it holds none. */
export function listInside(kind: string): string | null {
  return containers[kind] ?? null;
}

export function placeOf(places: readonly Place[], id: string | null): Place | null {
  return places.find((place) => place.id === id) ?? null;
}

const listOf = (place: Place): Path => place.path.slice(0, -1);
const indexOf = (place: Place): number => Number(place.path.at(-1));
const isSame = (a: Path, b: Path): boolean => a.length === b.length && a.every((step, at) => step === b[at]);

/** The task around a task; null at the top. */
export function parentOf(places: readonly Place[], place: Place): Place | null {
  let found: Place | null = null;
  for (const other of places) {
    const isAround =
      other.path.length < place.path.length && other.path.every((step, at) => step === place.path[at]);
    if (isAround && (found === null || other.path.length > found.path.length)) found = other;
  }
  return found;
}

/** The task beside a task, so many places further. */
export function besides(places: readonly Place[], place: Place, by: number): Place | null {
  const wanted = [...listOf(place), indexOf(place) + by];
  return places.find((other) => isSame(other.path, wanted)) ?? null;
}

/** Where an arrow leads from a task: to the next or the one before, into what it holds, out to what holds it. */
export function stepFrom(places: readonly Place[], place: Place | null, key: string): Place | null {
  if (!key.startsWith("Arrow")) return null;
  if (place === null) return key === "ArrowDown" ? (places[0] ?? null) : null;
  const inText = places.toSorted((a, b) => a.from - b.from);
  const at = inText.indexOf(place);
  const held = inText.find((other) => other !== place && parentOf(places, other) === place) ?? null;
  if (key === "ArrowRight") return held;
  if (key === "ArrowLeft") return parentOf(places, place);
  if (key === "ArrowUp") return besides(places, place, -1) ?? inText[at - 1] ?? null;
  return (
    besides(places, place, 1) ?? inText.find((other) => other.from >= place.to && other !== place) ?? held
  );
}

/** Adds a task: behind the selected one, or at the end. */
export function addAfter(id: string | null, head: HeadKey): Plan {
  return (places): Gesture => {
    const place = placeOf(places, id);
    if (place === null) return { kind: "add", list: ["tasks"], index: Infinity, head };
    return { kind: "add", list: listOf(place), index: indexOf(place) + 1, head };
  };
}

/** Adds a task at the end of a list below the selected one. */
export function addInside(id: string, list: string, head: HeadKey): Plan {
  return (places) => {
    const place = placeOf(places, id);
    return place === null ? null : { kind: "add", list: [...place.path, list], index: Infinity, head };
  };
}

export function moveBy(id: string, by: -1 | 1): Plan {
  return (places) => {
    const place = placeOf(places, id);
    if (place === null) return null;
    const index = indexOf(place) + by;
    if (index < 0 || index >= place.siblings) return null;
    return { kind: "move", task: place.path, list: listOf(place), index: by > 0 ? index + 1 : index };
  };
}

/** Into the task above, at the end of what that holds. `kindOf` tells what a node is. */
export function moveInto(id: string, kindOf: (id: string) => string): Plan {
  return (places) => {
    const place = placeOf(places, id);
    const above = place === null ? null : besides(places, place, -1);
    const list = above === null ? null : listInside(kindOf(above.id));
    if (place === null || above === null || list === null) return null;
    return { kind: "move", task: place.path, list: [...above.path, list], index: Infinity };
  };
}

/** Out of the task around, behind it. */
export function moveOut(id: string): Plan {
  return (places) => {
    const place = placeOf(places, id);
    const parent = place === null ? null : parentOf(places, place);
    if (place === null || parent === null) return null;
    return { kind: "move", task: place.path, list: listOf(parent), index: indexOf(parent) + 1 };
  };
}

/** A place for a task: beside another one, or at the end of a list below one (null: of the flow). */
export type Slot =
  | { readonly kind: "before" | "after"; readonly id: string }
  | { readonly kind: "inside"; readonly id: string | null; readonly list: string };

function targetOf(places: readonly Place[], slot: Slot): { list: Path; index: number } | null {
  if (slot.kind === "inside" && slot.id === null) return { list: [slot.list], index: Infinity };
  const place = placeOf(places, slot.id);
  if (place === null) return null;
  if (slot.kind === "inside") return { list: [...place.path, slot.list], index: Infinity };
  return { list: listOf(place), index: indexOf(place) + (slot.kind === "after" ? 1 : 0) };
}

/** Adds a task to a place. */
export function addTo(slot: Slot, head: HeadKey): Plan {
  return (places): Gesture | null => {
    const target = targetOf(places, slot);
    return target === null ? null : { kind: "add", ...target, head };
  };
}

/** Moves a task to a place. */
export function moveTo(id: string, slot: Slot): Plan {
  return (places): Gesture | null => {
    const place = placeOf(places, id);
    const target = targetOf(places, slot);
    return place === null || target === null ? null : { kind: "move", task: place.path, ...target };
  };
}

/** Has a task of a dag wait for another one of it, or no longer. */
export function needBy(id: string, on: string, isNeeded: boolean): Plan {
  return onTask(id, (task) => ({ kind: isNeeded ? "need" : "unneed", task, on }));
}

export function onTask(id: string, gesture: (path: Path) => Gesture): Plan {
  return (places) => {
    const place = placeOf(places, id);
    return place === null ? null : gesture(place.path);
  };
}
