import { boxesOf, type Box, type Drawing, type DrawnNode } from "../../graph/drawing.ts";
import type { Place } from "../language/protocol.ts";
import { listInside, type Slot } from "./moves.ts";

/** A place on the canvas where a task can be put. Pixels of the drawing. */
export type DrawnSlot = {
  readonly key: string;
  readonly slot: Slot;
  /** In words that follow "Put it": "before write", "at the end of check, then". */
  readonly words: string;
  /** The drawn container that it belongs to; null at the top. */
  readonly container: string | null;
  /** A line between two tasks, or the whole of what takes the task in. */
  readonly shape: "line" | "area";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/**
 * All places where a task can be put, from the top to the bottom. `carried` is the task that is on its way: it can go
 * neither into itself nor to where it is.
 */
export function slotsOf(drawing: Drawing, places: readonly Place[], carried: string | null): DrawnSlot[] {
  const boxes = boxesOf(drawing);
  const byId = new Map(drawing.nodes.map((node) => [node.id, node]));
  const lists = listsOf(drawing, places);
  const slots: DrawnSlot[] = [];
  const isWithin = (id: string | null): boolean =>
    carried !== null &&
    id !== null &&
    (id === carried || id.startsWith(`${carried}/`) || id.startsWith(`${carried}#`));
  for (const list of lists) {
    const [first] = list;
    if (first === undefined || isWithin(first.node.parent)) continue;
    const container = first.node.parent;
    const around = container === null ? undefined : byId.get(container);
    if (around?.kind === "dag") {
      const box = boxes.get(around.id);
      if (box === undefined || list.some(({ node }) => node.id === carried)) continue;
      slots.push({
        ...area(box, { kind: "inside", id: around.id, list: "dag" }, `inside of ${around.name}`),
        container,
      });
      continue;
    }
    list.forEach(({ node, index }, at) => {
      const before = list[at - 1];
      const isBeside = node.id === carried || (before?.node.id === carried && before.index === index - 1);
      const box = boxes.get(node.id);
      if (box === undefined || isBeside) return;
      const last = before === undefined ? undefined : boxes.get(before.node.id);
      const beside = list[at + 1] === undefined ? undefined : boxes.get(list[at + 1]?.node.id ?? "");
      slots.push({
        key: `before ${node.id}`,
        slot: { kind: "before", id: node.id },
        words: `before ${node.name}`,
        container,
        shape: "line",
        ...lineBefore(box, last, beside),
      });
    });
    const end = list.at(-1);
    const box = end === undefined ? undefined : boxes.get(end.node.id);
    if (end === undefined || box === undefined || end.node.id === carried) continue;
    const before = boxes.get(list.at(-2)?.node.id ?? "");
    const whole = around === undefined ? "the flow" : whereIn(around, byId);
    slots.push({
      key: `after ${end.node.id}`,
      slot: { kind: "after", id: end.node.id },
      words: `at the end of ${whole}`,
      container,
      shape: "line",
      ...(before !== undefined && inOneRow(before, box)
        ? { x: box.x + box.width + 6, y: box.y, width: 4, height: box.height }
        : { x: box.x, y: box.y + box.height + (container === null ? 10 : 3), width: box.width, height: 4 }),
    });
  }
  for (const node of drawing.nodes) {
    const list = node.isBranch || isWithin(node.id) ? null : missingList(node, byId);
    const box = boxes.get(node.id);
    if (list === null || box === undefined) continue;
    const words =
      list === "else" || list === "default" ? `under "${list}" of ${node.name}` : `inside of ${node.name}`;
    const head = node.isContainer ? { ...box, height: 30 } : box;
    slots.push({ ...area(head, { kind: "inside", id: node.id, list }, words), container: node.id });
  }
  return slots.toSorted((a, b) => a.y - b.y || a.x - b.x);
}

/**
 * Where a task goes that is let go of at a point: of the places in the innermost container there, the nearest. Null where
 * there is none at all.
 */
export function slotAt(
  drawing: Drawing,
  slots: readonly DrawnSlot[],
  point: { readonly x: number; readonly y: number },
): DrawnSlot | null {
  const boxes = boxesOf(drawing);
  const direct = slots.find((slot) => slot.shape === "area" && !isContainerWhole(slot) && holds(slot, point));
  if (direct !== undefined) return direct;
  // Containers come before what they hold, so the last one that holds the point is the innermost.
  const around = drawing.nodes
    .filter((node) => node.isContainer && holds(boxes.get(node.id), point))
    .map(({ id }) => id);
  const parents = new Map(drawing.nodes.map((node) => [node.id, node.parent]));
  for (const container of [...around.toReversed(), null]) {
    const here = slots.filter(
      (slot) => slot.container === container || isBelow(slot.container, container, parents),
    );
    const [nearest] = here.toSorted((a, b) => distance(a, point) - distance(b, point));
    if (nearest !== undefined) return nearest;
  }
  return null;
}

function isContainerWhole(slot: DrawnSlot): boolean {
  return slot.slot.kind === "inside" && slot.slot.list === "dag" && slot.height > 32;
}

function isBelow(
  id: string | null,
  container: string | null,
  parents: ReadonlyMap<string, string | null>,
): boolean {
  if (container === null) return true;
  for (let at = id; at !== null; at = parents.get(at) ?? null) if (at === container) return true;
  return false;
}

function holds(box: Box | undefined, { x, y }: { readonly x: number; readonly y: number }): boolean {
  if (box === undefined) return false;
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

function distance(box: Box, { x, y }: { readonly x: number; readonly y: number }): number {
  const aside = Math.max(box.x - x, 0, x - box.x - box.width);
  const apart = Math.max(box.y - y, 0, y - box.y - box.height);
  return Math.hypot(aside, apart);
}

type Listed = { readonly node: DrawnNode; readonly index: number };

/** The drawn tasks of each list of the text, in the order of the text. */
function listsOf(drawing: Drawing, places: readonly Place[]): Listed[][] {
  const byId = new Map(places.map((place) => [place.id, place]));
  const lists = new Map<string, Listed[]>();
  for (const node of drawing.nodes) {
    const place = node.isBranch ? undefined : byId.get(node.id);
    if (place === undefined) continue;
    const key = JSON.stringify(place.path.slice(0, -1));
    const listed = { node, index: Number(place.path.at(-1)) };
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [listed]);
    else list.push(listed);
  }
  return [...lists.values()].map((list) => list.toSorted((a, b) => a.index - b.index));
}

/** A list that a task may hold and that is not drawn, since it has no tasks. */
function missingList(node: DrawnNode, byId: ReadonlyMap<string, DrawnNode>): string | null {
  const list = listInside(node.kind);
  if (list === null || !node.isContainer) return list;
  if (node.kind === "if") return ["then", "else"].find((name) => !byId.has(`${node.id}#${name}`)) ?? null;
  if (node.kind === "switch") return byId.has(`${node.id}#default`) ? null : "default";
  return null;
}

function whereIn(container: DrawnNode, byId: ReadonlyMap<string, DrawnNode>): string {
  const owner = container.isBranch && container.parent !== null ? byId.get(container.parent) : undefined;
  return owner === undefined ? container.name : `${owner.name}, ${container.name}`;
}

function area(
  box: Box,
  slot: Slot & { readonly kind: "inside" },
  words: string,
): Omit<DrawnSlot, "container"> {
  return { ...box, key: `inside ${slot.id ?? ""} ${slot.list}`, slot, words, shape: "area" };
}

function inOneRow(a: Box, b: Box): boolean {
  return a.y < b.y + b.height && b.y < a.y + a.height;
}

/** The line before a task: beside it where its neighbours stand in its row, above it otherwise. */
function lineBefore(box: Box, before: Box | undefined, after: Box | undefined): Box {
  if (before !== undefined && inOneRow(before, box)) {
    return { x: (before.x + before.width + box.x) / 2 - 2, y: box.y, width: 4, height: box.height };
  }
  if (before === undefined && after !== undefined && inOneRow(box, after)) {
    return { x: box.x - 10, y: box.y, width: 4, height: box.height };
  }
  const gap =
    before === undefined || before.y + before.height > box.y ? 3 : (box.y - before.y - before.height) / 2;
  return { x: box.x, y: box.y - gap - 2, width: box.width, height: 4 };
}
