"use client";
import {
  BaseEdge,
  EdgeLabelRenderer,
  getSmoothStepPath,
  type EdgeProps,
  type EdgeTypes,
} from "@xyflow/react";
import { X } from "lucide-react";
import { middleOf, type Point, wayPath } from "../../graph/dag.ts";
import { lanePath } from "../../graph/lanes.ts";
import { createContext, memo, use } from "react";

/** What an edge of a dag says: the task `to` begins once `from` is over. Ids of nodes and the words for them. */
export type Need = { readonly from: string; readonly to: string; readonly words: string };
export const RemoveNeedContext = createContext<((need: Need) => void) | null>(null);

/** `way`: where it runs as the dag was arranged. Until then, `lane` is where it passes nodes that it would run behind. */
type EdgeData = {
  readonly need: Need;
  readonly lane: number | null;
  readonly way: readonly Point[] | null;
};

/** Where an edge runs, and its middle. */
function pathOf(edge: EdgeProps): { path: string; x: number; y: number } {
  const { lane, way } = edge.data as EdgeData;
  if (way !== null) return { path: wayPath(way), ...middleOf(way) };
  const { sourceX, sourceY, targetX, targetY } = edge;
  const [straight, middle, y] = getSmoothStepPath({ ...edge, borderRadius: 6 });
  if (lane === null) return { path: straight, x: middle, y };
  return { path: lanePath({ x: sourceX, y: sourceY }, { x: targetX, y: targetY }, lane), x: lane, y };
}

/** An edge of a dag. It can be taken away by the button in its middle. */
const NeedEdge = memo(function NeedEdge(edge: EdgeProps) {
  const remove = use(RemoveNeedContext);
  const { path, x, y } = pathOf(edge);
  const { need } = edge.data as EdgeData;
  return (
    <>
      <BaseEdge id={edge.id} path={path} interactionWidth={16} />
      {remove === null ? null : (
        <EdgeLabelRenderer>
          <button
            type="button"
            aria-label={`Remove the edge: ${need.words}`}
            title={`${need.words}. Remove`}
            onClick={() => remove(need)}
            className="need-edge-remove nodrag nopan"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            <X aria-hidden size={10} />
          </button>
        </EdgeLabelRenderer>
      )}
    </>
  );
});

export const edgeTypes: EdgeTypes = { need: NeedEdge };
