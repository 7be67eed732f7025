import type { ElkNode } from "elkjs/lib/elk-api.js";
import type { LayoutEdge } from "./layout.ts";

/** What a dag holds and the order between it: all that its arrangement hangs on. Sizes are pixels. */
export type Dag = {
  readonly held: readonly { readonly id: string; readonly width: number; readonly height: number }[];
  readonly edges: readonly LayoutEdge[];
};

export type Point = { readonly x: number; readonly y: number };

/** Where a dag's tasks stand and its edges run, in pixels from the corner of what it holds. */
export type Arrangement = {
  readonly places: ReadonlyMap<string, Point>;
  /** From the end of one task over the bends to the beginning of the other, by {@link edgeKey}. */
  readonly ways: ReadonlyMap<string, readonly Point[]>;
  readonly width: number;
  readonly height: number;
};

/** Arrangements by {@link keyOf}; null where none could be found. */
export type Arrangements = ReadonlyMap<string, Arrangement | null>;

export function keyOf({ held, edges }: Dag): string {
  return JSON.stringify([
    held.map(({ id, width, height }) => [id, width, height]),
    edges.map(({ from, to }) => [from, to]),
  ]);
}

export const edgeKey = ({ from, to }: LayoutEdge): string => JSON.stringify([from, to]);

/** A dag as ELK takes it: ranks from top to bottom in as few crossings as it finds, near the order of the text. */
export function elkGraphOf({ held, edges }: Dag, gap: { readonly x: number; readonly y: number }): ElkNode {
  const numbers = new Map(held.map(({ id }, index) => [id, `${index}`]));
  const seen = new Set<string>();
  return {
    id: "dag",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": "DOWN",
      "elk.edgeRouting": "ORTHOGONAL",
      "elk.padding": "[top=0,left=0,bottom=0,right=0]",
      "elk.spacing.nodeNode": `${gap.x}`,
      "elk.spacing.edgeNode": `${gap.x}`,
      "elk.layered.spacing.nodeNodeBetweenLayers": `${gap.y}`,
      "elk.layered.spacing.edgeNodeBetweenLayers": "10",
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
      "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    },
    children: held.map(({ width, height }, index) => ({ id: `${index}`, width, height })),
    edges: edges.flatMap((edge) => {
      const [from, to] = [numbers.get(edge.from), numbers.get(edge.to)];
      const key = edgeKey(edge);
      if (from === undefined || to === undefined || from === to || seen.has(key)) return [];
      seen.add(key);
      return [{ id: key, sources: [from], targets: [to] }];
    }),
  };
}

/** What ELK answered for a dag; null where it is none. */
export function arrangementOf({ held }: Dag, answer: ElkNode): Arrangement | null {
  const places = new Map<string, Point>();
  for (const { id, x, y } of answer.children ?? []) {
    const task = held[Number(id)];
    if (task !== undefined && x !== undefined && y !== undefined) places.set(task.id, { x, y });
  }
  if (places.size < held.length) return null;
  const ways = new Map<string, readonly Point[]>();
  for (const { id, sections } of answer.edges ?? []) {
    const [section] = sections ?? [];
    if (section === undefined) continue;
    ways.set(id, [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]);
  }
  return { places, ways, width: answer.width ?? 0, height: answer.height ?? 0 };
}

/** A way in a container as one on the whole canvas, where the container's corner is at `corner`. */
export function movedBy(way: readonly Point[], corner: Point): readonly Point[] {
  return way.map(({ x, y }) => ({ x: x + corner.x, y: y + corner.y }));
}

/** A way as an SVG path whose corners are rounded. */
export function wayPath(way: readonly Point[], radius = 6): string {
  const [start, ...rest] = way;
  if (start === undefined) return "";
  let path = `M${start.x} ${start.y}`;
  let from = start;
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    if (next === undefined) path += `L${point.x} ${point.y}`;
    else {
      const before = towards(point, from, radius);
      const after = towards(point, next, radius);
      path += `L${before.x} ${before.y}Q${point.x} ${point.y} ${after.x} ${after.y}`;
    }
    from = point;
  });
  return path;
}

/** The point so far from one to the other, at most half of the way. */
function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  return between(from, to, length === 0 ? 0 : Math.min(distance, length / 2) / length);
}

/** The middle of a way, along it. */
export function middleOf(way: readonly Point[]): Point {
  const lengths = way.slice(1).map((point, index) => {
    const before = way[index] ?? point;
    return Math.hypot(point.x - before.x, point.y - before.y);
  });
  let left = lengths.reduce((sum, length) => sum + length, 0) / 2;
  for (const [index, length] of lengths.entries()) {
    const [from, to] = [way[index], way[index + 1]];
    if (from === undefined || to === undefined) break;
    if (left <= length) return between(from, to, length === 0 ? 0 : left / length);
    left -= length;
  }
  return way.at(-1) ?? { x: 0, y: 0 };
}

function between(from: Point, to: Point, share: number): Point {
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
