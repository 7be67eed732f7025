import { expect, test } from "vitest";
import fc from "fast-check";
import { canonicalJson } from "./canonical.ts";
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
