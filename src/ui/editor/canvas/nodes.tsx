"use client";
import { Handle, Position, type NodeProps, type NodeTypes } from "@xyflow/react";
import { createContext, memo, use, type PointerEvent } from "react";
import type { DrawnNode } from "../../graph/drawing.ts";
import { KindIcon } from "../../graph/kind-icon.tsx";

/** Somebody else who has a task selected. */
export type Mark = { readonly name: string; readonly color: string };

/** What a node of the canvas shows beside the task itself. Nodes are drawn again only when this changes. */
export type NodeLook = {
  readonly node: DrawnNode;
  readonly isSelected: boolean;
  readonly marks: readonly Mark[];
  /** Open threads of comments about it. */
  readonly notes: number;
  /** It is being dragged elsewhere. */
  readonly isCarried: boolean;
  /** In a dag edges begin and end at a task; where they may be changed, new ones can be drawn. */
  readonly ends: "none" | "shown" | "open";
};

export type NodeActions = {
  select(id: string): void;
  openNotes(id: string): void;
  grab(event: PointerEvent, node: DrawnNode): void;
};
export const NodeActionsContext = createContext<NodeActions>({ select() {}, openNotes() {}, grab() {} });

function ringOf({ isSelected, marks }: NodeLook): string | undefined {
  const [first] = marks;
  if (isSelected) return "0 0 0 1px var(--accent)";
  return first === undefined ? undefined : `0 0 0 2px ${first.color}`;
}

const TaskNode = memo(function TaskNode({ data }: NodeProps) {
  const { look } = data as { look: NodeLook };
  const { select, grab } = use(NodeActionsContext);
  const { node, isSelected, isCarried } = look;
  // Not inside of the button: some browsers give nothing in there a press of its own.
  return (
    <>
      {look.ends === "none" ? null : <Ends isOpen={look.ends === "open"} />}
      <Marks look={look} />
      <Notes look={look} />
      <button
        type="button"
        aria-pressed={isSelected}
        onClick={() => select(node.id)}
        onPointerDown={(event) => grab(event, node)}
        style={{ boxShadow: ringOf(look) }}
        className={`nodrag nopan flex size-full items-center gap-2 rounded-(--radius-3) border bg-(--surface) px-2.5 text-left text-(--text) [font:var(--type-13)] ${
          isSelected ? "border-(--accent)" : "border-(--border-strong) hover:border-(--border-field)"
        } ${node.kind === "broken" ? "border-dashed bg-(--surface-3) text-(--text-3)" : ""} ${isCarried ? "opacity-40" : ""}`}
      >
        <KindIcon kind={node.kind} />
        <span className="truncate font-semibold">{node.name}</span>
        <span className="min-w-0 flex-1 truncate text-(--text-2)">{node.label}</span>
      </button>
    </>
  );
});

const ContainerNode = memo(function ContainerNode({ data }: NodeProps) {
  const { look } = data as { look: NodeLook };
  const { select, grab } = use(NodeActionsContext);
  const { node, isSelected, isCarried } = look;
  return (
    <div
      style={{ boxShadow: ringOf(look) }}
      className={`size-full rounded-(--radius-3) border ${isSelected ? "border-(--accent)" : "border-(--border-strong)"} ${node.isBranch ? "border-dashed" : "bg-(--surface-2)"} ${isCarried ? "opacity-40" : ""}`}
    >
      {look.ends === "none" ? null : <Ends isOpen={look.ends === "open"} />}
      <Marks look={look} />
      <Notes look={look} />
      <button
        type="button"
        aria-pressed={isSelected}
        disabled={node.isBranch}
        onClick={() => select(node.id)}
        onPointerDown={(event) => grab(event, node)}
        className="nodrag nopan flex h-8 max-w-full items-center gap-1.5 px-2.5 text-(--text-2) [font:var(--type-12)] enabled:hover:text-(--text)"
      >
        <KindIcon kind={node.kind} size={13} />
        <span className="truncate">
          {node.name}
          {node.label === "" ? "" : `, ${node.label}`}
        </span>
      </button>
    </div>
  );
});

/** The names of those who have the task selected. */
function Marks({ look: { marks } }: { look: NodeLook }) {
  if (marks.length === 0) return null;
  return (
    <span className="absolute -top-2 right-2 z-10 flex gap-0.5">
      {marks.map((person) => (
        <span
          key={person.name}
          className="rounded-full px-1.5 text-white [font:var(--type-11)] [line-height:14px]"
          style={{ background: person.color }}
        >
          {person.name.split(" ")[0]}
          <span className="sr-only"> is here</span>
        </span>
      ))}
    </span>
  );
}

/** How many conversations there are about the task. A click opens them; for the keyboard there is the list of all. */
function Notes({ look: { node, notes } }: { look: NodeLook }) {
  const { openNotes } = use(NodeActionsContext);
  if (notes === 0) return null;
  return (
    <span
      title={notes === 1 ? "A comment" : `${notes} comments`}
      onClick={() => openNotes(node.id)}
      className="nodrag nopan absolute -top-2 left-2 z-10 flex h-4 min-w-4 cursor-pointer items-center justify-center rounded-full rounded-bl-(--radius-1) border border-(--wait) bg-(--wait-soft) px-1 text-(--wait) tabular-nums [font:var(--type-11)] [line-height:14px]"
    >
      {notes}
      <span className="sr-only">{notes === 1 ? " comment" : " comments"}</span>
    </span>
  );
}

/** In a dag an edge can be drawn from the lower end of one task to the upper end of another. */
function Ends({ isOpen }: { isOpen: boolean }) {
  const className = isOpen ? "is-open" : "";
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={isOpen} className={className} />
      <Handle type="source" position={Position.Bottom} isConnectable={isOpen} className={className} />
    </>
  );
}

export const nodeTypes: NodeTypes = { task: TaskNode, container: ContainerNode };
