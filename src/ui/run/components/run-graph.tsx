"use client";
import { useMemo } from "react";
import { flowGraph, type Flow, type FlowGraph as FlowGraphData } from "#flow/index.ts";
import { FlowGraph } from "../../graph/flow-graph.tsx";
import type { NodeState } from "../../graph/states.ts";

/** The run's flow as a graph with live states. Loaded after the page stands. */
export function RunGraph({
  flow,
  states,
  selected,
  onSelect,
}: {
  flow: Flow;
  states: Readonly<Record<string, NodeState>>;
  selected: string | null;
  onSelect(path: string): void;
}) {
  const whole = useMemo(() => flowGraph(flow), [flow]);
  const begun = Object.keys(states)
    .filter((path) => states[path]?.state !== "skipped")
    .join("\n");
  const graph = useMemo(() => takenOnly(whole, new Set(begun.split("\n"))), [whole, begun]);
  const shown = useMemo(() => withSpread(graph, states), [graph, states]);
  return <FlowGraph graph={graph} states={shown} selected={selected} onSelect={onSelect} />;
}

/** What runs of its own carry out stands as the task does that holds it. */
function withSpread(
  graph: FlowGraphData,
  states: Readonly<Record<string, NodeState>>,
): Readonly<Record<string, NodeState>> {
  const all: Record<string, NodeState> = { ...states };
  for (const node of graph.nodes) {
    const owner = node.parent === null ? undefined : all[node.parent];
    if (owner?.isSpread === true && all[node.id] === undefined) all[node.id] = owner;
  }
  return all;
}

/** Without the branches that were not taken, once one was: they are no part of what happened. */
function takenOnly(graph: FlowGraphData, begun: ReadonlySet<string>): FlowGraphData {
  const taken = new Map<string, string>();
  for (const node of graph.nodes) {
    const owner = graph.nodes.find((one) => one.id === node.parent);
    if (owner === undefined || !["if", "switch"].includes(owner.kind)) continue;
    if (["errors", "finally"].includes(node.block)) continue;
    if (begun.has(node.id)) taken.set(owner.id, node.block);
  }
  const dropped = new Set<string>();
  const nodes = graph.nodes.flatMap((node) => {
    const block = node.parent === null ? undefined : taken.get(node.parent);
    const isHandler = ["errors", "finally"].includes(node.block);
    const isOther = block !== undefined && !isHandler && node.block !== block;
    if (isOther || (node.parent !== null && dropped.has(node.parent))) {
      dropped.add(node.id);
      return [];
    }
    return [block === node.block ? { ...node, block: "tasks" } : node];
  });
  return { nodes, edges: graph.edges.filter((edge) => !dropped.has(edge.from) && !dropped.has(edge.to)) };
}
