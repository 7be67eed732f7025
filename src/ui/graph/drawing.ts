import { layoutGraph } from "./layout.ts";

/** What is drawn: the answer of `flowGraph(flow)`. Ids are static task paths. */
export type FlowGraphData = {
  readonly nodes: readonly {
    readonly id: string;
    readonly parent: string | null;
    readonly kind: string;
    readonly name: string;
    readonly label: string;
  }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly label: string }[];
};

export type DrawnNode = {
  readonly id: string;
  readonly parent: string | null;
  readonly kind: string;
  readonly name: string;
  readonly label: string;
  readonly isContainer: boolean;
  /** A group that is no task by itself: a branch, a handler. */
  readonly isDashed: boolean;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

export type Drawing = {
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly { readonly id: string; readonly from: string; readonly to: string; readonly label: string }[];
  readonly width: number;
  readonly height: number;
};

const height = 32;
const least = 128;
const most = 240;

/** A task's width by its words, in pixels, without measuring: names are bold, labels are not. */
export function widthOf(name: string, label: string): number {
  const text = 50 + name.length * 7.4 + (label === "" ? 0 : label.length * 6.6);
  return Math.round(Math.min(most, Math.max(least, text)));
}

/** Where everything stands, parents before what they hold. */
export function drawGraph(graph: FlowGraphData): Drawing {
  const parents = new Set(graph.nodes.map((node) => node.parent));
  const { places, ...whole } = layoutGraph(
    graph.nodes.map((node) => ({
      id: node.id,
      parent: node.parent,
      width: widthOf(node.name, node.label),
      height,
    })),
    graph.edges,
  );
  const nodes = graph.nodes.flatMap((node) => {
    const place = places.get(node.id);
    if (place === undefined) return [];
    return [
      {
        ...node,
        isContainer: parents.has(node.id),
        isDashed: node.kind === "branch" || node.kind === "block",
        ...place,
      },
    ];
  });
  const depth = (id: string | null): number => {
    const node = nodes.find((one) => one.id === id);
    return node === undefined ? 0 : 1 + depth(node.parent);
  };
  return {
    nodes: nodes.toSorted((a, b) => depth(a.parent) - depth(b.parent)),
    edges: graph.edges.map((edge) => ({ ...edge, id: `${edge.from}>${edge.to}` })),
    ...whole,
  };
}
