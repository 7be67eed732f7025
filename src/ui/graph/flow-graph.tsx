"use client";
import "@xyflow/react/dist/base.css";
import "./graph.css";
import {
  BaseEdge,
  Controls,
  Handle,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  type Edge,
  type EdgeProps,
  type EdgeTypes,
  type Node,
  type NodeProps,
  type NodeTypes,
} from "@xyflow/react";
import { createContext, memo, useContext, useEffect, useMemo, useRef } from "react";
import type { FlowGraph as FlowGraphData, TaskChange } from "#flow/index.ts";
import { ChangeBadge, changeLook } from "./change-badge.tsx";
import { movedBy, type Point, wayPath } from "./dag.ts";
import { boxesOf, type DrawnNode } from "./drawing.ts";
import { stillGraph, useRoom } from "./frame.ts";
import { KindIcon } from "./kind-icon.tsx";
import { StateIcon } from "./state-icon.tsx";
import type { NodeState } from "./states.ts";
import { useDrawing } from "./use-drawing.ts";

export type FlowGraphProps = {
  /** What `flowGraph(flow)` answers. */
  graph: FlowGraphData;
  /** How each task stands in a run, by static path; left out where the flow alone is shown. */
  states?: Readonly<Record<string, NodeState>> | undefined;
  /** Static path. */
  selected?: string | null | undefined;
  onSelect?: ((path: string) => void) | undefined;
  /** What became of the tasks, where two flows are compared, by static path. */
  changes?: Readonly<Record<string, TaskChange>> | undefined;
};

type Shown = Pick<FlowGraphProps, "changes"> & {
  states: Readonly<Record<string, NodeState>> | undefined;
  selected: string | null;
  onSelect: ((path: string) => void) | undefined;
};
const ShownContext = createContext<Shown>({ states: undefined, selected: null, onSelect: undefined });

/**
 * A flow as a graph, from top to bottom; branches, loops and parallel tasks stand in containers. With `states` it shows
 * a run live. Fills its parent, which needs a height.
 */
export function FlowGraph({ graph, states, selected = null, onSelect, changes }: FlowGraphProps) {
  const frame = useRef<HTMLDivElement>(null);
  const room = useRoom(frame);
  const drawing = useDrawing(graph, room);
  const nodes = useMemo<Node[]>(
    () =>
      drawing.nodes.map((node) => ({
        id: node.id,
        type: node.isContainer ? "container" : "task",
        position: { x: node.x, y: node.y },
        ...(node.parent === null ? {} : { parentId: node.parent }),
        width: node.width,
        height: node.height,
        data: { node },
        // Nodes that can't be dragged get no clicks otherwise.
        style: { pointerEvents: "all" },
        draggable: false,
        connectable: false,
        selectable: false,
        focusable: false,
      })),
    [drawing],
  );
  const edges = useMemo<Edge[]>(() => {
    const boxes = boxesOf(drawing);
    const parents = new Map(drawing.nodes.map(({ id, parent }) => [id, parent]));
    return drawing.edges.map((edge) => {
      const around = boxes.get(parents.get(edge.from) ?? "");
      const target = states?.[edge.to]?.state;
      const isAhead = states !== undefined && (target === undefined || target === "pending");
      return {
        id: edge.id,
        source: edge.from,
        target: edge.to,
        focusable: false,
        className: isAhead ? "is-ahead" : "",
        ...(edge.way === null || around === undefined
          ? {
              type: "smoothstep",
              label: edge.label === "" ? undefined : edge.label,
              pathOptions: { borderRadius: 6 },
            }
          : { type: "way", data: { way: movedBy(edge.way, around) } }),
      };
    });
  }, [drawing, states]);
  const shown = useMemo(
    () => ({ states, selected, onSelect, changes }),
    [states, selected, onSelect, changes],
  );
  return (
    <div ref={frame} className="size-full">
      {room === null ? null : (
        <ShownContext value={shown}>
          <ReactFlowProvider>
            <ReactFlow
              className="flow-graph"
              aria-label="Graph of the flow"
              nodes={nodes}
              edges={edges}
              nodeTypes={nodeTypes}
              edgeTypes={edgeTypes}
              minZoom={0.2}
              nodesConnectable={false}
              {...stillGraph}
            >
              <Fit width={drawing.width} selected={selected} />
              <Controls showInteractive={false} position="bottom-right" />
            </ReactFlow>
          </ReactFlowProvider>
        </ShownContext>
      )}
    </div>
  );
}

/**
 * Shows the graph from its top at a size that can be read, the whole of it where it fits; later on only moves when the
 * selection would be out of sight.
 */
function Fit({ width, selected }: { width: number; selected: string | null }) {
  const flow = useReactFlow();
  const marker = useRef<HTMLSpanElement>(null);
  const fitted = useRef("");
  useEffect(() => {
    const box = marker.current?.closest<HTMLElement>(".react-flow");
    if (box === null || box === undefined) return;
    const fit = (): void => {
      const size = `${box.clientWidth} ${Math.round(width)}`;
      if (box.clientWidth === 0 || fitted.current === size) return;
      fitted.current = size;
      const zoom = Math.max(0.6, Math.min(1, (box.clientWidth - 24) / Math.max(1, width)));
      void flow.setViewport({ x: (box.clientWidth - width * zoom) / 2, y: 12, zoom });
    };
    const observer = new ResizeObserver(fit);
    observer.observe(box);
    return () => observer.disconnect();
  }, [flow, width]);
  useEffect(() => {
    const box = marker.current?.closest<HTMLElement>(".react-flow");
    if (selected === null || box === null || box === undefined) return;
    const timer = setTimeout(() => {
      const node = flow.getInternalNode(selected);
      if (node === undefined) return;
      const { zoom, x, y } = flow.getViewport();
      const { x: left, y: top } = node.internals.positionAbsolute;
      const screenX = left * zoom + x;
      const screenY = top * zoom + y;
      const height = (node.height ?? 32) * zoom;
      const outside =
        screenY < 0 ||
        screenY + Math.min(height, 32) > box.clientHeight ||
        screenX < -20 ||
        screenX > box.clientWidth - 20;
      if (outside) {
        const reduced = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
        void flow.setCenter(left + (node.width ?? 0) / 2, top + 40, { zoom, duration: reduced ? 0 : 240 });
      }
    }, 60);
    return () => clearTimeout(timer);
  }, [flow, selected]);
  return <span ref={marker} hidden />;
}

const TaskNode = memo(function TaskNode({ data }: NodeProps) {
  const { node } = data as { node: DrawnNode };
  const { states, selected, onSelect, changes } = useContext(ShownContext);
  const change = changes?.[node.id];
  const state = states?.[node.id];
  const isSelected = selected === node.id;
  return (
    <button
      type="button"
      aria-pressed={isSelected}
      onClick={() => onSelect?.(node.id)}
      className={`nodrag nopan flex size-full items-center gap-2 rounded-(--radius-3) border bg-(--surface) px-2.5 text-left text-(--text) [font:var(--type-13)] ${
        isSelected
          ? "border-(--accent) shadow-[0_0_0_1px_var(--accent)]"
          : state?.state === "waiting"
            ? "border-(--wait)"
            : state?.state === "failed"
              ? "border-(--fail)"
              : "border-(--border-strong) hover:border-(--border-field)"
      } ${node.kind === "broken" ? "border-dashed bg-(--surface-3) text-(--text-3)" : ""} ${change === undefined ? "" : changeLook[change]}`}
    >
      <Ends />
      {change === undefined ? null : <ChangeBadge change={change} />}
      {states === undefined ? <KindIcon kind={node.kind} /> : <StateIcon state={state?.state ?? "pending"} />}
      <span className="truncate font-semibold">{node.name}</span>
      <span className="min-w-0 flex-1 truncate text-(--text-2)">{node.label}</span>
      {state !== undefined && state.count > 1 ? (
        <span className="text-(--text-3) tabular-nums [font:var(--type-12)]">
          {state.done}/{state.count}
        </span>
      ) : null}
    </button>
  );
});

const ContainerNode = memo(function ContainerNode({ data }: NodeProps) {
  const { node } = data as { node: DrawnNode };
  const { states, selected, onSelect, changes } = useContext(ShownContext);
  const change = changes?.[node.id];
  const state = states?.[node.id];
  const isSelected = selected === node.id;
  return (
    <div
      className={`size-full rounded-(--radius-3) border ${isSelected ? "border-(--accent) shadow-[0_0_0_1px_var(--accent)]" : "border-(--border-strong)"} ${node.isBranch ? "border-dashed" : "bg-(--surface-2)"} ${change === undefined ? "" : changeLook[change]}`}
    >
      <Ends />
      {change === undefined ? null : <ChangeBadge change={change} />}
      <button
        type="button"
        aria-pressed={isSelected}
        disabled={node.isBranch}
        onClick={() => onSelect?.(node.id)}
        className="nodrag nopan flex h-8 max-w-full items-center gap-1.5 px-2.5 text-(--text-2) [font:var(--type-12)] enabled:hover:text-(--text)"
      >
        {states === undefined || node.isBranch ? (
          <KindIcon kind={node.kind} size={13} />
        ) : (
          <StateIcon state={state?.state ?? "pending"} size={13} />
        )}
        <span className="truncate">
          {node.name}
          {node.label === "" ? "" : `, ${node.label}`}
        </span>
      </button>
    </div>
  );
});

function Ends() {
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
}

/** An edge of a dag, where the arrangement has it run. */
const WayEdge = memo(function WayEdge({ id, data }: EdgeProps) {
  const { way } = data as { way: readonly Point[] };
  return <BaseEdge id={id} path={wayPath(way)} />;
});

const edgeTypes: EdgeTypes = { way: WayEdge };
const nodeTypes: NodeTypes = { task: TaskNode, container: ContainerNode };
