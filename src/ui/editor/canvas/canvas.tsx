"use client";
import { ReactFlowProvider } from "@xyflow/react";
import { memo, useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import type { FlowGraph as Graph, HeadKey } from "#flow/index.ts";
import type { LiveClient } from "#collab/client.ts";
import { boxesOf } from "../../graph/drawing.ts";
import { useRoom } from "../../graph/frame.ts";
import { useDrawing } from "../../graph/use-drawing.ts";
import type { Place } from "../language/protocol.ts";
import type { Plan } from "../use-gestures.ts";
import { Pointers, useOwnPointer } from "../presence/pointers.tsx";
import { Board } from "./board.tsx";
import {
  addAfter,
  addInside,
  addTo,
  besides,
  listInside,
  moveBy,
  moveInto,
  moveOut,
  moveTo,
  needBy,
  onTask,
  parentOf,
  placeOf,
  stepFrom,
} from "./moves.ts";
import { NeedsDialog } from "./needs-dialog.tsx";
import type { Need } from "./need-edge.tsx";
import type { Mark, NodeActions } from "./nodes.tsx";
import { AddPalette, PaletteRail } from "./palette.tsx";
import { SlotLayer } from "./slot-layer.tsx";
import { allDeeds, deedOf, Toolbar, type Deed } from "./toolbar.tsx";
import { useCarry } from "./use-carry.ts";

type Props = {
  client: LiveClient;
  graph: Graph | null;
  places: readonly Place[];
  isStale: boolean;
  isReadOnly: boolean;
  selected: string | null;
  /** Who else has a task selected, by node. */
  marks: Readonly<Record<string, readonly Mark[]>>;
  /** How many open threads of comments a node has. */
  notes: Readonly<Record<string, number>>;
  onNotes(id: string): void;
  onSelect(id: string | null): void;
  onDo(plan: Plan): Promise<boolean>;
  /** Tries the draft out up to the end of this task. */
  onRunTo(id: string): void;
  /** The selected task is to get another id. */
  onRename(): void;
};

/** The draft as a graph, and what can be done with its tasks: each a small change of the text. */
export const Canvas = memo(function Canvas(props: Props) {
  return (
    <ReactFlowProvider>
      <Inside {...props} />
    </ReactFlowProvider>
  );
});

function Inside({
  client,
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
  onRename,
}: Props) {
  const [asked, setAsked] = useState<"add" | "add-inside" | "needs" | null>(null);
  const [said, setSaid] = useState("");
  const frame = useRef<HTMLDivElement>(null);
  const room = useRoom(frame);
  const drawing = useDrawing(graph, room);
  const boxes = useMemo(() => boxesOf(drawing), [drawing]);
  useOwnPointer(client, frame, drawing, boxes);
  const kinds = useMemo(() => new Map(graph?.nodes.map((node) => [node.id, node])), [graph]);
  const isFree = !isReadOnly && !isStale;
  const place = placeOf(places, selected);
  const node = selected === null ? null : (kinds.get(selected) ?? null);
  const inside = node === null ? null : listInside(node.kind);
  const above = place === null ? null : besides(places, place, -1);
  const parent = place === null ? null : parentOf(places, place);
  const isInDag = place !== null && place.path.at(-2) === "dag";
  const nameOf = (id: string): string => kinds.get(id)?.title ?? id;
  const kindOf = (id: string): string => kinds.get(id)?.kind ?? "";

  // Once the text has changed, one goes on from what is selected then, by keyboard too.
  const wantsFocus = useRef(false);
  useEffect(() => {
    if (!wantsFocus.current || selected === null) return;
    let turn = 0;
    // What is out of sight is drawn once the canvas has moved there.
    const look = (left: number): void => {
      const button = frame.current?.querySelector<HTMLElement>(
        `.react-flow__node[data-id="${CSS.escape(selected)}"] button`,
      );
      if (button !== null && button !== undefined) {
        wantsFocus.current = false;
        button.focus({ preventScroll: true });
      } else if (left > 0) turn = requestAnimationFrame(() => look(left - 1));
    };
    look(30);
    return () => cancelAnimationFrame(turn);
  }, [selected, drawing]);
  const act = async (plan: Plan, words: string, isDropped = false): Promise<boolean> => {
    wantsFocus.current = isDropped || frame.current?.contains(document.activeElement) === true;
    setSaid("");
    const isDone = await onDo(plan);
    if (isDone) setSaid(words);
    else wantsFocus.current = false;
    return isDone;
  };

  const carrying = useCarry({
    drawing,
    places,
    frame,
    isFree,
    onDrop: (what, { slot, words }) => {
      if (what.kind === "new") void act(addTo(slot, what.head), `Added ${what.name} ${words}`, true);
      else void act(moveTo(what.id, slot), `Moved ${what.name} ${words}`, true);
    },
  });
  const { carry, grab, pick } = carrying;

  const add = (head: HeadKey): void => {
    const isInside = asked === "add-inside" && selected !== null && inside !== null;
    setAsked(null);
    if (isInside) void act(addInside(selected, inside, head), `Added ${head} inside of ${nameOf(selected)}`);
    else void act(addAfter(place === null ? null : selected, head), `Added ${head} ${whereNext}`);
  };
  const whereNext = place === null || node === null ? "at the end" : `behind ${node.title}`;

  const can = (deed: Deed): boolean => {
    if (deed === "add") return isFree;
    if (!isFree || place === null) return false;
    if (deed === "add-inside") return inside !== null;
    if (deed === "up") return above !== null;
    if (deed === "down") return besides(places, place, 1) !== null;
    if (deed === "into") return above !== null && listInside(kindOf(above.id)) !== null;
    if (deed === "out") return parent !== null;
    return deed === "needs" ? isInDag : true;
  };
  const perform = (deed: Deed): void => {
    if (deed === "add" || deed === "add-inside" || deed === "needs") return setAsked(deed);
    if (selected === null) return;
    const name = nameOf(selected);
    if (deed === "rename") onRename();
    else if (deed === "run-to") onRunTo(selected);
    else if (deed === "place") pick({ kind: "task", id: selected, name });
    else if (deed === "up") void act(moveBy(selected, -1), `Moved ${name} up`);
    else if (deed === "down") void act(moveBy(selected, 1), `Moved ${name} down`);
    else if (deed === "into") void act(moveInto(selected, kindOf), `Moved ${name} into the task above`);
    else if (deed === "out") void act(moveOut(selected), `Moved ${name} out of its group`);
    else if (deed === "wrap")
      void act(
        onTask(selected, (task) => ({ kind: "wrap", task, head: "parallel" })),
        `Wrapped ${name} in parallel`,
      );
    else if (deed === "duplicate")
      void act(
        onTask(selected, (task) => ({ kind: "duplicate", task })),
        `Duplicated ${name}`,
      );
    else {
      const next =
        place === null ? null : (besides(places, place, 1) ?? besides(places, place, -1) ?? parent);
      const plan = onTask(selected, (task) => ({ kind: "remove", task }));
      void act(plan, `Deleted ${name}`).then((isDone) => {
        if (!isDone || next === null) return;
        wantsFocus.current = true;
        onSelect(next.id);
      });
    }
  };
  const press = (event: KeyboardEvent): void => {
    if ((event.target as HTMLElement).closest("input, textarea, dialog") !== null) return;
    const step = event.altKey || event.ctrlKey || event.metaKey ? null : stepFrom(places, place, event.key);
    const deed = deedOf(event);
    if (step !== null) {
      wantsFocus.current = true;
      onSelect(step.id);
    } else if (deed !== null && can(deed)) perform(deed);
    else return;
    event.preventDefault();
  };

  const choose = (head: HeadKey): void => {
    if (isFree) void act(addAfter(place === null ? null : selected, head), `Added ${head} ${whereNext}`);
  };
  // The same functions all the time, so that what is given them is drawn again only when it looks different.
  const latest = useRef({ onSelect, onNotes, grab, perform, choose });
  latest.current = { onSelect, onNotes, grab, perform, choose };
  const tools = useMemo(
    () => ({
      perform: (deed: Deed) => latest.current.perform(deed),
      choose: (head: HeadKey) => latest.current.choose(head),
      grab: (event: PointerEvent, head: HeadKey) =>
        latest.current.grab(event, { kind: "new", head, name: head }),
    }),
    [],
  );
  const actions = useMemo<NodeActions>(
    () => ({
      select: (id) => latest.current.onSelect(id),
      openNotes: (id) => latest.current.onNotes(id),
      grab: (event, one) => {
        if (!one.isBranch) latest.current.grab(event, { kind: "task", id: one.id, name: one.name });
      },
    }),
    [],
  );
  const idOf = (path: string): string => path.split("/").at(-1) ?? path;
  const setNeed = ({ from, to, words }: Need, isNeeded: boolean): void =>
    void act(needBy(to, idOf(from), isNeeded), isNeeded ? words : `Removed the edge: ${words}`);
  const doing = useRef(setNeed);
  doing.current = setNeed;
  const [connect, disconnect] = useMemo(
    () => [(need: Need) => doing.current(need, true), (need: Need) => doing.current(need, false)] as const,
    [],
  );
  const beside = places.filter((other) => isInDag && other.id !== selected && isSibling(other, place));

  return (
    <div className="@container flex h-full min-h-0 flex-col" onKeyDown={press}>
      {isReadOnly ? null : (
        <Toolbar where={whereNext} possible={allDeeds.filter(can).join(" ")} onDo={tools.perform} />
      )}
      <div className="flex min-h-0 flex-1">
        {isReadOnly ? null : <PaletteRail onGrab={tools.grab} onChoose={tools.choose} />}
        <div ref={frame} className="relative min-h-0 min-w-0 flex-1 bg-(--bg)">
          {graph === null || graph.nodes.length === 0 ? (
            <p className="p-4 text-(--text-2)">
              {graph === null
                ? "There is nothing to draw yet: see the problems."
                : "No tasks yet. Add the first one above, or write it."}
            </p>
          ) : room === null ? null : (
            <Board
              drawing={drawing}
              boxes={boxes}
              selected={selected}
              marks={marks}
              notes={notes}
              carried={carry?.what.kind === "task" ? carry.what.id : null}
              actions={actions}
              onConnect={isFree ? connect : null}
              onRemoveNeed={isFree ? disconnect : null}
            >
              <SlotLayer carrying={carrying} selected={selected} />
              <Pointers client={client} drawing={drawing} boxes={boxes} />
            </Board>
          )}
          {isStale ? (
            <p
              role="status"
              className="absolute bottom-2 left-2 rounded-(--radius-1) bg-(--wait-soft) px-2 py-0.5 text-(--wait) [font:var(--type-12)]"
            >
              The text can't be read right now: this is what it was before
            </p>
          ) : null}
          {carry?.how === "pick" ? (
            <p className="absolute inset-x-2 bottom-2 mx-auto flex w-fit max-w-full items-center gap-3 rounded-(--radius-2) border border-(--accent) bg-(--surface) px-3 py-1">
              <span>Where does {carry.what.name} go?</span>
              <button
                type="button"
                onClick={carrying.cancel}
                className="text-(--accent-text) hover:underline pointer-coarse:min-h-11"
              >
                Leave it
              </button>
            </p>
          ) : null}
        </div>
      </div>
      <p role="status" aria-label="What was done" className="sr-only">
        {said}
      </p>
      {asked === "add" || asked === "add-inside" ? (
        <AddPalette
          where={asked === "add-inside" && node !== null ? `inside of ${node.title}` : whereNext}
          onChoose={add}
          onClose={() => setAsked(null)}
        />
      ) : null}
      {asked === "needs" && selected !== null ? (
        <NeedsDialog
          name={nameOf(selected)}
          others={beside.map(({ id }) => ({
            id,
            name: nameOf(id),
            isNeeded: graph?.edges.some((edge) => edge.from === id && edge.to === selected) === true,
          }))}
          onSet={(id, isNeeded) =>
            setNeed({ from: id, to: selected, words: `${nameOf(selected)} needs ${nameOf(id)}` }, isNeeded)
          }
          onClose={() => setAsked(null)}
        />
      ) : null}
    </div>
  );
}

function isSibling(a: Place, b: Place | null): boolean {
  return JSON.stringify(a.path.slice(0, -1)) === JSON.stringify(b?.path.slice(0, -1));
}
