import { expect, test } from "vitest";
import { editable, tagsOf, typed } from "./value.ts";

test("what a person sees is what they would have to type for it", () => {
  for (const value of ["a text", 12, -0.5, true, null, [1, "x"], { a: { b: null } }]) {
    expect(typed(editable(value))).toEqual(value);
  }
});

test("a text that only begins like JSON stays a text", () => {
  for (const text of ["[sic] as it stands", "{ not json", "2 weeks", "truely", ""])
    expect(typed(text)).toBe(text);
  expect(typed('"12"')).toBe("12");
});

test("tags are words with commas between", () => {
  expect(tagsOf(" refund, case 7,,refund ")).toEqual(["refund", "case 7"]);
});
