import { expect, test } from "vitest";

const spec = Object.values(
  import.meta.glob("./SPEC.md", { query: "?raw", import: "default", eager: true }),
).join("");
const tests = Object.values(
  import.meta.glob(["./**/*.test.ts", "../triggers/**/*.test.ts", "../api/trigger/*.test.ts"], {
    query: "?raw",
    import: "default",
    eager: true,
  }),
).join("");

test("every rule of SPEC.md has a test that carries its number, and every number in a test is a rule", () => {
  const stated = [...spec.matchAll(/^- \[([A-Z]\d+)\]/gm)].map((match) => match[1]);
  const tested = new Set(
    [...tests.matchAll(/\btest(?:\.each\([^)]*\))?\(\s*["'`]\[([A-Z]\d+)\]/g)].map((match) => match[1]),
  );
  expect(stated.length).toBeGreaterThan(60);
  expect(new Set(stated).size).toBe(stated.length);
  expect(stated.filter((number) => !tested.has(number))).toEqual([]);
  expect([...tested].filter((number) => !stated.includes(number))).toEqual([]);
});
