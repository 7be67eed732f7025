"use client";
import { useReactFlow, type ReactFlowInstance } from "@xyflow/react";
import type { Box } from "../../graph/drawing.ts";
import { useEffect, useLayoutEffect, useRef } from "react";

/** Moves the canvas, as little as it takes, when a box of the drawing is not in sight. */
export function bringIntoView(flow: ReactFlowInstance, inside: HTMLElement | null, box: Box): void {
  const frame = inside?.closest<HTMLElement>(".react-flow");
  if (frame === null || frame === undefined) return;
  const { zoom, x, y } = flow.getViewport();
  const margin = 24;
  // Of what is larger than the frame, its beginning counts.
  const shift = (start: number, length: number, room: number): number => {
    const end = start + Math.min(length, room - 2 * margin);
    if (start < 0) return margin - start;
    return end > room ? room - margin - end : 0;
  };
  const byX = shift(box.x * zoom + x, box.width * zoom, frame.clientWidth);
  const byY = shift(box.y * zoom + y, Math.min(box.height, 64) * zoom, frame.clientHeight);
  if (byX === 0 && byY === 0) return;
  const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  void flow.setViewport({ zoom, x: x + byX, y: y + byY }, { duration: isCalm ? 0 : 160 });
}

const nowhere: Box = { x: 0, y: 0, width: 0, height: 0 };

/** Shows the flow from its top at a size that can be read; later on the canvas stays where it was moved to. */
export function Camera({
  width,
  box,
}: {
  /** Of the whole drawing. */
  width: number;
  /** Of what is selected. */
  box: Box | null;
}) {
  const flow = useReactFlow();
  const marker = useRef<HTMLSpanElement>(null);
  const shownAt = useRef(0);
  const latest = useRef(width);
  // The drawing is centred: where it gets wider, its middle stays where it is.
  useLayoutEffect(() => {
    const wider = width - latest.current;
    latest.current = width;
    if (wider === 0 || shownAt.current === 0) return;
    const { x, y, zoom } = flow.getViewport();
    void flow.setViewport({ x: x - (wider / 2) * zoom, y, zoom });
  }, [flow, width]);
  useEffect(() => {
    const frame = marker.current?.closest<HTMLElement>(".react-flow");
    if (frame === null || frame === undefined) return;
    const fit = (): void => {
      const room = frame.clientWidth;
      if (room === 0 || shownAt.current === room) return;
      const isFirst = shownAt.current === 0;
      shownAt.current = room;
      const whole = Math.max(1, latest.current);
      const view = flow.getViewport();
      const zoom = isFirst ? Math.max(0.7, Math.min(1, (room - 24) / whole)) : view.zoom;
      void flow.setViewport({ x: (room - whole * zoom) / 2, y: isFirst ? 12 : view.y, zoom });
    };
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(frame);
    return () => observer.disconnect();
  }, [flow]);
  // What counts is where it is, not which object says so.
  const { x, y, width: across, height: down } = box ?? nowhere;
  useEffect(() => {
    if (across === 0) return;
    // The form that opens beside it takes room first.
    const at = { x, y, width: across, height: down };
    const timer = setTimeout(() => bringIntoView(flow, marker.current, at), 60);
    return () => clearTimeout(timer);
  }, [flow, x, y, across, down]);
  return <span ref={marker} hidden />;
}
