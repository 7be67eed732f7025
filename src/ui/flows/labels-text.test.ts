import { expect, test } from "vitest";
import { readLabels } from "./labels-text.ts";

test("labels are typed as they are shown, or as for the command line", () => {
  expect(readLabels("team: support, customer=a b ,, tier: ")).toEqual({
    team: "support",
    customer: "a b",
    tier: "",
  });
  expect(readLabels("urgent")).toEqual({ urgent: "" });
  expect(readLabels("at: 12:30")).toEqual({ at: "12:30" });
  expect(readLabels("  ")).toEqual({});
  // What is no label is sent as it is, and refused there with a reason.
  expect(readLabels(": x")).toEqual({ "": "x" });
});
