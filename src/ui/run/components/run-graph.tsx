"use client";
import { useMemo } from "react";
import { flowGraph, type Flow } from "#flow/index.ts";
import { FlowGraph } from "../../graph/flow-graph.tsx";
import type { NodeState } from "../../graph/states.ts";

/** The run's flow as a graph with live states. Loaded after the page stands. */
export default function RunGraph({
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
  const graph = useMemo(() => flowGraph(flow), [flow]);
  return <FlowGraph graph={graph} states={states} selected={selected} onSelect={onSelect} />;
}
