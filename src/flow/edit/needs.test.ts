import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { applyChanges } from "./change.ts";
import { editFlow, type Gesture } from "./gesture.ts";

type Style = "one" | "brackets" | "lines";
type Task = { readonly id: string; readonly needs: readonly string[]; readonly style: Style };
const names = ["a", "b", "c", "d", "e"] as const;

/** Dags without cycles: each task needs some of those before it in a random order, and is written in a random place. */
const dags: fc.Arbitrary<readonly Task[]> = fc.shuffledSubarray([...names], { minLength: 2 }).chain((order) =>
  fc
    .tuple(
      ...order.map((id, index) =>
        fc.record({
          id: fc.constant(id),
          needs: fc.shuffledSubarray(order.slice(0, index)),
          style: fc.constantFrom<Style[]>("one", "brackets", "lines"),
        }),
      ),
    )
    .chain((tasks) => fc.shuffledSubarray(tasks as Task[], { minLength: tasks.length })),
);

function written(tasks: readonly Task[], isBlock: boolean): string {
  const lines = tasks.flatMap(({ id, needs, style }) => {
    const [only] = needs;
    const inLine = needs.length === 1 && style === "one" ? only : `[${needs.join(", ")}]`;
    if (!isBlock)
      return [`      - { id: ${id}, ${needs.length === 0 ? "" : `needs: ${inLine}, `}log: x } # of ${id}`];
    const said =
      needs.length === 0
        ? []
        : style === "lines"
          ? ["        needs: # first", ...needs.map((need) => `          - ${need} # that`)]
          : [`        needs: ${inLine} # first`];
    return [`      # about ${id}`, `      - id: ${id}`, ...said, `        log: x # of ${id}`, ""];
  });
  return ["id: f", "tasks:", "  - id: graph", "    dag:", ...lines, "outputs: { n: 1 }", ""].join("\n");
}

function needsIn(text: string): Map<string, string[]> {
  const flow = parse(text) as { tasks: { dag: { id: string; log: string; needs?: string | string[] }[] }[] };
  const dag = flow.tasks[0]?.dag ?? [];
  for (const task of dag) expect(task.log).toBe("x");
  return new Map(dag.map(({ id, needs }) => [id, [needs ?? []].flat()]));
}

function reaches(tasks: readonly Task[], from: string, to: string): boolean {
  if (from === to) return true;
  return tasks.some((task) => task.id === from && task.needs.some((need) => reaches(tasks, need, to)));
}

const edited = (text: string, gesture: Gesture): string => applyChanges(text, editFlow(text, gesture));
const drawn = fc.tuple(dags, fc.boolean()).chain(([tasks, isBlock]) =>
  fc.record({
    tasks: fc.constant(tasks),
    isBlock: fc.constant(isBlock),
    at: fc.nat(tasks.length - 1),
    other: fc.nat(tasks.length - 1),
  }),
);

describe("edges of a dag", () => {
  it("drawing one adds the need and nothing else, or is refused where it would close a circle", () => {
    fc.assert(
      fc.property(drawn, ({ tasks, isBlock, at, other }) => {
        const text = written(tasks, isBlock);
        const [task, before] = [tasks[at], tasks[other]];
        if (task === undefined || before === undefined) return;
        const gesture: Gesture = { kind: "need", task: ["tasks", 0, "dag", at], on: before.id };
        if (reaches(tasks, before.id, task.id)) {
          expect(() => edited(text, gesture)).toThrow(task === before ? "itself" : "wait for each other");
          return;
        }
        const after = edited(text, gesture);
        const expected = needsIn(text);
        if (!task.needs.includes(before.id)) expected.set(task.id, [...task.needs, before.id]);
        expect(needsIn(after)).toEqual(expected);
        // Whatever stood there before stands there still, in the same order.
        let seen = 0;
        for (const sign of after) if (sign === text[seen]) seen += 1;
        expect(seen).toBe(text.length);
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it("taking one away takes that need and nothing else", () => {
    fc.assert(
      fc.property(drawn, ({ tasks, isBlock, at, other }) => {
        const text = written(tasks, isBlock);
        const task = tasks[at];
        const on = task?.needs[other % Math.max(1, task.needs.length)];
        if (task === undefined || on === undefined) return;
        const after = edited(text, { kind: "unneed", task: ["tasks", 0, "dag", at], on });
        const expected = needsIn(text);
        expected.set(
          task.id,
          task.needs.filter((need) => need !== on),
        );
        expect(needsIn(after)).toEqual(expected);
        const outside = (of: string): string[] =>
          of
            .split("\n")
            .map((line) => line.replace(/needs: (?:\[[^\]]*\]|\w+), /, ""))
            .filter((line) => !/needs:|# that/.test(line));
        expect(outside(after)).toEqual(outside(text));
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it("drawing one that is taken away again leaves the text as it reads", () => {
    fc.assert(
      fc.property(drawn, ({ tasks, isBlock, at, other }) => {
        const text = written(tasks, isBlock);
        const [task, before] = [tasks[at], tasks[other]];
        if (task === undefined || before === undefined || reaches(tasks, before.id, task.id)) return;
        if (task.needs.includes(before.id)) return;
        const path = ["tasks", 0, "dag", at];
        const drawnOne = edited(text, { kind: "need", task: path, on: before.id });
        const back = edited(drawnOne, { kind: "unneed", task: path, on: before.id });
        expect(needsIn(back)).toEqual(needsIn(text));
        // A single name becomes a list of one; all else is as it was.
        if (task.needs.length !== 1 || task.style !== "one") expect(back).toBe(text);
      }),
      { numRuns: 300, seed: 6 },
    );
  });

  it("removing a task takes it out of what others need", () => {
    fc.assert(
      fc.property(drawn, ({ tasks, isBlock, at }) => {
        const text = written(tasks, isBlock);
        const gone = tasks[at];
        if (gone === undefined) return;
        const after = edited(text, { kind: "remove", task: ["tasks", 0, "dag", at] });
        const expected = needsIn(text);
        expected.delete(gone.id);
        for (const [id, needs] of expected)
          expected.set(
            id,
            needs.filter((need) => need !== gone.id),
          );
        expect(needsIn(after)).toEqual(expected);
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  it("says which tasks would wait for each other", () => {
    const text =
      "id: f\ntasks:\n  - id: g\n    dag:\n      - { id: a, log: x }\n      - { id: b, needs: a, log: x }\n      - { id: c, needs: [b], log: x }\n";
    expect(() => edited(text, { kind: "need", task: ["tasks", 0, "dag", 0], on: "c" })).toThrow(
      '"a" can\'t need "c": they would wait for each other, since c needs b, b needs a.',
    );
    expect(() => edited(text, { kind: "need", task: ["tasks", 0], on: "c" })).toThrow("Only tasks of a dag");
    expect(() => edited(text, { kind: "need", task: ["tasks", 0, "dag", 0], on: "z" })).toThrow(
      "does not stand beside",
    );
    expect(() => edited(text, { kind: "need", task: ["tasks", 0, "dag", 7], on: "a" })).toThrow(
      "not in the text any more",
    );
  });

  it("writes into needs that are empty or not there", () => {
    const flow = (needs: string) =>
      `id: f\ntasks:\n  - id: g\n    dag:\n      - id: a\n        log: x\n      - id: b\n${needs}        log: x\n`;
    const path = ["tasks", 0, "dag", 1];
    for (const needs of ["", "        needs:\n", "        needs: []\n", "        needs: ~ # none\n"]) {
      expect(needsIn(edited(flow(needs), { kind: "need", task: path, on: "a" })).get("b"), needs).toEqual([
        "a",
      ]);
    }
  });
});
