import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "#base/index.ts";
import { checkValue } from "./check.ts";
import { exampleOf } from "./example.ts";

test.each([
  [{ const: 4 }, 4],
  [{ type: "string", default: "red" }, "red"],
  [{ type: "string", examples: ["blue"] }, "blue"],
  [{ enum: ["a", "b"] }, "a"],
  [{ type: ["null", "integer"] }, 1],
  [{ type: "integer", maximum: -3 }, -3],
  [{ type: "string", format: "email" }, "someone@example.com"],
  [{ type: "number", exclusiveMinimum: 2, multipleOf: 5 }, 5],
  [{ anyOf: [{ type: "boolean" }, { type: "string" }] }, true],
  [
    { allOf: [{ properties: { a: { const: 1 } } }, { properties: { b: { const: 2 } }, required: ["b"] }] },
    { a: 1, b: 2 },
  ],
] as [JsonObject, unknown][])("%j has the example %j", (schema, expected) => {
  expect(exampleOf(schema)).toEqual(expected);
});

test("an object has all of its members, and what it can't be without where it is deep", () => {
  const endless: JsonObject = {
    type: "object",
    properties: { name: { type: "string" } },
    required: ["name"],
  };
  let schema = endless;
  for (let depth = 0; depth < 6; depth += 1) {
    schema = { type: "object", properties: { name: { type: "string" }, child: schema }, required: ["name"] };
  }
  expect(JSON.stringify(exampleOf(schema)).match(/child/g)).toHaveLength(4);
});

test("where nothing that fits can be made up, there is no example", () => {
  expect(exampleOf({ type: "string", pattern: "^[A-Z]{3}-\\d{4}$" })).toBeUndefined();
  expect(exampleOf({ type: "object", properties: { a: false }, required: ["a"] })).toBeUndefined();
  expect(
    exampleOf({ type: "array", items: { type: "string", pattern: "^\\d$" }, minItems: 1 }),
  ).toBeUndefined();
});

const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<JsonObject[]>({ type: "boolean" }, { type: "null" }, {}),
    fc.record({
      type: fc.constant("string"),
      minLength: fc.nat(30),
      maxLength: fc.integer({ min: 30, max: 60 }),
    }),
    fc.record({ type: fc.constantFrom("integer", "number"), minimum: fc.integer({ min: -9, max: 9 }) }),
    fc.record({
      type: fc.constantFrom("integer", "number"),
      exclusiveMaximum: fc.integer({ min: -9, max: 9 }),
    }),
    fc.record({ type: fc.constant("array"), items: tie("schema"), minItems: fc.nat(3) }),
    fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("schema")).map((properties) => ({
      type: "object",
      properties,
      required: Object.keys(properties).slice(0, 1),
    })),
  ) as fc.Arbitrary<JsonObject>,
}));

test("an example fits its schema, and everyday schemas have one", () => {
  fc.assert(
    fc.property(schema, (shape) => {
      const example = exampleOf(shape);
      expect(example).not.toBeUndefined();
      expect(checkValue(shape, example)).toMatchObject({ ok: true });
    }),
  );
});
