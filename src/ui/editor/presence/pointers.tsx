"use client";
import { useReactFlow, useStore, ViewportPortal } from "@xyflow/react";
import { useEffect, useMemo, useRef, useSyncExternalStore, type RefObject } from "react";
import type { LiveClient } from "#collab/client.ts";
import type { Box, Drawing } from "../../graph/drawing.ts";

/** Under this name somebody says where their pointer is on the canvas. */
const pointerField = "pointer";
const everyMs = 50;

/**
 * A place on the canvas that means the same on screens of any width, where the same flow is drawn differently: a share of the
 * innermost node there, or of the whole drawing (null).
 */
export type Pointer = { readonly node: string | null; readonly x: number; readonly y: number };

/** The place of a point of the drawing. */
export function pointerAt(
  drawing: Drawing,
  boxes: ReadonlyMap<string, Box>,
  point: { readonly x: number; readonly y: number },
): Pointer {
  // Containers come before what they hold, so the last node around the point is the innermost.
  const around = drawing.nodes.findLast((node) => {
    const box = boxes.get(node.id);
    return (
      box !== undefined &&
      point.x >= box.x &&
      point.x <= box.x + box.width &&
      point.y >= box.y &&
      point.y <= box.y + box.height
    );
  });
  const box = boxes.get(around?.id ?? "") ?? wholeOf(drawing);
  const share = (value: number): number => Math.round(value * 1000) / 1000;
  return {
    node: around?.id ?? null,
    x: share((point.x - box.x) / Math.max(1, box.width)),
    y: share((point.y - box.y) / Math.max(1, box.height)),
  };
}

/** The point of the drawing that a place means; null where its node is not drawn. */
export function pointOf(
  drawing: Drawing,
  boxes: ReadonlyMap<string, Box>,
  pointer: Pointer,
): { readonly x: number; readonly y: number } | null {
  const box = pointer.node === null ? wholeOf(drawing) : boxes.get(pointer.node);
  return box === undefined ? null : { x: box.x + pointer.x * box.width, y: box.y + pointer.y * box.height };
}

function wholeOf(drawing: Drawing): Box {
  return { x: 0, y: 0, width: drawing.width, height: drawing.height };
}

function pointerIn(said: unknown): Pointer | null {
  if (typeof said !== "object" || said === null) return null;
  const { node, x, y } = said as Partial<Pointer>;
  if (typeof x !== "number" || typeof y !== "number" || !Number.isFinite(x + y)) return null;
  return node === null || typeof node === "string" ? { node, x, y } : null;
}

type Shown = { readonly id: number; readonly name: string; readonly color: string; readonly at: Pointer };

function othersOf(client: LiveClient): string {
  const shown = client.people().flatMap((person): Shown[] => {
    const at = person.self ? null : pointerIn(person.state[pointerField]);
    return at === null ? [] : [{ id: person.client, name: person.name, color: person.color, at }];
  });
  return JSON.stringify(shown);
}

/** Tells others where one's pointer is on the canvas. */
export function useOwnPointer(
  client: LiveClient,
  frame: RefObject<HTMLElement | null>,
  drawing: Drawing,
  boxes: ReadonlyMap<string, Box>,
): void {
  const flow = useReactFlow();
  const latest = useRef({ drawing, boxes });
  latest.current = { drawing, boxes };
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    let point: { x: number; y: number } | null = null;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const tell = (): void => {
      timer = null;
      const { drawing: drawn, boxes: known } = latest.current;
      const isAlone = client.people().every((person) => person.self);
      if (isAlone && point !== null) return;
      client.present(
        pointerField,
        point === null ? null : pointerAt(drawn, known, flow.screenToFlowPosition(point)),
      );
    };
    const soon = (): void => {
      timer ??= setTimeout(tell, everyMs);
    };
    const move = (event: PointerEvent): void => {
      if (event.pointerType === "touch") return;
      point = { x: event.clientX, y: event.clientY };
      soon();
    };
    const leave = (): void => {
      if (point === null) return;
      point = null;
      soon();
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerleave", leave);
    return () => {
      if (timer !== null) clearTimeout(timer);
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerleave", leave);
      client.present(pointerField, null);
    };
  }, [client, flow, frame]);
}

/** The pointers of the others, with their names. */
export function Pointers({
  client,
  drawing,
  boxes,
}: {
  client: LiveClient;
  drawing: Drawing;
  boxes: ReadonlyMap<string, Box>;
}) {
  const zoom = useStore((state) => state.transform[2]);
  const said = useSyncExternalStore(
    (hear) => client.subscribe(hear),
    () => othersOf(client),
  );
  const shown = useMemo(() => JSON.parse(said) as Shown[], [said]);
  return (
    <ViewportPortal>
      {shown.map(({ id, name, color, at }) => {
        const point = pointOf(drawing, boxes, at);
        if (point === null) return null;
        return (
          <div
            key={id}
            aria-hidden
            className="canvas-pointer"
            style={{ transform: `translate(${point.x}px, ${point.y}px) scale(${1 / zoom})` }}
          >
            <svg width="14" height="18" viewBox="0 0 14 18">
              <path d="M1 1v13l3.6-3 2.6 5.6 2.4-1.1L7 10h5z" fill={color} stroke="var(--surface)" />
            </svg>
            <span style={{ background: color }}>{name.split(" ")[0]}</span>
          </div>
        );
      })}
    </ViewportPortal>
  );
}
