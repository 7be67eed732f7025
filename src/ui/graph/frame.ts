import { type RefObject, useLayoutEffect, useState } from "react";
import type { ReactFlowProps } from "@xyflow/react";

/** How every graph behaves: it is moved and zoomed; nothing in it is chosen or moved by React Flow's own means. */
export const stillGraph = {
  maxZoom: 1.5,
  nodesDraggable: false,
  elementsSelectable: false,
  edgesFocusable: false,
  nodesFocusable: false,
  deleteKeyCode: null,
  selectionKeyCode: null,
  multiSelectionKeyCode: null,
  zoomOnScroll: false,
  zoomOnDoubleClick: false,
  panOnScroll: true,
  preventScrolling: false,
  proOptions: { hideAttribution: true },
} as const satisfies ReactFlowProps;

/** How wide a drawing may get before what stands side by side is wrapped, in steps so that it seldom changes. Pixels. */
export function useRoom(frame: RefObject<HTMLElement | null>): number | null {
  const [room, setRoom] = useState<number | null>(null);
  useLayoutEffect(() => {
    const box = frame.current;
    if (box === null) return;
    const measure = (): void => {
      if (box.clientWidth > 0) setRoom(Math.max(300, Math.floor(box.clientWidth / 40) * 40 - 16));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [frame]);
  return room;
}
