import { describe, expect, test } from "vitest";
import { checkValue } from "../values/check.ts";
import { coerceInputs } from "../values/coerce.ts";
import { parseFlow } from "./parse.ts";
import { shapeOf, ShapeError } from "./shape.ts";

const file = { $file: { id: "file_1", name: "a.log", mediaType: "text/plain", bytes: 10, hash: "x" } };

describe("shapes", () => {
  test("[L12] reads short and long forms alike", () => {
    const shape = shapeOf({
      a: "string",
      b: { type: "number" },
      c: { enum: ["x", "y"] },
      d: { type: "array", items: "integer" },
    });
    expect(shape.fields.map((field) => [field.name, field.widget, field.optional])).toEqual([
      ["a", "text", false],
      ["b", "number", false],
      ["c", "select", false],
      ["d", "json", false],
    ]);
    expect(shape.schema).toEqual({
      type: "object",
      properties: {
        a: { type: "string" },
        b: { type: "number" },
        c: { enum: ["x", "y"] },
        d: { type: "array", items: { type: "integer" } },
      },
      required: ["a", "b", "c", "d"],
      additionalProperties: false,
    });
    const whole = shapeOf({ type: "object", properties: { a: { type: "string" } }, required: [] });
    expect(whole.fields).toMatchObject([{ name: "a", optional: true }]);
  });

  test("[L12] refuses what is not a shape, at its place", () => {
    expect(() => shapeOf({ a: "strnig" })).toThrow(ShapeError);
    expect(() => shapeOf({ a: 3 })).toThrow(/field "a"/);
    expect(() => shapeOf({ a: { enum: [] } })).toThrow(/enum/);
    const { problems } = parseFlow("id: x\ninputs:\n  a: { type: nubmer }\ntasks: [{ id: t, log: x }]");
    expect(problems).toMatchObject([{ rule: "L12", line: 3, path: ["inputs", "a", "type"] }]);
    expect(
      parseFlow(
        "id: x\nagents: { a: {} }\ntasks: [{ id: t, agent: a, prompt: x, returns: { a: { min: x } } }]",
      ).problems,
    ).toMatchObject([{ rule: "L12", path: ["tasks", 0, "returns", "a", "min"] }]);
  });

  test("[L17] fields are required unless optional or with a default; unknown keys are refused", () => {
    const { schema } = shapeOf({
      text: { type: "string", min: 2, max: 3 },
      n: { type: "number", min: 1, default: 5 },
      list: { type: "array", items: "string", max: 1, optional: true },
      day: { type: "date", optional: true },
      log: { type: "file", optional: true },
      any: { type: "any", optional: true },
    });
    expect(checkValue(schema, { text: "ab" })).toEqual({ ok: true, value: { text: "ab", n: 5 } });
    const errors = (value: unknown) => {
      const checked = checkValue(schema, value);
      return checked.ok ? [] : checked.errors.map((error) => error.path);
    };
    expect(errors({})).toEqual([""]);
    expect(errors({ text: "a" })).toEqual(["text"]);
    expect(errors({ text: "ab", n: 0 })).toEqual(["n"]);
    expect(errors({ text: "ab", list: ["a", "b"] })).toEqual(["list"]);
    expect(errors({ text: "ab", day: "2030-13-01" })).toEqual(["day"]);
    expect(errors({ text: "ab", log: "a" })).toEqual(["log"]);
    expect(errors({ text: "ab", log: file, any: [1] })).toEqual([]);
    expect(errors({ text: "ab", other: 1 })).toEqual([""]);
  });

  test("[L24] turns texts into values, and tells of each input what is wrong", () => {
    const shape = shapeOf({
      n: "number",
      flag: { type: "boolean", default: false },
      kind: { enum: [1, 2], optional: true },
      log: { type: "file", accept: ["text/*", ".csv"], maxSize: "1kB", optional: true },
      note: { type: "string", optional: true },
    });
    expect(coerceInputs(shape, { n: "3.5", flag: "yes", kind: "2", note: "" })).toEqual({
      ok: true,
      value: { n: 3.5, flag: true, kind: 2 },
    });
    const errors = (raw: Record<string, unknown>) => {
      const read = coerceInputs(shape, raw);
      return read.ok ? {} : read.errors;
    };
    expect(errors({})).toEqual({ n: '"n" is required.' });
    expect(errors({ n: "three" })).toEqual({ n: "Must be a number." });
    expect(errors({ n: 1, kidn: 2 })).toEqual({ kidn: 'There is no input "kidn". Did you mean "kind"?' });
    expect(errors({ n: 1, kind: "9" })).toHaveProperty("kind");
    expect(errors({ n: 1, log: "x" })).toEqual({ log: "Must be a file." });
    expect(errors({ n: 1, log: { $file: { ...file.$file, bytes: 2000 } } })["log"]).toContain("too large");
    expect(errors({ n: 1, log: { $file: { ...file.$file, mediaType: "image/png" } } })["log"]).toContain(
      "image/png",
    );
    expect(
      errors({ n: 1, log: { $file: { ...file.$file, mediaType: "image/png", name: "a.CSV" } } }),
    ).toEqual({});
  });

  test("[L24] a value that is nested without end is an error, not a crash", () => {
    let value: unknown = 1;
    for (let i = 0; i < 20_000; i += 1) value = { a: value };
    const schema = { type: "object", properties: { a: { $ref: "#" } } };
    expect(checkValue(schema, value).ok).toBe(false);
  });
});
