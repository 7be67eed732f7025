"use client";
import {
  BaseEdge,
  EdgeLabelRenderer,
  getSmoothStepPath,
  type EdgeProps,
  type EdgeTypes,
} from "@xyflow/react";
import { X } from "lucide-react";
import { lanePath } from "../../graph/lanes.ts";
import { createContext, memo, use } from "react";

/** What an edge of a dag says: the task `to` begins once `from` is over. Ids of nodes and the words for them. */
export type Need = { readonly from: string; readonly to: string; readonly words: string };
export const RemoveNeedContext = createContext<((need: Need) => void) | null>(null);

/** An edge of a dag. It can be taken away by the button in its middle. */
const NeedEdge = memo(function NeedEdge(edge: EdgeProps) {
  const remove = use(RemoveNeedContext);
  const { need, lane } = edge.data as { need: Need; lane: number | null };
  const { sourceX, sourceY, targetX, targetY } = edge;
  const [straight, middle, y] = getSmoothStepPath({ ...edge, borderRadius: 6 });
  const path =
    lane === null ? straight : lanePath({ x: sourceX, y: sourceY }, { x: targetX, y: targetY }, lane);
  const x = lane ?? middle;
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
