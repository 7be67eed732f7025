import { type Arrangements, type Dag, keyOf, type Point } from "./dag.ts";

/**
 * Lays out a nested graph from top to bottom. Flows are made of sequences, branches and loops, so ranks by longest
 * path inside each container give an exact picture at once: no search for crossings, no worker, no heavy library. Only
 * dags are arranged elsewhere: see {@link layoutGraph}.
 */
export type LayoutNode = {
  readonly id: string;
  /** Id of the container that holds it; null at the root. */
  readonly parent: string | null;
  /** Pixels; a container's own size is found, this is its least. */
  readonly width: number;
  readonly height: number;
  /** Whether what it holds has an order of its own: it keeps to its ranks, however wide they are, as rows of one rank would look like an order. */
  readonly isDag?: boolean;
};
export type LayoutEdge = { readonly from: string; readonly to: string };

/** A node's place relative to its container's corner, in pixels. */
export type Placed = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

export type LayoutOptions = {
  /** Between neighbours of one rank. */
  readonly gapX: number;
  /** Between ranks. */
  readonly gapY: number;
  /** Inside a container, around its content. */
  readonly padding: number;
  /** Room for a container's title. */
  readonly title: number;
  /** Neighbours that together are wider than this stand below each other. Pixels. */
  readonly room: number;
};

export const defaultLayout: LayoutOptions = { gapX: 16, gapY: 24, padding: 12, title: 32, room: Infinity };

export type Layout = {
  readonly places: ReadonlyMap<string, Placed>;
  /** Ways of the edges of arranged dags by `edgeKey`, in pixels from the corner of their container. */
  readonly ways: ReadonlyMap<string, readonly Point[]>;
  /** Dags whose arrangement is not at hand: they stand in ranks, their tasks in the order of the text. */
  readonly wanted: readonly Dag[];
  readonly width: number;
  readonly height: number;
};

/** Places by node id, and the size of the whole. Edges that close a cycle are ignored. */
export function layoutGraph(
  nodes: readonly LayoutNode[],
  edges: readonly LayoutEdge[],
  options: LayoutOptions = defaultLayout,
  arrangements?: Arrangements,
): Layout {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const children = new Map<string | null, LayoutNode[]>();
  for (const node of nodes) {
    const parent = node.parent !== null && byId.has(node.parent) ? node.parent : null;
    const list = children.get(parent);
    if (list === undefined) children.set(parent, [node]);
    else list.push(node);
  }
  const lifted = liftEdges(edges, byId);
  const places = new Map<string, Placed>();
  const ways = new Map<string, readonly Point[]>();
  const wanted: Dag[] = [];

  const arrange = (container: string | null, space: number): { width: number; height: number } => {
    const held = children.get(container) ?? [];
    const sizes = new Map<string, { width: number; height: number }>();
    for (const node of held) {
      const inner = children.has(node.id) ? arrange(node.id, space - 2 * options.padding) : null;
      sizes.set(
        node.id,
        inner === null
          ? { width: node.width, height: node.height }
          : {
              width: Math.max(node.width, inner.width + 2 * options.padding),
              height: inner.height + options.title + options.padding,
            },
      );
    }
    const widthOf = (node: LayoutNode): number => sizes.get(node.id)?.width ?? 0;
    const inside = lifted.get(container) ?? [];
    const isDag = container !== null && byId.get(container)?.isDag === true;
    const least = container === null ? 0 : (byId.get(container)?.width ?? 0) - 2 * options.padding;
    const left = container === null ? 0 : options.padding;
    const top = container === null ? 0 : options.title;
    if (isDag && inside.length > 0 && arrangements !== undefined) {
      const dag: Dag = {
        held: held.map(({ id }) => ({ id, ...(sizes.get(id) ?? { width: 0, height: 0 }) })),
        edges: inside,
      };
      const found = arrangements.get(keyOf(dag));
      if (found === undefined) wanted.push(dag);
      if (found) {
        const room = Math.max(found.width, least);
        const x = left + (room - found.width) / 2;
        for (const { id, width, height } of dag.held) {
          const place = found.places.get(id) ?? { x: 0, y: 0 };
          places.set(id, { x: x + place.x, y: top + place.y, width, height });
        }
        for (const [edge, way] of found.ways) {
          ways.set(
            edge,
            way.map((point) => ({ x: x + point.x, y: top + point.y })),
          );
        }
        return { width: room, height: found.height };
      }
    }
    const ranks = rankNodes(held, inside).flatMap((rank) =>
      wrap(rank, widthOf, options.gapX, isDag ? Infinity : space),
    );
    const rowSizes = ranks.map((row) => {
      const boxes = row.map((node) => sizes.get(node.id) ?? { width: 0, height: 0 });
      return {
        width: boxes.reduce((sum, box) => sum + box.width, 0) + options.gapX * Math.max(0, boxes.length - 1),
        height: Math.max(0, ...boxes.map((box) => box.height)),
      };
    });
    const width = Math.max(0, ...rowSizes.map((row) => row.width));
    const room = Math.max(width, least);
    let y = top;
    ranks.forEach((row, index) => {
      const size = rowSizes[index] ?? { width: 0, height: 0 };
      let x = left + (room - size.width) / 2;
      for (const node of row) {
        const box = sizes.get(node.id) ?? { width: 0, height: 0 };
        places.set(node.id, { x, y: y + (size.height - box.height) / 2, ...box });
        x += box.width + options.gapX;
      }
      y += size.height + options.gapY;
    });
    const bottom = ranks.length === 0 ? 0 : y - options.gapY - top;
    return { width: room, height: bottom };
  };

  const whole = arrange(null, options.room);
  return { places, ways, wanted, ...whole };
}

/** A rank as rows that fit into the space, as far as they can. */
function wrap(
  rank: readonly LayoutNode[],
  widthOf: (node: LayoutNode) => number,
  gap: number,
  space: number,
): LayoutNode[][] {
  const rows: LayoutNode[][] = [];
  let used = Infinity;
  for (const node of rank) {
    const width = widthOf(node);
    if (used + gap + width > space || rows.length === 0) {
      rows.push([node]);
      used = width;
    } else {
      rows.at(-1)?.push(node);
      used += gap + width;
    }
  }
  return rows;
}

/** Edges between two nodes, seen from the container that holds an ancestor of each: as edges between those. */
function liftEdges(
  edges: readonly LayoutEdge[],
  byId: ReadonlyMap<string, LayoutNode>,
): ReadonlyMap<string | null, LayoutEdge[]> {
  const chain = (id: string): string[] => {
    const ids: string[] = [];
    let node = byId.get(id);
    while (node !== undefined && !ids.includes(node.id)) {
      ids.unshift(node.id);
      node = node.parent === null ? undefined : byId.get(node.parent);
    }
    return ids;
  };
  const lifted = new Map<string | null, LayoutEdge[]>();
  for (const edge of edges) {
    const from = chain(edge.from);
    const to = chain(edge.to);
    let depth = 0;
    while (depth < from.length && depth < to.length && from[depth] === to[depth]) depth += 1;
    const source = from[depth];
    const target = to[depth];
    if (source === undefined || target === undefined) continue;
    const container = depth === 0 ? null : (from[depth - 1] ?? null);
    const list = lifted.get(container);
    const one = { from: source, to: target };
    if (list === undefined) lifted.set(container, [one]);
    else list.push(one);
  }
  return lifted;
}

/** Nodes by rank: the longest way to each from a node without predecessor. Order within a rank is as given. */
function rankNodes(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): LayoutNode[][] {
  const before = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const list = before.get(to);
    if (list === undefined) before.set(to, [from]);
    else list.push(from);
  }
  const rank = new Map<string, number>();
  const visiting = new Set<string>();
  const rankOf = (id: string): number => {
    const known = rank.get(id);
    if (known !== undefined) return known;
    if (visiting.has(id)) return -1;
    visiting.add(id);
    const own = Math.max(-1, ...(before.get(id) ?? []).map(rankOf)) + 1;
    visiting.delete(id);
    rank.set(id, own);
    return own;
  };
  const rows: LayoutNode[][] = [];
  for (const node of nodes) {
    const index = rankOf(node.id);
    const row = rows[index];
    if (row === undefined) rows[index] = [node];
    else row.push(node);
  }
  return Array.from(rows, (row) => row ?? []).filter((row) => row.length > 0);
}
