import { expect, test } from "vitest";
import { flowGraph, parseFlow } from "#flow/index.ts";
import { boxesOf, drawGraph } from "./drawing.ts";
import { lanePath, lanesOf } from "./lanes.ts";

function lanesIn(needs: string): string[] {
  const { flow } = parseFlow(
    `id: f\ntasks:\n  - id: g\n    dag:\n      - { id: a, log: x }\n      - { id: b, needs: a, log: x }\n      - { id: c, needs: ${needs}, log: x }\n`,
  );
  if (flow === null) throw new Error("no flow");
  const drawing = drawGraph(flowGraph(flow));
  const boxes = boxesOf(drawing);
  const lanes = lanesOf(drawing.nodes, drawing.edges, boxes);
  const b = boxes.get("g/b");
  for (const lane of lanes.values()) expect(lane).toBeGreaterThan((b?.x ?? 0) + (b?.width ?? 0));
  return [...lanes.keys()];
}

test("an edge that would run behind a task goes around it, others go straight", () => {
  expect(lanesIn("[a, b]")).toEqual(["g/a>g/c"]);
  expect(lanesIn("b")).toEqual([]);
});

test("the way around begins and ends where the edge does", () => {
  const path = lanePath({ x: 10, y: 0 }, { x: 10, y: 100 }, 60);
  expect(path.startsWith("M10 0")).toBe(true);
  expect(path.endsWith("V100")).toBe(true);
  expect(path).toContain("H55");
});
