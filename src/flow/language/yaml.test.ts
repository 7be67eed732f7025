import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { parseFlow } from "./parse.ts";

function first(text: string): { rule: string; line: number; column: number; message: string } | undefined {
  const [problem] = parseFlow(text).problems;
  return (
    problem && { rule: problem.rule, line: problem.line, column: problem.column, message: problem.message }
  );
}

describe("the text", () => {
  test("[L1] refuses a text of two million characters", () => {
    expect(first(`id: x\n# ${"a".repeat(2_000_000)}`)?.rule).toBe("L1");
    expect(parseFlow(`id: x\n# ${"a".repeat(900_000)}\ntasks: []`).flow).not.toBeNull();
  });

  test("[L2] tells where YAML ends to be YAML, and refuses a second document and values beyond JSON", () => {
    expect(first("id: x\ntasks: [")).toMatchObject({ rule: "L2", line: 2 });
    expect(first("id: x\n---\nid: y")).toMatchObject({ rule: "L2", line: 2 });
    expect(first("id: x\nvars: { a: .nan }\ntasks: [{ id: a, log: x }]")).toMatchObject({
      rule: "L2",
      line: 2,
      column: 12,
    });
  });

  test("[L3] tells of a tab in the indentation", () => {
    expect(first("id: x\ntasks:\n\t- id: a")).toMatchObject({ rule: "L3", line: 3, column: 1 });
  });

  test("[L4] refuses anchors, aliases and tags, so that no bomb can be built", () => {
    const bomb = ["a: &a [x, x]", ...Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*a, *a]`)].join(
      "\n",
    );
    const parsed = parseFlow(bomb);
    expect(parsed.problems.length).toBeGreaterThan(1);
    expect(parsed.problems.filter((one) => one.rule === "L4").length).toBeGreaterThan(10);
    expect(first("id: !!js/function x\ntasks: [{ id: a, log: x }]")?.rule).toBe("L4");
  });

  test("[L5] refuses deep nesting of every kind", () => {
    const blocks = Array.from({ length: 300 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n");
    for (const text of [
      "[".repeat(100_000),
      "{a: ".repeat(5_000),
      blocks,
      `a: ${"[".repeat(80)}${"]".repeat(80)}`,
    ]) {
      const { flow, problems } = parseFlow(text);
      expect(flow).toBeNull();
      expect(problems[0]?.rule).toMatch(/^L[25]$/);
    }
    expect(first(`a: ${"[".repeat(80)}${"]".repeat(80)}`)?.rule).toBe("L5");
    expect(first("- ".repeat(50_000))?.rule).toBe("L5");
  });

  test("[L6] tells of a key that stands twice, at the second one", () => {
    const text = "id: x\ntasks:\n  - id: a\n    log: x\nid: y";
    expect(first(text)).toMatchObject({ rule: "L6", line: 5, column: 1 });
    expect(parseFlow(text).flow?.id).toBe("x");
    expect(first("__proto__: { a: 1 }\nid: x\ntasks: [{ id: a, log: x }]")?.rule).toBe("L6");
    expect({}).not.toHaveProperty("a");
  });

  test("[L15] wants a map with id and tasks", () => {
    expect(first("")).toMatchObject({ rule: "L15" });
    expect(first("- a")).toMatchObject({ rule: "L15" });
    expect(first("tasks: [{ id: a, log: x }]")).toMatchObject({ rule: "L15", message: 'A flow needs "id".' });
    expect(first("id: x")).toMatchObject({ rule: "L15", message: 'A flow needs "tasks".' });
    expect(first("id: x\ntasks: 3")).toMatchObject({ rule: "L10", line: 2 });
  });

  test("[L25] never throws, whatever the text", () => {
    const word = fc.constantFrom(
      "id",
      "tasks",
      ":",
      "- ",
      "\n",
      "  ",
      "{",
      "}",
      "[",
      "]",
      "{{",
      "}}",
      "agent",
      "if",
      "&a",
      "*a",
      "'",
      '"',
      "|",
      "1",
      "null",
      "inputs.",
      "\t",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        expect(Array.isArray(parseFlow(words.join("")).problems)).toBe(true);
      }),
      { numRuns: 300, seed: 7 },
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        const parsed = parseFlow(`id: x\ntasks:\n  - ${json.replaceAll("\n", " ")}`);
        for (const problem of parsed.problems) expect(problem.line).toBeGreaterThan(0);
      }),
      { numRuns: 200, seed: 7 },
    );
  });
});
