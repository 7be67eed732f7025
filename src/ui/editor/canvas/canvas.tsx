"use client";
import {
  ArrowDown,
  ArrowUp,
  BetweenHorizontalStart,
  Columns2,
  CopyPlus,
  CornerLeftUp,
  CornerRightDown,
  Plus,
  StepForward,
  Trash2,
} from "lucide-react";
import { useState, type KeyboardEvent } from "react";
import type { FlowGraph as Graph, HeadKey } from "#flow/index.ts";
import { FlowGraph } from "../../graph/flow-graph.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import type { Place } from "../language/protocol.ts";
import type { Plan } from "../use-gestures.ts";
import {
  addAfter,
  addInside,
  besides,
  listInside,
  moveBy,
  moveInto,
  moveOut,
  onTask,
  parentOf,
  placeOf,
} from "./moves.ts";
import { AddPalette } from "./palette.tsx";

/** The draft as a graph, and what can be done with its tasks: each a small change of the text. */
export function Canvas({
  graph,
  places,
  isStale,
  isReadOnly,
  selected,
  marks,
  notes,
  onNotes,
  onSelect,
  onDo,
  onRunTo,
}: {
  graph: Graph | null;
  places: readonly Place[];
  isStale: boolean;
  isReadOnly: boolean;
  selected: string | null;
  /** Who else has a task selected, by node. */
  marks: Readonly<Record<string, readonly { readonly name: string; readonly color: string }[]>>;
  /** How many open threads of comments a node has. */
  notes: Readonly<Record<string, number>>;
  onNotes(id: string): void;
  onSelect(id: string | null): void;
  onDo(plan: Plan): Promise<boolean>;
  /** Tries the draft out up to the end of this task. */
  onRunTo(id: string): void;
}) {
  const [adding, setAdding] = useState<"after" | "inside" | null>(null);
  const place = placeOf(places, selected);
  const node = graph?.nodes.find((one) => one.id === selected) ?? null;
  const kindOf = (id: string): string => graph?.nodes.find((one) => one.id === id)?.kind ?? "";
  const inside = node === null ? null : listInside(node.kind);
  const above = place === null ? null : besides(places, place, -1);
  const isFree = !isReadOnly && !isStale;
  const hasTask = isFree && place !== null;
  const act = (plan: Plan): void => void onDo(plan);
  const add = (head: HeadKey): void => {
    const plan =
      adding === "inside" && selected !== null && inside !== null
        ? addInside(selected, inside, head)
        : addAfter(place === null ? null : selected, head);
    setAdding(null);
    act(plan);
  };
  const press = (event: KeyboardEvent): void => {
    if (!isFree || (event.target as HTMLElement).closest("input, textarea, dialog") !== null) return;
    const id = selected;
    if (event.key === "a" && !event.metaKey && !event.ctrlKey) setAdding(event.shiftKey ? "inside" : "after");
    else if (id === null || place === null) return;
    else if (event.key === "Delete" || event.key === "Backspace")
      act(onTask(id, (task) => ({ kind: "remove", task })));
    else if (event.key === "d" && (event.metaKey || event.ctrlKey))
      act(onTask(id, (task) => ({ kind: "duplicate", task })));
    else if (event.altKey && event.key === "ArrowUp") act(moveBy(id, -1));
    else if (event.altKey && event.key === "ArrowDown") act(moveBy(id, 1));
    else if (event.altKey && event.key === "ArrowRight") act(moveInto(id, kindOf));
    else if (event.altKey && event.key === "ArrowLeft") act(moveOut(id));
    else return;
    event.preventDefault();
  };
  return (
    <div className="flex h-full min-h-0 flex-col" onKeyDown={press}>
      {isReadOnly ? null : (
        <div
          role="toolbar"
          aria-label="What to do with the tasks"
          className="flex min-h-10 shrink-0 items-center gap-0.5 overflow-x-auto border-b border-(--border) px-2"
        >
          <Button
            size="small"
            tone="quiet"
            disabled={!isFree}
            title={place === null ? "Add a task at the end (A)" : "Add a task behind the selected one (A)"}
            onClick={() => setAdding("after")}
          >
            <Plus aria-hidden size={14} /> Add
          </Button>
          <IconButton
            label="Add a task inside (Shift A)"
            disabled={!hasTask || inside === null}
            onClick={() => setAdding("inside")}
          >
            <BetweenHorizontalStart aria-hidden size={14} />
          </IconButton>
          <IconButton
            label="Move up (Alt ↑)"
            disabled={!hasTask || above === null}
            onClick={() => selected !== null && act(moveBy(selected, -1))}
          >
            <ArrowUp aria-hidden size={14} />
          </IconButton>
          <IconButton
            label="Move down (Alt ↓)"
            disabled={!hasTask || besides(places, place, 1) === null}
            onClick={() => selected !== null && act(moveBy(selected, 1))}
          >
            <ArrowDown aria-hidden size={14} />
          </IconButton>
          <IconButton
            label="Move into the task above (Alt →)"
            disabled={!hasTask || above === null || listInside(kindOf(above.id)) === null}
            onClick={() => selected !== null && act(moveInto(selected, kindOf))}
          >
            <CornerRightDown aria-hidden size={14} />
          </IconButton>
          <IconButton
            label="Move out of its group (Alt ←)"
            disabled={!hasTask || parentOf(places, place) === null}
            onClick={() => selected !== null && act(moveOut(selected))}
          >
            <CornerLeftUp aria-hidden size={14} />
          </IconButton>
          <IconButton
            label="Wrap in parallel"
            disabled={!hasTask}
            onClick={() =>
              selected !== null && act(onTask(selected, (task) => ({ kind: "wrap", task, head: "parallel" })))
            }
          >
            <Columns2 aria-hidden size={14} />
          </IconButton>
          <IconButton
            label="Duplicate (Ctrl D)"
            disabled={!hasTask}
            onClick={() =>
              selected !== null && act(onTask(selected, (task) => ({ kind: "duplicate", task })))
            }
          >
            <CopyPlus aria-hidden size={14} />
          </IconButton>
          <IconButton
            label="Run to here"
            disabled={!hasTask}
            onClick={() => selected !== null && onRunTo(selected)}
          >
            <StepForward aria-hidden size={14} />
          </IconButton>
          <IconButton
            label="Delete (Del)"
            disabled={!hasTask}
            onClick={() => selected !== null && act(onTask(selected, (task) => ({ kind: "remove", task })))}
          >
            <Trash2 aria-hidden size={14} />
          </IconButton>
        </div>
      )}
      <div className="relative min-h-0 flex-1 bg-(--bg)">
        {graph === null || graph.nodes.length === 0 ? (
          <p className="p-4 text-(--text-2)">
            {graph === null
              ? "There is nothing to draw yet: see the problems."
              : "No tasks yet. Add the first one above, or write it."}
          </p>
        ) : (
          <FlowGraph
            graph={graph}
            selected={selected}
            marks={marks}
            notes={notes}
            onNotes={onNotes}
            onSelect={onSelect}
          />
        )}
        {isStale ? (
          <p
            role="status"
            className="absolute top-2 left-2 rounded-(--radius-1) bg-(--wait-soft) px-2 py-0.5 text-(--wait) [font:var(--type-12)]"
          >
            The text can't be read right now: this is what it was before
          </p>
        ) : null}
      </div>
      {adding === null ? null : (
        <AddPalette
          where={
            place === null || node === null
              ? "at the end"
              : adding === "inside"
                ? `inside of ${node.title}`
                : `behind ${node.title}`
          }
          onChoose={add}
          onClose={() => setAdding(null)}
        />
      )}
    </div>
  );
}
