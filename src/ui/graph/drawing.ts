import type { FlowGraph, GraphNode } from "#flow/index.ts";
import { type Arrangements, type Dag, edgeKey, type Point } from "./dag.ts";
import { defaultLayout, layoutGraph, type LayoutEdge } from "./layout.ts";

export type DrawnNode = {
  /** Static path of a task; for a group that is no task, the path of its owner and the block's name. */
  readonly id: string;
  readonly parent: string | null;
  readonly kind: string;
  readonly name: string;
  readonly label: string;
  readonly isContainer: boolean;
  /** A branch or a handler: a group that is no task by itself. */
  readonly isBranch: boolean;
  readonly isDisabled: boolean;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

export type DrawnEdge = {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly label: string;
  /** Only taken when something failed, or in the end whatever happened. */
  readonly isAside: boolean;
  /** Where it runs, in pixels from the corner of the container of its ends; null: straight from one to the other. */
  readonly way: readonly Point[] | null;
};

export type Drawing = {
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
  /** Dags that would be drawn better with an arrangement that is not at hand. */
  readonly wanted: readonly Dag[];
  readonly width: number;
  readonly height: number;
};

type Named = Omit<DrawnNode, "x" | "y" | "width" | "height">;

const height = 32;
const least = 112;
const most = 272;

/** A place on the whole canvas, in pixels. */
export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** Where each drawn node stands on the whole canvas. */
export function boxesOf(drawing: Drawing): ReadonlyMap<string, Box> {
  const boxes = new Map<string, Box>();
  for (const node of drawing.nodes) {
    const around = node.parent === null ? undefined : boxes.get(node.parent);
    boxes.set(node.id, {
      x: node.x + (around?.x ?? 0),
      y: node.y + (around?.y ?? 0),
      width: node.width,
      height: node.height,
    });
  }
  return boxes;
}

/** A task's width by its words, in pixels, without measuring: names are bold, labels are not. */
export function widthOf(name: string, label: string): number {
  const text = 54 + name.length * 7.7 + (label === "" ? 0 : label.length * 7.2);
  return Math.round(Math.min(most, Math.max(least, text)));
}

/**
 * Where everything stands, containers before what they hold, as far as possible within `room` pixels. Branches and
 * handlers get a container of their own. With `arrangements` dags are drawn by those that are at hand.
 */
export function drawGraph(graph: FlowGraph, room = Infinity, arrangements?: Arrangements): Drawing {
  const blocks = new Map<string | null, Set<string>>();
  for (const node of graph.nodes) {
    const names = blocks.get(node.parent);
    if (names === undefined) blocks.set(node.parent, new Set([node.block]));
    else names.add(node.block);
  }
  const boxes = new Map<string, Named>();
  const order: LayoutEdge[] = [];
  for (const node of graph.nodes) {
    const parent = node.block === "tasks" ? node.parent : branchOf(node, boxes);
    boxes.set(node.id, {
      id: node.id,
      parent,
      kind: node.kind,
      name: node.title,
      label: labelOf(node),
      isContainer: node.group,
      isBranch: false,
      isDisabled: node.disabled,
    });
  }
  for (const [owner, names] of blocks) {
    const before = graph.nodes.filter((node) => node.parent === owner);
    for (const handler of ["errors", "finally"]) {
      if (!names.has(handler)) continue;
      for (const node of before) {
        if (node.block === handler || (handler === "errors" && node.block === "finally")) continue;
        order.push({
          from: node.block === "tasks" ? node.id : branchId(node),
          to: `${owner ?? ""}#${handler}`,
        });
      }
    }
  }
  const drawn = graph.edges.map((edge): DrawnEdge => {
    const isAside = edge.kind === "error" || edge.kind === "finally";
    const target = boxes.get(edge.to);
    return {
      id: edge.id,
      from: edge.from,
      to: isAside ? (target?.parent ?? edge.to) : edge.to,
      label: isAside ? "" : edge.label,
      isAside,
      way: null,
    };
  });
  const held = [...boxes.values()];
  const { places, ways, ...whole } = layoutGraph(
    held.map((box) => ({
      id: box.id,
      parent: box.parent,
      width: widthOf(box.name, box.label),
      height,
      isDag: box.kind === "dag",
    })),
    [...drawn, ...order],
    { ...defaultLayout, room },
    arrangements,
  );
  const edges =
    ways.size === 0 ? drawn : drawn.map((edge) => ({ ...edge, way: ways.get(edgeKey(edge)) ?? null }));
  const depthOf = (box: Named | undefined): number =>
    box === undefined ? 0 : 1 + depthOf(box.parent === null ? undefined : boxes.get(box.parent));
  return {
    nodes: held
      .toSorted((a, b) => depthOf(a) - depthOf(b))
      .flatMap((box) => {
        const place = places.get(box.id);
        return place === undefined ? [] : [{ ...box, ...place }];
      }),
    edges,
    ...whole,
  };
}

function branchId(node: GraphNode): string {
  return `${node.parent ?? ""}#${node.block}`;
}

/** The container of the node's block, made when it is not there yet. */
function branchOf(node: GraphNode, boxes: Map<string, Named>): string {
  const id = branchId(node);
  if (!boxes.has(id)) {
    boxes.set(id, {
      id,
      parent: node.parent,
      kind: "block",
      name: blockName(node.block),
      label: "",
      isContainer: true,
      isBranch: true,
      isDisabled: false,
    });
  }
  return id;
}

function blockName(block: string): string {
  if (block === "errors") return "when it fails";
  if (block === "finally") return "in the end";
  return block.replace(/^case:/, "");
}

function labelOf(node: GraphNode): string {
  switch (node.kind) {
    case "agent":
    case "tool":
    case "script":
      return node.label;
    case "if":
      return `if ${node.label}`;
    case "switch":
      return "switch";
    default:
      return node.kind;
  }
}
