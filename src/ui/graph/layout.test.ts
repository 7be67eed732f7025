import { describe, expect, it } from "vitest";
import { layoutGraph, type LayoutNode } from "./layout.ts";

const node = (id: string, parent: string | null = null): LayoutNode => ({
  id,
  parent,
  width: 100,
  height: 30,
});
const options = { gapX: 10, gapY: 20, padding: 10, title: 30, room: Infinity };

describe("layoutGraph", () => {
  it("puts a sequence one below the other, centred", () => {
    const wide = { ...node("b"), width: 200 };
    const { places, width, height } = layoutGraph([node("a"), wide], [{ from: "a", to: "b" }], options);
    expect(places.get("a")).toEqual({ x: 50, y: 0, width: 100, height: 30 });
    expect(places.get("b")).toEqual({ x: 0, y: 50, width: 200, height: 30 });
    expect([width, height]).toEqual([200, 80]);
  });

  it("puts tasks without an order side by side inside their container and sizes it", () => {
    const { places } = layoutGraph([node("all"), node("all/x", "all"), node("all/y", "all")], [], options);
    expect(places.get("all/x")).toMatchObject({ x: 10, y: 30 });
    expect(places.get("all/y")).toMatchObject({ x: 120, y: 30 });
    expect(places.get("all")).toEqual({ x: 0, y: 0, width: 230, height: 70 });
  });

  it("ranks containers by the edges of what they hold", () => {
    const { places } = layoutGraph(
      [node("a"), node("box"), node("box/x", "box")],
      [{ from: "a", to: "box/x" }],
      options,
    );
    expect(places.get("box")?.y).toBe(50);
  });

  it("puts neighbours below each other where the room is too small", () => {
    const { places } = layoutGraph([node("a"), node("b"), node("c")], [], { ...options, room: 215 });
    expect([places.get("a")?.y, places.get("b")?.y, places.get("c")?.y]).toEqual([0, 0, 50]);
  });

  it("keeps to the ranks of what keeps them, where the room is too small as well", () => {
    const dag = { ...node("dag"), isDag: true };
    const { places } = layoutGraph([dag, node("dag/x", "dag"), node("dag/y", "dag")], [], {
      ...options,
      room: 150,
    });
    expect(places.get("dag/y")).toMatchObject({ x: 120, y: 30 });
  });

  it("ends on a cycle and on a parent that is not there", () => {
    const { places } = layoutGraph(
      [node("a"), node("b"), node("c", "gone")],
      [
        { from: "a", to: "b" },
        { from: "b", to: "a" },
      ],
      options,
    );
    expect(places.size).toBe(3);
  });
});
