"use client";
import "@xyflow/react/dist/base.css";
import "../../graph/graph.css";
import "./canvas.css";
import { Controls, ReactFlow, useReactFlow, type Edge, type Node } from "@xyflow/react";
import { useCallback, useMemo, useRef, type FocusEvent, type ReactNode } from "react";
import type { Box, DrawnEdge, Drawing } from "../../graph/drawing.ts";
import { stillGraph } from "../../graph/frame.ts";
import { movedBy } from "../../graph/dag.ts";
import { lanesOf } from "../../graph/lanes.ts";
import { bringIntoView, Camera } from "./camera.tsx";
import { EdgeLayer } from "./edge-layer.tsx";
import { edgeTypes, RemoveNeedContext, type Need } from "./need-edge.tsx";
import { NodeActionsContext, nodeTypes, type Mark, type NodeActions, type NodeLook } from "./nodes.tsx";

/** Up to so many nodes all are in the page, for Tab and for screen readers; of more, those in sight. */
const allDrawn = 150;
const nobody: readonly Mark[] = [];

/** The draft's graph, drawn: what is on it and how it is moved about. What is done with it is the caller's. */
export function Board({
  drawing,
  boxes,
  selected,
  marks,
  notes,
  carried,
  actions,
  onConnect,
  onRemoveNeed,
  children,
}: {
  drawing: Drawing;
  /** Where its nodes stand on the whole canvas. */
  boxes: ReadonlyMap<string, Box>;
  selected: string | null;
  /** Who else has a task selected, by node. */
  marks: Readonly<Record<string, readonly Mark[]>>;
  /** How many open threads of comments a node has. */
  notes: Readonly<Record<string, number>>;
  /** The task that is being dragged. */
  carried: string | null;
  actions: NodeActions;
  /** An edge of a dag was drawn; null where nothing may be changed. */
  onConnect: ((need: Need) => void) | null;
  onRemoveNeed: ((need: Need) => void) | null;
  children: ReactNode;
}) {
  const flow = useReactFlow();
  const byId = useMemo(() => new Map(drawing.nodes.map((node) => [node.id, node])), [drawing]);
  const kept = useRef(new Map<string, { look: NodeLook; node: Node }>());
  const nodes = useMemo<Node[]>(() => {
    const before = kept.current;
    kept.current = new Map();
    return drawing.nodes.map((node) => {
      const parent = node.parent === null ? undefined : byId.get(node.parent);
      const look: NodeLook = {
        node,
        isSelected: node.id === selected,
        marks: marks[node.id] ?? nobody,
        notes: notes[node.id] ?? 0,
        isCarried: carried !== null && node.id === carried,
        ends: parent?.kind !== "dag" || node.isBranch ? "none" : onConnect === null ? "shown" : "open",
      };
      // A node that is the very same object is neither measured nor drawn again.
      const known = before.get(node.id);
      const next =
        known !== undefined && looksTheSame(known.look, look) ? known : { look, node: nodeOf(look) };
      kept.current.set(node.id, next);
      return next.node;
    });
  }, [drawing, byId, selected, marks, notes, carried, onConnect]);
  const [plain, needs] = useMemo(() => {
    const isNeed = ({ from, to }: DrawnEdge): boolean => {
      const parent = byId.get(from)?.parent ?? null;
      return parent !== null && parent === byId.get(to)?.parent && byId.get(parent)?.kind === "dag";
    };
    return [drawing.edges.filter((edge) => !isNeed(edge)), drawing.edges.filter(isNeed)] as const;
  }, [drawing, byId]);
  const lanes = useMemo(() => lanesOf(drawing.nodes, needs, boxes), [drawing, needs, boxes]);
  const edges = useMemo<Edge[]>(
    () =>
      needs.map(({ id, from, to, way }) => {
        const words = `${byId.get(to)?.name ?? ""} needs ${byId.get(from)?.name ?? ""}`;
        const around = boxes.get(byId.get(from)?.parent ?? "");
        const data = {
          need: { from, to, words },
          lane: lanes.get(id) ?? null,
          way: way === null || around === undefined ? null : movedBy(way, around),
        };
        const className = way === null ? "is-need" : "is-need is-arranged";
        return { id, source: from, target: to, focusable: false, type: "need", className, data };
      }),
    [needs, byId, lanes, boxes],
  );
  // React Flow tells all nodes and edges whenever one of these is another function.
  const connected = useCallback(
    ({ source, target }: { source: string; target: string }): void => {
      const [from, to] = [byId.get(source), byId.get(target)];
      if (from === undefined || to === undefined || source === target) return;
      onConnect?.({ from: source, to: target, words: `${to.name} needs ${from.name}` });
    },
    [byId, onConnect],
  );
  // What gets the focus by Tab has to be in sight.
  const focused = (event: FocusEvent): void => {
    const id = event.target.closest<HTMLElement>(".react-flow__node")?.dataset["id"];
    const box = id === undefined ? undefined : boxes.get(id);
    if (box !== undefined && event.target.matches(":focus-visible")) {
      bringIntoView(flow, event.target as HTMLElement, box);
    }
  };
  return (
    <NodeActionsContext value={actions}>
      <RemoveNeedContext value={onRemoveNeed}>
        <ReactFlow
          className="flow-graph flow-canvas"
          aria-label="Graph of the flow"
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          minZoom={0.1}
          {...stillGraph}
          nodesConnectable={onConnect !== null}
          onlyRenderVisibleElements={drawing.nodes.length > allDrawn}
          onConnect={connected}
          onFocus={focused}
        >
          <Camera width={drawing.width} box={selected === null ? null : (boxes.get(selected) ?? null)} />
          <Controls showInteractive={false} position="bottom-right" />
          <EdgeLayer edges={plain} boxes={boxes} />
          {children}
        </ReactFlow>
      </RemoveNeedContext>
    </NodeActionsContext>
  );
}

function looksTheSame(a: NodeLook, b: NodeLook): boolean {
  return (
    isShallowlySame(a.node, b.node) &&
    isShallowlySame({ ...a, node: null }, { ...b, node: null, marks: a.marks }) &&
    a.marks.length === b.marks.length &&
    a.marks.every((mark, index) => mark.name === b.marks[index]?.name && mark.color === b.marks[index].color)
  );
}

function isShallowlySame<T extends object>(a: T, b: T): boolean {
  return (Object.keys(a) as (keyof T)[]).every((key) => Object.is(a[key], b[key]));
}

function nodeOf(look: NodeLook): Node {
  const { node } = look;
  return {
    id: node.id,
    type: node.isContainer ? "container" : "task",
    position: { x: node.x, y: node.y },
    ...(node.parent === null ? {} : { parentId: node.parent }),
    width: node.width,
    height: node.height,
    data: { look },
    // Nodes that can't be dragged get no clicks otherwise.
    style: { pointerEvents: "all" },
    draggable: false,
    selectable: false,
    focusable: false,
  };
}
