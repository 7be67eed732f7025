import { expect, test } from "vitest";
import fc from "fast-check";
import canonicalize from "canonicalize";
import { Validator } from "@cfworker/json-schema";
import { canonicalJson } from "./canonical.ts";
import { plainCheck } from "./plain-check.ts";
import { parseDuration, printDuration, readDuration } from "./duration.ts";
import { parseSize, readSize } from "./size.ts";
import { parseFlow } from "../language/parse.ts";

test("[L11] reads durations, and prints them so that they read the same", () => {
  expect(
    ["90s", "5m", "2h", "3d", "1w", "250ms", "1h30m", "PT5M", "P1DT2H", "1.5h"].map(parseDuration),
  ).toEqual([
    90_000, 300_000, 7_200_000, 259_200_000, 604_800_000, 250, 5_400_000, 300_000, 93_600_000, 5_400_000,
  ]);
  for (const text of ["", "5", "5x", "m", "-5m", "P", "PT", "5 m", "9999999999d", "P1Y"])
    expect(readDuration(text)).toBeUndefined();
  expect(() => parseDuration("soon")).toThrow(/not a duration/);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300_000_000_000 }), (value) => {
      expect(parseDuration(printDuration(value))).toBe(value);
    }),
  );
  const { problems } = parseFlow("id: x\ntasks: [{ id: a, log: x, timeout: soon }, { id: b, wait: 5x }]");
  expect(problems.map((one) => one.rule)).toEqual(["L11", "L11"]);
});

test("[L18] reads sizes", () => {
  expect(["10MB", "500 kB", "1GiB", "7B", "1.5kb"].map(parseSize)).toEqual([
    10_000_000, 500_000, 1_073_741_824, 7, 1_500,
  ]);
  expect(readSize("10")).toBeUndefined();
  expect(() => parseSize("big")).toThrow(/not a size/);
});

test("[L26] the canonical text does not depend on the order of keys", () => {
  expect(canonicalJson({ b: [1, { d: null, c: "é" }], a: 1e21 })).toBe(
    '{"a":1e+21,"b":[1,{"c":"é","d":null}]}',
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.integer()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
    }),
  );
  expect(() => canonicalJson(Number.NaN)).toThrow();
});

test("canonical text of everyday values is that of any other", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      expect(canonicalJson(value)).toBe(canonicalize(value));
    }),
  );
  expect(canonicalJson({ b: undefined, a: [{ z: 1e21, y: -0, é: "\u2028" }] })).toBe(
    '{"a":[{"y":0,"z":1e+21,"é":"\u2028"}]}',
  );
  const self: unknown[] = [];
  self.push(self);
  for (const odd of [Number.NaN, "\ud800", { "\udc00": 1 }, self])
    expect(() => canonicalJson(odd)).toThrow(/no canonical JSON text/);
});

test("the check of everyday schemas accepts nothing that the validator refuses", () => {
  const leaf = fc.oneof(
    fc.record({ type: fc.constantFrom("string", "number", "integer", "boolean", "null", "array", "object") }),
    fc.record({ type: fc.constant("string"), minLength: fc.nat(3), maxLength: fc.nat(4) }),
    fc.record({ type: fc.constantFrom("number", "integer"), minimum: fc.integer({ min: -2, max: 2 }) }),
    fc.record({ enum: fc.array(fc.constantFrom("a", "b", 1, null), { maxLength: 3 }) }),
    fc.constant({}),
  );
  const keys = fc.constantFrom("a", "b", "c");
  const schema = fc.oneof(
    leaf,
    fc.record({ type: fc.constant("array"), items: leaf }),
    fc.record(
      {
        type: fc.constantFrom("object", ["object", "null"]),
        properties: fc.dictionary(keys, leaf),
        required: fc.array(keys, { maxLength: 2 }),
        additionalProperties: fc.boolean(),
      },
      { requiredKeys: ["properties"] },
    ),
  );
  const small = fc.oneof(
    fc.constantFrom("", "a", "b", "\u{1f600}", "long enough", 0, 1, -3, 1.5, null, true, []),
  );
  const value = fc.oneof(small, fc.array(small, { maxLength: 3 }), fc.dictionary(keys, small));
  let accepted = 0;
  fc.assert(
    fc.property(schema, value, (rules, one) => {
      const check = plainCheck(rules);
      expect(check).not.toBeNull();
      if (check?.(one) !== true) return;
      accepted += 1;
      expect(new Validator(rules as never, "2020-12").validate(one).valid).toBe(true);
    }),
    { numRuns: 500 },
  );
  expect(accepted).toBeGreaterThan(20);
  expect(plainCheck({ type: "string", pattern: "x" })).toBeNull();
  expect(plainCheck({ properties: { constructor: { type: "string" } } })).toBeNull();
});
