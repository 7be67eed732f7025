"use client";
import { useReactFlow } from "@xyflow/react";
import {
  useCallback,
  useEffect,
  useRef,
  useState,
  type PointerEvent as ReactPointerEvent,
  type RefObject,
} from "react";
import type { HeadKey } from "#flow/index.ts";
import type { Drawing } from "../../graph/drawing.ts";
import type { Place } from "../language/protocol.ts";
import { slotAt, slotsOf, type DrawnSlot } from "./slots.ts";

/** What is on its way to a place of the canvas. */
export type Carried =
  | { readonly kind: "task"; readonly id: string; readonly name: string }
  | { readonly kind: "new"; readonly head: HeadKey; readonly name: string };

export type Carry = {
  readonly what: Carried;
  /** `drag`: under the pointer until it is let go; `pick`: a place is chosen by a click or by keys. */
  readonly how: "drag" | "pick";
  readonly slots: readonly DrawnSlot[];
  /** Where it would go right now. */
  readonly at: DrawnSlot | null;
};

export type Carrying = {
  readonly carry: Carry | null;
  /** Moves with the pointer while something is dragged. */
  readonly ghost: RefObject<HTMLDivElement | null>;
  /** A pointer went down on something that can be dragged. */
  readonly grab: (event: ReactPointerEvent, what: Carried) => void;
  readonly pick: (what: Carried) => void;
  readonly drop: (slot: DrawnSlot) => void;
  readonly cancel: () => void;
};

/** So far does the pointer move before a press becomes a drag. Pixels. */
const threshold = 5;
/** This near to the edge of the canvas, it moves along. Pixels. */
const edge = 36;
const panStep = 9;

/** Only in an empty flow there is no place that could be drawn: then the whole canvas is one. */
const emptyFlow: DrawnSlot = {
  key: "inside tasks",
  slot: { kind: "inside", id: null, list: "tasks" },
  words: "into the flow",
  container: null,
  shape: "area",
  x: 0,
  y: 0,
  width: 0,
  height: 0,
};

/** Carrying tasks to a place of the canvas: by dragging with the mouse or a pen, or by choosing one of the places. */
export function useCarry({
  drawing,
  places,
  frame,
  isFree,
  onDrop,
}: {
  drawing: Drawing;
  places: readonly Place[];
  frame: RefObject<HTMLElement | null>;
  isFree: boolean;
  onDrop(what: Carried, slot: DrawnSlot): void;
}): Carrying {
  const flow = useReactFlow();
  const [carry, setCarry] = useState<Carry | null>(null);
  const ghost = useRef<HTMLDivElement>(null);
  const stop = useRef<(() => void) | null>(null);
  const given = useRef({ drawing, places, isFree, onDrop });
  given.current = { drawing, places, isFree, onDrop };

  const begin = useCallback((what: Carried, how: Carry["how"]): DrawnSlot[] => {
    const { drawing: drawn, places: known } = given.current;
    const slots = slotsOf(drawn, known, what.kind === "task" ? what.id : null);
    setCarry({ what, how, slots, at: null });
    return slots;
  }, []);

  const cancel = useCallback(() => {
    stop.current?.();
    stop.current = null;
    setCarry(null);
  }, []);

  const grab = useCallback(
    (event: ReactPointerEvent, what: Carried): void => {
      // Fingers move the canvas; they choose a place from those that are shown.
      if (event.button !== 0 || event.pointerType === "touch" || !given.current.isFree) return;
      const start = { x: event.clientX, y: event.clientY };
      let pointer = start;
      let slots: readonly DrawnSlot[] | null = null;
      let at: DrawnSlot | null = null;
      let turn = 0;
      const look = (): void => {
        const box = frame.current?.getBoundingClientRect();
        const { drawing: drawn } = given.current;
        const isOver =
          box !== undefined &&
          pointer.x >= box.left &&
          pointer.x <= box.right &&
          pointer.y >= box.top &&
          pointer.y <= box.bottom;
        const empty = drawn.nodes.length === 0 ? emptyFlow : null;
        const next =
          !isOver || slots === null
            ? null
            : (slotAt(drawn, slots, flow.screenToFlowPosition(pointer)) ?? empty);
        if (next?.key === at?.key) return;
        at = next;
        setCarry((now) => (now === null ? now : { ...now, at }));
      };
      const followEdge = (): void => {
        turn = requestAnimationFrame(followEdge);
        const box = frame.current?.getBoundingClientRect();
        if (box === undefined || at === null) return;
        const by = (low: number, high: number, value: number): number =>
          value < low + edge ? panStep : value > high - edge ? -panStep : 0;
        const x = by(box.left, box.right, pointer.x);
        const y = by(box.top, box.bottom, pointer.y);
        if (x === 0 && y === 0) return;
        const view = flow.getViewport();
        void flow.setViewport({ ...view, x: view.x + x, y: view.y + y });
        look();
      };
      const move = (moved: PointerEvent): void => {
        pointer = { x: moved.clientX, y: moved.clientY };
        if (slots === null) {
          if (Math.hypot(pointer.x - start.x, pointer.y - start.y) < threshold) return;
          slots = begin(what, "drag");
          turn = requestAnimationFrame(followEdge);
        }
        moved.preventDefault();
        if (ghost.current !== null) {
          ghost.current.style.transform = `translate(${pointer.x + 10}px, ${pointer.y + 8}px)`;
        }
        look();
      };
      const letGo = (): void => {
        const isDragged = slots !== null;
        const target = at;
        cancel();
        if (!isDragged) return;
        // The click that follows would select what was dragged from.
        const swallow = (click: MouseEvent): void => click.stopPropagation();
        window.addEventListener("click", swallow, { capture: true, once: true });
        setTimeout(() => window.removeEventListener("click", swallow, { capture: true }));
        if (target !== null) given.current.onDrop(what, target);
      };
      const key = (pressed: KeyboardEvent): void => {
        if (pressed.key !== "Escape" || slots === null) return;
        pressed.stopPropagation();
        cancel();
      };
      stop.current?.();
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", letGo);
      window.addEventListener("pointercancel", cancel);
      window.addEventListener("keydown", key, { capture: true });
      stop.current = () => {
        cancelAnimationFrame(turn);
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", letGo);
        window.removeEventListener("pointercancel", cancel);
        window.removeEventListener("keydown", key, { capture: true });
      };
    },
    [begin, cancel, flow, frame],
  );
  useEffect(() => () => stop.current?.(), []);

  const pick = useCallback(
    (what: Carried): void => void (given.current.isFree && begin(what, "pick")),
    [begin],
  );
  const drop = useCallback(
    (slot: DrawnSlot): void => {
      const what = carry?.what;
      cancel();
      if (what !== undefined) given.current.onDrop(what, slot);
    },
    [cancel, carry],
  );
  // The places of an older drawing are in the wrong spots.
  useEffect(() => {
    setCarry((now) => {
      if (now === null) return now;
      if (!isFree) return null;
      const slots = slotsOf(drawing, places, now.what.kind === "task" ? now.what.id : null);
      return { ...now, slots, at: slots.find((slot) => slot.key === now.at?.key) ?? null };
    });
  }, [drawing, places, isFree]);
  return { carry, ghost, grab, pick, drop, cancel };
}
