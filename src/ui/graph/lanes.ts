import type { Box, DrawnEdge, DrawnNode } from "./drawing.ts";

/** Free room beside what an edge goes around, and between two such edges. Pixels. */
const gap = 6;
const corner = 5;

/**
 * For edges that would run behind other nodes of their container: at which x, on the whole canvas, they pass these. `boxes`
 * are the places of the nodes on the whole canvas.
 */
export function lanesOf(
  nodes: readonly DrawnNode[],
  edges: readonly DrawnEdge[],
  boxes: ReadonlyMap<string, Box>,
): ReadonlyMap<string, number> {
  const parents = new Map(nodes.map((node) => [node.id, node.parent]));
  const held = new Map<string | null, Box[]>();
  for (const node of nodes) {
    const box = boxes.get(node.id);
    if (box === undefined) continue;
    const list = held.get(node.parent);
    if (list === undefined) held.set(node.parent, [box]);
    else list.push(box);
  }
  const lanes = new Map<string, number>();
  const taken = new Map<string | null, number>();
  for (const edge of edges) {
    const parent = parents.get(edge.from) ?? null;
    const [from, to] = [boxes.get(edge.from), boxes.get(edge.to)];
    if (from === undefined || to === undefined || parent !== (parents.get(edge.to) ?? null)) continue;
    const [left, right] = [from.x + from.width / 2, to.x + to.width / 2].toSorted((a, b) => a - b);
    const between = (held.get(parent) ?? []).filter(
      (box) => box.y > from.y + from.height && box.y + box.height < to.y,
    );
    if (!between.some((box) => box.x < (right ?? 0) && box.x + box.width > (left ?? 0))) continue;
    const count = taken.get(parent) ?? 0;
    taken.set(parent, count + 1);
    lanes.set(edge.id, Math.max(...between.map((box) => box.x + box.width)) + gap + (count % 2) * (gap / 2));
  }
  return lanes;
}

/** Down, over to the lane, along it, and back over the end. Corners are rounded. */
export function lanePath(
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  lane: number,
): string {
  const top = from.y + 9;
  const bottom = to.y - 9;
  const into = to.x < lane ? corner : -corner;
  const out = from.x < lane ? corner : -corner;
  return [
    `M${from.x} ${from.y}`,
    `V${top - corner}Q${from.x} ${top} ${from.x + out} ${top}`,
    `H${lane - out}Q${lane} ${top} ${lane} ${top + corner}`,
    `V${bottom - corner}Q${lane} ${bottom} ${lane - into} ${bottom}`,
    `H${to.x + into}Q${to.x} ${bottom} ${to.x} ${bottom + corner}`,
    `V${to.y}`,
  ].join("");
}
