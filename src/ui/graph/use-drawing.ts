import { useEffect, useMemo, useReducer, useRef, useState } from "react";
import type { FlowGraph } from "#flow/index.ts";
import { arrange, arrangements } from "./arrange.ts";
import { drawGraph, type Drawing } from "./drawing.ts";

/** So long the drawing before stays while dags are being arranged, in milliseconds: nothing jumps to and fro as one types. */
const patienceMs = 150;

const nothing: Drawing = { nodes: [], edges: [], wanted: [], width: 0, height: 0 };

/** A flow's drawing as far as possible within `room` pixels, its dags arranged as soon as they can be. */
export function useDrawing(graph: FlowGraph | null, room: number | null): Drawing {
  const [found, countFound] = useReducer((count: number) => count + 1, 0);
  const [late, setLate] = useState<Drawing | null>(null);
  const before = useRef<Drawing | null>(null);
  const fresh = useMemo(
    () => (graph === null || room === null ? nothing : drawGraph(graph, room, arrangements)),
    // What was found is not a value of React's.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [graph, room, found],
  );
  useEffect(() => {
    if (fresh.wanted.length === 0) return;
    let isCurrent = true;
    const timer = setTimeout(() => setLate(fresh), patienceMs);
    void Promise.all(fresh.wanted.map(arrange)).then(() => {
      clearTimeout(timer);
      if (isCurrent) countFound();
    });
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [fresh]);
  const waits =
    fresh.wanted.length > 0 && late !== fresh && before.current !== null && before.current !== nothing;
  const shown = waits ? (before.current ?? fresh) : fresh;
  useEffect(() => {
    before.current = shown;
  }, [shown]);
  return shown;
}
