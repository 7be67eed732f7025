import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Person } from "#collab/client.ts";
import { flowGraph, parseFlow } from "#flow/index.ts";
import { boxesOf, drawGraph } from "../../graph/drawing.ts";
import { placesOf } from "../language/places.ts";
import { valueAround } from "../language/where.ts";
import { claimOf, holderOf } from "./claims.ts";
import { pointerAt, pointOf } from "./pointers.tsx";
import { firstClash } from "./use-clash.ts";

const text = `id: desk
tasks:
  - id: write
    log: hello # said
  - id: both
    parallel:
      - { id: left, log: "a b" }
      - id: right
        set: { limit: 40 }
`;
const parsed = parseFlow(text);
if (parsed.flow === null) throw new Error("no flow");
const places = placesOf(parsed, parsed.flow);

function person(client: number, editing: unknown, more: Partial<Person> = {}): Person {
  return {
    client,
    id: `user_${client}`,
    name: `Person ${client}`,
    color: "#000",
    role: "writer",
    self: false,
    state: { editing },
    ...more,
  };
}

describe("fields that somebody is editing", () => {
  const claim = (turn: number, field = "log") => ({ node: "write", field, turn });

  it("belong to who took them last; of those who began at once to one and the same on every screen", () => {
    const people = [person(9, claim(1)), person(3, claim(1)), person(5, claim(1, "title"))];
    expect(holderOf(people, "write", "log")?.person.client).toBe(3);
    expect(holderOf(people.toReversed(), "write", "log")?.person.client).toBe(3);
    expect(holderOf([...people, person(12, claim(2))], "write", "log")?.person.client).toBe(12);
    expect(holderOf(people, "both", "log")).toBeNull();
  });

  it("are nobody's by what readers say, or by what is no claim", () => {
    expect(holderOf([person(1, claim(1), { role: "reader" })], "write", "log")).toBeNull();
    for (const said of [null, 7, "log", {}, { node: "write", field: 3, turn: 1 }]) {
      expect(claimOf(person(1, said))).toBeNull();
    }
  });
});

describe("a pointer on the canvas", () => {
  const graph = flowGraph(parsed.flow ?? never());
  const wide = drawGraph(graph);
  const narrow = drawGraph(graph, 200);

  it("is over the same task at the same place, however wide the other one's canvas is", () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(unit, unit, (x, y) => {
        const point = { x: x * wide.width, y: y * wide.height };
        const said = pointerAt(wide, boxesOf(wide), point);
        const back = pointOf(wide, boxesOf(wide), said);
        expect(Math.abs((back?.x ?? 0) - point.x)).toBeLessThan(1);
        expect(Math.abs((back?.y ?? 0) - point.y)).toBeLessThan(1);
        const there = pointOf(narrow, boxesOf(narrow), said);
        const box = said.node === null ? undefined : boxesOf(narrow).get(said.node);
        if (box === undefined || there === null) return;
        expect(there.x).toBeGreaterThanOrEqual(box.x - 1);
        expect(there.x).toBeLessThanOrEqual(box.x + box.width + 1);
      }),
    );
  });

  it("is not shown where its task is not drawn", () => {
    expect(pointOf(wide, boxesOf(wide), { node: "gone", x: 0, y: 0 })).toBeNull();
  });
});

describe("values", () => {
  const at = (word: string) => valueAround(text, text.indexOf(word) + 1, places);

  it("are known by their task and their keys", () => {
    expect(at("hello")).toMatchObject({ node: "write", label: "log", source: "hello" });
    expect(at("a b")).toMatchObject({ node: "both/left", label: "log", source: '"a b"' });
    expect(at("40")).toMatchObject({ node: "both/right", label: "set.limit", source: "40" });
    expect(at("desk")).toMatchObject({ node: null, label: "id" });
    expect(at("# said")).toBeNull();
    expect(at("parallel")).toBeNull();
  });

  it("are met in where two changes touch, or where each made something else of one short value", async () => {
    const value = (offset: number) => Promise.resolve(valueAround(text, offset, places));
    const from = text.indexOf("hello");
    const own = { from, to: from + 2, removed: true };
    const met = (start: number, end: number, removed: boolean) =>
      firstClash([{ own, other: { from: start, to: end, removed }, clients: [7] }], value);
    expect(await met(from + 2, from + 4, false)).toMatchObject({ clients: [7], value: { label: "log" } });
    expect(await met(from + 4, from + 5, false)).toMatchObject({ value: { source: "hello" } });
    expect(await met(text.indexOf("40"), text.indexOf("40") + 1, true)).toBeNull();
    const typed = {
      own: { ...own, removed: false },
      other: { from: from + 4, to: from + 5, removed: false },
      clients: [7],
    };
    expect(await firstClash([typed], value)).toBeNull();
  });
});

function never(): never {
  throw new Error("no flow");
}
