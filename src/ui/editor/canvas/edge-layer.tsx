"use client";
import { getSmoothStepPath, Position, ViewportPortal } from "@xyflow/react";
import { memo, useMemo } from "react";
import type { Box, DrawnEdge } from "../../graph/drawing.ts";

/**
 * The edges that only say what follows what, as one path. Nothing can be done with them, and where they run is known; as
 * edges of React Flow each would look at every move of the canvas.
 */
export const EdgeLayer = memo(function EdgeLayer({
  edges,
  boxes,
}: {
  edges: readonly DrawnEdge[];
  boxes: ReadonlyMap<string, Box>;
}) {
  const path = useMemo(
    () =>
      edges
        .map((edge) => {
          const [from, to] = [boxes.get(edge.from), boxes.get(edge.to)];
          if (from === undefined || to === undefined) return "";
          const [drawn] = getSmoothStepPath({
            sourceX: from.x + from.width / 2,
            sourceY: from.y + from.height,
            sourcePosition: Position.Bottom,
            targetX: to.x + to.width / 2,
            targetY: to.y,
            targetPosition: Position.Top,
            borderRadius: 6,
          });
          return drawn;
        })
        .join(""),
    [edges, boxes],
  );
  return (
    <ViewportPortal>
      <svg aria-hidden className="canvas-edges">
        <path d={path} />
      </svg>
    </ViewportPortal>
  );
});
