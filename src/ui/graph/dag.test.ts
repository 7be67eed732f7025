import Elk from "elkjs/lib/elk.bundled.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flowGraph, parseFlow } from "#flow/index.ts";
import {
  type Arrangement,
  arrangementOf,
  type Dag,
  edgeKey,
  elkGraphOf,
  keyOf,
  middleOf,
  wayPath,
} from "./dag.ts";
import { boxesOf, drawGraph } from "./drawing.ts";

const elk = new Elk();
const gap = { x: 16, y: 24 };

async function arranged(dag: Dag): Promise<Arrangement> {
  const found = arrangementOf(dag, await elk.layout(elkGraphOf(dag, gap)));
  if (found === null) throw new Error("ELK arranged nothing.");
  return found;
}

/** Dags of up to 14 tasks in which each needs some of those before it. */
const dags = fc
  .array(
    fc.record({
      width: fc.integer({ min: 112, max: 272 }),
      height: fc.constantFrom(32, 32, 120),
      needs: fc.array(fc.nat(20), { maxLength: 3 }),
    }),
    { minLength: 2, maxLength: 14 },
  )
  .map((tasks): Dag => ({
    held: tasks.map(({ width, height }, index) => ({ id: `dag/${index}`, width, height })),
    edges: tasks.flatMap(({ needs }, index) =>
      needs.filter((need) => need < index).map((need) => ({ from: `dag/${need}`, to: `dag/${index}` })),
    ),
  }));

describe("a dag's arrangement", () => {
  it("stands each task below what it needs, none on another, and leads edges around them", async () => {
    await fc.assert(
      fc.asyncProperty(dags, async (dag) => {
        const { places, ways, width, height } = await arranged(dag);
        const boxes = dag.held.map((task) => ({ ...task, ...(places.get(task.id) ?? { x: NaN, y: NaN }) }));
        const boxOf = (id: string) =>
          boxes.find((box) => box.id === id) ?? { x: NaN, y: NaN, width: 0, height: 0 };
        for (const box of boxes) {
          expect(box.x).toBeGreaterThanOrEqual(0);
          expect(box.x + box.width).toBeLessThanOrEqual(width + 0.01);
          expect(box.y + box.height).toBeLessThanOrEqual(height + 0.01);
          for (const other of boxes) {
            if (other.id <= box.id) continue;
            const apart =
              other.x >= box.x + box.width ||
              box.x >= other.x + other.width ||
              other.y >= box.y + box.height ||
              box.y >= other.y + other.height;
            expect(apart).toBe(true);
          }
        }
        for (const edge of dag.edges) {
          const [from, to] = [boxOf(edge.from), boxOf(edge.to)];
          expect(to.y).toBeGreaterThanOrEqual(from.y + from.height);
          const way = ways.get(edgeKey(edge)) ?? [];
          expect(way.length).toBeGreaterThanOrEqual(2);
          expect(way.at(0)?.y).toBeCloseTo(from.y + from.height);
          expect(way.at(-1)?.y).toBeCloseTo(to.y);
          for (const [index, end] of way.slice(1).entries()) {
            const start = way[index] ?? end;
            const [left, right] = [Math.min(start.x, end.x), Math.max(start.x, end.x)];
            const [top, bottom] = [Math.min(start.y, end.y), Math.max(start.y, end.y)];
            const through = boxes.filter(
              (box) =>
                box.x + 1 < right &&
                box.x + box.width - 1 > left &&
                box.y + 1 < bottom &&
                box.y + box.height - 1 > top,
            );
            expect(through).toEqual([]);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("is wanted by a drawing that has none, and then used, inside of containers too", async () => {
    const { flow } = parseFlow(`id: d
tasks:
  - id: all
    dag:
      - { id: a, log: x }
      - { id: b, log: x, needs: a }
      - { id: c, needs: b, sequence: [{ id: inner, dag: [{ id: p, log: x }, { id: q, log: x, needs: p }] }] }
      - { id: d, log: x, needs: [a, c] }
`);
    if (flow === null) throw new Error("The flow was not read.");
    const graph = flowGraph(flow);
    const known = new Map<string, Arrangement | null>();
    let rounds = 0;
    for (; rounds < 5; rounds += 1) {
      const { wanted } = drawGraph(graph, Infinity, known);
      if (wanted.length === 0) break;
      for (const dag of wanted) known.set(keyOf(dag), await arranged(dag));
    }
    expect(rounds).toBeLessThanOrEqual(2);
    const drawing = drawGraph(graph, Infinity, known);
    const boxes = boxesOf(drawing);
    const [around, last] = [boxes.get("all"), boxes.get("all/d")];
    expect(last && around && last.y + last.height).toBeLessThanOrEqual(
      (around?.y ?? 0) + (around?.height ?? 0),
    );
    // From the first over the two between to the last, around them.
    expect(
      drawing.edges.find(({ from, to }) => from === "all/a" && to === "all/d")?.way?.length,
    ).toBeGreaterThan(2);
    expect(drawing.edges.filter(({ way }) => way === null)).toEqual([]);
    expect(drawGraph(graph).wanted).toEqual([]);
  });

  it("is none where ELK left a task out, and is drawn in ranks then", () => {
    const dag: Dag = {
      held: [
        { id: "a", width: 100, height: 32 },
        { id: "b", width: 100, height: 32 },
      ],
      edges: [{ from: "a", to: "b" }],
    };
    expect(arrangementOf(dag, { id: "dag", children: [{ id: "0", x: 0, y: 0 }] })).toBeNull();
  });
});

describe("a way", () => {
  const way = [
    { x: 0, y: 0 },
    { x: 0, y: 40 },
    { x: 20, y: 40 },
    { x: 20, y: 44 },
  ];

  it("turns round corners, tighter where there is little room", () => {
    expect(wayPath(way)).toBe("M0 0L0 34Q0 40 6 40L14 40Q20 40 20 42L20 44");
    expect(wayPath(way.slice(0, 2))).toBe("M0 0L0 40");
    expect(wayPath([])).toBe("");
  });

  it("has its middle half way along", () => {
    expect(middleOf(way)).toEqual({ x: 0, y: 32 });
    expect(middleOf([{ x: 1, y: 2 }])).toEqual({ x: 1, y: 2 });
  });
});
