import { expect, test } from "vitest";
import { describeCron } from "./describe.ts";

test.each([
  ["0 2 * * *", "At 02:00, every day"],
  ["*/15 * * * *", "Every 15 minutes"],
  ["0  9 * * 1-5", "At 09:00, Monday through Friday"],
  ["30 0 6 * * MON", "At 06:00:30, only on Monday"],
  ["0 0 L * *", "At 00:00, on the last day of the month"],
  ["every now and then", "every now and then"],
])("%s is told in words", (cron, words) => {
  expect(describeCron(cron)).toBe(words);
});
