import { describe, expect, test } from "vitest";
import fc from "fast-check";
import type { Json } from "#base/index.ts";
import { compileExpression } from "./compile.ts";
import { evaluateCondition, evaluateExpression } from "./evaluate.ts";
import { isExpressionError } from "./errors.ts";
import { expressionFacts } from "./references.ts";
import { evaluateTemplate } from "./template.ts";

const scope = {
  inputs: { amount: 3, list: [1, 2, 3], text: "abc", map: { a: 1 }, nothing: null },
  now: 0,
};
const run = (text: string): Json => evaluateExpression(text, scope);

function failure(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(isExpressionError(error)).toBe(true);
    return error instanceof Error ? error.message : "";
  }
  throw new Error("it did not fail");
}

describe("templates", () => {
  test("[E1] exactly one expression keeps the type of its value", () => {
    expect(evaluateTemplate("{{ inputs.list }}", scope)).toEqual([1, 2, 3]);
    expect(evaluateTemplate({ a: ["{{ inputs.amount }}", 4, null] }, scope)).toEqual({ a: [3, 4, null] });
    expect(evaluateTemplate("{{ {'a': {'b': 1}} }}", scope)).toEqual({ a: { b: 1 } });
  });

  test("[E2] in longer texts values stand as text", () => {
    expect(evaluateTemplate("a {{ inputs.amount }}, {{ inputs.map }}, {{ inputs.nothing }}.", scope)).toBe(
      'a 3, {"a":1}, .',
    );
    expect(evaluateTemplate('{{ "}}" }} and \\{{ x }}', scope)).toBe("}} and {{ x }}");
    expect(failure(() => evaluateTemplate("a {{ b", scope))).toContain("not closed");
  });

  test("[E3] secrets stay references", () => {
    expect(evaluateTemplate("{{ secret('KEY') }}", scope)).toEqual({ $secret: "KEY" });
    expect(evaluateTemplate("Bearer {{ secret('KEY') }}!{{ inputs.amount }}", scope)).toEqual({
      $template: ["Bearer ", { $secret: "KEY" }, "!3"],
    });
  });

  test("[E4] data can't pose as a secret", () => {
    const hostile = { inputs: { a: { $secret: "KEY" }, b: { c: { $template: [] } } } };
    expect(failure(() => evaluateTemplate("{{ inputs.a }}", hostile))).toContain("secret()");
    expect(failure(() => evaluateTemplate("x {{ inputs }}", hostile))).toContain("secret()");
    expect(failure(() => evaluateTemplate("{{ inputs.b }}", hostile))).toContain("secret()");
  });

  test("texts without braces come back as they are", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes("{{"));
        expect(evaluateTemplate(text, scope)).toBe(text);
      }),
    );
  });
});

describe("expressions", () => {
  test("[E5] numbers of JSON and whole numbers mix", () => {
    expect(
      [
        "inputs.amount * 2",
        "2 * inputs.amount",
        "inputs.amount / 2",
        "inputs.amount % 2",
        "inputs.amount - 1",
        "1 + inputs.amount",
      ].map(run),
    ).toEqual([6, 6, 1.5, 1, 2, 4]);
    expect(
      run("size(inputs.list) == inputs.amount && inputs.amount > 2 && inputs.list[inputs.amount - 1] == 3"),
    ).toBe(true);
    expect(run("inputs.list.map(x, x + 1)")).toEqual([2, 3, 4]);
    expect(run("7 / 2")).toBe(3);
  });

  test("[E6] results are JSON", () => {
    expect(run("now")).toBe("1970-01-01T00:00:00.000Z");
    expect(run("now + duration('1h')")).toBe("1970-01-01T01:00:00.000Z");
    expect(run("duration('90m')")).toBe("1h30m");
    expect(run("{'a': [1, 2.5, null]}")).toEqual({ a: [1, 2.5, null] });
    expect(failure(() => run("inputs.amount / 0"))).toContain("finite");
    expect(failure(() => run("bytes('a')"))).toContain("JSON");
  });

  test("[E7] texts have helpers", () => {
    expect(run("inputs.text.slice(1, 80)")).toBe("bc");
    expect(run("' A,b '.trim().lower().split(',')")).toEqual(["a", "b"]);
    expect(run("[1, 'x', inputs.amount].join('-')")).toBe("1-x-3");
    expect(run("'aXbX'.replace('X', '.').upper()")).toBe("A.B.");
    expect(run("inputs.text.contains('b') && inputs.text.startsWith('a') && inputs.text.endsWith('c')")).toBe(
      true,
    );
    expect(run("inputs.list.slice(1)")).toEqual([2, 3]);
  });

  test("[E8] patterns are looked for in linear time", () => {
    expect(run("inputs.text.matches('b')")).toBe(true);
    expect(run("(inputs.text).matches('^b')")).toBe(false);
    const long = { inputs: { text: "a".repeat(5_000) } };
    const before = performance.now();
    expect(evaluateExpression("inputs.text.matches('^(a+)+$x')", long)).toBe(false);
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(failure(() => run("inputs.text.matches('(')"))).toContain("RE2");
  });

  test("[E9] default, json, now and duration", () => {
    expect(run("default(inputs.nope.deeper, 'x')")).toBe("x");
    expect(run("default(inputs.nothing, 1) + default(inputs.amount, 9)")).toBe(4);
    expect(run(`json('{"a": [1]}').a[0]`)).toBe(1);
    expect(failure(() => run("json('nope')"))).toContain("not JSON");
    expect(run("now < timestamp('2030-01-01T00:00:00Z') && duration('2h') > duration('90m')")).toBe(true);
    expect(run("has(inputs.nope)")).toBe(false);
    expect(run("inputs.?nope.orValue(4)")).toBe(4);
  });

  test("[E10] a condition yields true or false", () => {
    expect(evaluateCondition("inputs.amount == 3", scope)).toBe(true);
    expect(failure(() => evaluateCondition("inputs.amount", scope))).toContain("true or false");
  });

  test("[E11] limits hold", () => {
    expect(failure(() => compileExpression("1 + ".repeat(3_000) + "1"))).toContain("longer");
    expect(failure(() => compileExpression("[".repeat(200)))).toContain("maxDepth");
    const loops = "inputs.list.map(a, inputs.list.map(b, inputs.list.map(c, c)))";
    expect(failure(() => compileExpression(loops))).toContain("2 deep");
    expect(
      failure(() =>
        evaluateExpression("inputs.text.replace('a', inputs.text)", { inputs: { text: "a".repeat(2_000) } }),
      ),
    ).toContain("grow");
    expect(failure(() => compileExpression("  "))).toContain("empty");
  });

  test("[E12] nothing but the data is reachable", () => {
    for (const text of [
      "inputs.__proto__",
      "inputs.constructor",
      "inputs.text.constructor",
      "constructor",
      "inputs.list.length",
      "globalThis",
      "inputs['__proto__']",
    ]) {
      expect(failure(() => run(text))).toMatch(/No such key|Unknown variable/);
    }
  });

  test("[E13] tells what it reads and calls", () => {
    const { references, calls } = expressionFacts(
      "default(inputs.zz, 1) + tasks.x['y'].out[inputs.i].foo + l.map(x, x.y + q)[0] + secret('A') + a.?b",
    );
    expect(references.map((one) => [one.names.join("."), one.guarded])).toEqual([
      ["inputs.zz", true],
      ["tasks.x.y.out.*.foo", false],
      ["inputs.i", false],
      ["l", false],
      ["q", false],
      ["a.b", true],
    ]);
    expect(calls.map((call) => [call.name, call.argument])).toEqual([
      ["default", undefined],
      ["secret", "A"],
    ]);
    expect(references[0]?.places[1]).toEqual({ start: 15, end: 17 });
  });
});
