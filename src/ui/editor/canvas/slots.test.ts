import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyChanges, editFlow, flowGraph, parseFlow } from "#flow/index.ts";
import { boxesOf, drawGraph } from "../../graph/drawing.ts";
import { placesOf } from "../language/places.ts";
import { addTo, moveTo } from "./moves.ts";
import { slotAt, slotsOf } from "./slots.ts";

const text = `id: desk
tasks:
  # first
  - id: one
    log: x
  - id: check
    if: 1 == 1
    then:
      - id: yes1
        log: x
  - id: both
    parallel:
      - id: left
        log: x
      - id: right
        log: x
  - id: graph
    dag:
      - id: a
        log: x
      - id: b
        needs: a
        log: x
  - id: empty
    sequence: []
  - id: last
    log: x
    errors:
      - id: sorry
        log: x
`;

function opened(content: string) {
  const parsed = parseFlow(content);
  if (parsed.flow === null) throw new Error("no flow");
  const places = placesOf(parsed, parsed.flow);
  const drawing = drawGraph(flowGraph(parsed.flow, parsed.broken, parsed.paths));
  return { places, drawing };
}

const { places, drawing } = opened(text);
const taskIds = places.map(({ id }) => id);

describe("where a task can be put", () => {
  it("is between the tasks of each list, into what is empty, and under a branch that is not there yet", () => {
    const words = slotsOf(drawing, places, null).map((slot) => slot.words);
    expect(new Set(words)).toEqual(
      new Set([
        "before one",
        "before check",
        "before yes1",
        "at the end of check, then",
        'under "else" of check',
        "before both",
        "before left",
        "before right",
        "at the end of both",
        "before graph",
        "inside of graph",
        "before empty",
        "inside of empty",
        "before last",
        "before sorry",
        "at the end of last, when it fails",
        "at the end of the flow",
      ]),
    );
    expect(words).toHaveLength(17);
  });

  it("is neither in itself nor where it is", () => {
    const keys = slotsOf(drawing, places, "both").map(({ key }) => key);
    expect(keys).not.toContain("before both");
    expect(keys).not.toContain("before both/left");
    expect(keys).not.toContain("before graph");
    expect(keys).toContain("before one");
    expect(slotsOf(drawing, places, "last").map(({ key }) => key)).not.toContain("after last");
    expect(slotsOf(drawing, places, "graph/a").map(({ key }) => key)).not.toContain("inside graph dag");
  });

  it("is the nearest place in the innermost container under the pointer", () => {
    const slots = slotsOf(drawing, places, null);
    const boxes = boxesOf(drawing);
    const near = (id: string, dx: number, dy: number): string | undefined => {
      const box = boxes.get(id);
      if (box === undefined) throw new Error(`${id} is not drawn`);
      return slotAt(drawing, slots, { x: box.x + dx * box.width, y: box.y + dy * box.height })?.key;
    };
    expect(near("one", 0.5, 0.2)).toBe("before one");
    expect(near("one", 0.5, 1.2)).toBe("before check");
    expect(near("both/right", 0.1, 0.5)).toBe("before both/right");
    expect(near("both/right", 0.9, 0.5)).toBe("after both/right");
    expect(near("check/yes1", 0.5, 0.9)).toBe("after check/yes1");
    expect(near("check", 0.5, 0.05)).toBe("inside check else");
    expect(near("graph/a", 0.5, 0.5)).toBe("inside graph dag");
    expect(near("empty", 0.5, 0.5)).toBe("inside empty sequence");
    expect(near("last", 0.5, 3)).toBe("after last");
  });

  it("holds for any task and any place: the text reads as a flow with the same tasks, the moved one where it was put", () => {
    const moves = fc.constantFrom(...taskIds).chain((id) => {
      const slots = slotsOf(drawing, places, id);
      return fc.record({ id: fc.constant(id), slot: fc.constantFrom(...slots) });
    });
    const lines = (of: string): string[] =>
      of
        .split("\n")
        .map((line) => line.trim().replace(/ \[\]$/, ""))
        .filter((line) => !/^else:|^sequence:|^dag:|^then:|^errors:|^parallel:/.test(line))
        .toSorted();
    fc.assert(
      fc.property(moves, ({ id, slot }) => {
        const gesture = moveTo(id, slot.slot)(places);
        if (gesture === null) throw new Error("no gesture");
        const after = applyChanges(text, editFlow(text, gesture));
        const own = (path: string): string => path.split("/").at(-1) ?? "";
        const read = opened(after).places.map((place) => place.id);
        expect(read.map(own).toSorted(), after).toEqual(taskIds.map(own).toSorted());
        // No line is lost or written anew but those of lists that became empty or came to be.
        expect(lines(after)).toEqual(lines(text));
        const at = read.findIndex((path) => own(path) === own(id));
        if (slot.slot.kind === "before") {
          const before = read.findIndex((path) => own(path) === own(slot.slot.id ?? ""));
          expect(before).toBeGreaterThan(at);
        }
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it("takes new tasks as well", () => {
    for (const slot of slotsOf(drawing, places, null)) {
      const gesture = addTo(slot.slot, "wait")(places);
      if (gesture === null) throw new Error("no gesture");
      const read = opened(applyChanges(text, editFlow(text, gesture)));
      expect(read.places).toHaveLength(places.length + 1);
    }
    const gesture = addTo({ kind: "inside", id: null, list: "tasks" }, "log")([]);
    if (gesture === null) throw new Error("no gesture");
    expect(
      opened(applyChanges("id: f\ntasks: []\n", editFlow("id: f\ntasks: []\n", gesture))).places,
    ).toHaveLength(1);
  });
});
