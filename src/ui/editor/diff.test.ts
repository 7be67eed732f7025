import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyChanges } from "#flow/index.ts";
import { changesBetween, compareTexts, countOf, trimmed } from "./diff.ts";

const texts = fc
  .array(fc.constantFrom("a", "b", "c", "", "  - id: x"), { maxLength: 12 })
  .map((lines) => lines.join("\n"));

describe("comparing texts", () => {
  it("shows every line of both in order, and no line that is the same as changed alone", () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const rows = compareTexts(before, after);
        const side = (of: "left" | "right") =>
          rows.flatMap((row) => (row[of] === null ? [] : [row[of]?.text])).join("\n");
        expect(side("left")).toBe(before);
        expect(side("right")).toBe(after);
        for (const row of rows)
          expect(row.kind === "same").toBe(
            row.left?.text === row.right?.text &&
              row.left !== null &&
              row.right !== null &&
              row.kind === "same",
          );
        if (before === after) expect(countOf(rows)).toEqual({ added: 0, removed: 0 });
      }),
      { seed: 3 },
    );
  });

  it("changes that make one text the other do, line by line and trimmed", () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const changes = changesBetween(before, after);
        expect(applyChanges(before, changes)).toBe(after);
        expect(
          applyChanges(
            before,
            changes.map((change) => trimmed(before, change)),
          ),
        ).toBe(after);
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  it("a line in the middle leaves the others alone", () => {
    expect(compareTexts("a\nb\nc", "a\nB\nc").map((row) => row.kind)).toEqual(["same", "changed", "same"]);
    expect(changesBetween("a\nb\nc", "a\nc")).toEqual([{ from: 2, to: 4, insert: "" }]);
  });
});
