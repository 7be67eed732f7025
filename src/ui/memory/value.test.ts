import { expect, test } from "vitest";
import { editable, formOf, tagsOf, valueOf } from "./value.ts";

test("what a person sees is what they would have to write for it", () => {
  for (const value of ["a text", "12", "{ not json", "", 12, -0.5, true, null, [1, "x"], { a: { b: null } }])
    expect(valueOf(formOf(value), editable(value))).toEqual({ value });
});

test("what is to be JSON and is none is told with its line, and not kept as a text", () => {
  const problem = valueOf("JSON", '{\n  "a": 1,\n  oops\n}');
  expect(problem).toEqual({
    problem: "This is not JSON. Look at line 3. A text in JSON stands in quotation marks.",
  });
  expect(valueOf("JSON", "2 weeks")).toHaveProperty("problem");
  expect(valueOf("JSON", " ")).toHaveProperty("problem");
});

test("tags are words with commas between", () => {
  expect(tagsOf(" refund, case 7,,refund ")).toEqual(["refund", "case 7"]);
});
