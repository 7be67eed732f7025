import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { nextTimes, readSchedule } from "./schedule.ts";
import { offsetAt } from "./zone.ts";

function times(cron: string, zone: string, from: string, count: number): string[] {
  const read = readSchedule(cron, zone);
  if ("problem" in read) throw new Error(read.problem.message);
  return nextTimes(read.schedule, Date.parse(from), count).map((time) =>
    new Date(time).toISOString().replace(":00.000Z", "Z"),
  );
}

// In 2026 clocks change: Paris 29 March 01:00Z and 25 October 01:00Z; New York 8 March 07:00Z and 1 November 06:00Z;
// Sydney 4 October (forward, 3 October 16:00Z) and 5 April (back, 4 April 16:00Z); Lord Howe by half an hour.

describe("clocks that skip an hour", () => {
  test.each([
    ["Europe/Paris", "30 2 * * *", "2026-03-28T12:00Z", ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]],
    ["America/New_York", "30 2 * * *", "2026-03-07T12:00Z", ["2026-03-08T07:00Z", "2026-03-09T06:30Z"]],
    ["Australia/Sydney", "30 2 * * *", "2026-10-03T00:00Z", ["2026-10-03T16:00Z", "2026-10-04T15:30Z"]],
    ["Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00Z", ["2026-10-03T15:30Z", "2026-10-04T15:15Z"]],
  ])("[T1] in %s, %s fires once after the gap", (zone, cron, from, expected) => {
    expect(times(cron, zone, from, 2)).toEqual(expected);
  });

  test("[T1] several times within the gap, and one at its end, are one firing", () => {
    expect(times("*/20 2,3 * * *", "Europe/Paris", "2026-03-28T23:00Z", 3)).toEqual([
      "2026-03-29T01:00Z",
      "2026-03-29T01:20Z",
      "2026-03-29T01:40Z",
    ]);
  });
});

describe("clocks that show an hour twice", () => {
  test.each([
    ["Europe/Paris", "30 2 * * *", "2026-10-24T12:00Z", ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]],
    ["America/New_York", "30 1 * * *", "2026-10-31T12:00Z", ["2026-11-01T05:30Z", "2026-11-02T06:30Z"]],
    ["Australia/Sydney", "30 2 * * *", "2026-04-04T00:00Z", ["2026-04-04T15:30Z", "2026-04-05T16:30Z"]],
    ["Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00Z", ["2026-04-04T14:45Z", "2026-04-05T15:15Z"]],
  ])("[T2] in %s, %s fires the first time only", (zone, cron, from, expected) => {
    expect(times(cron, zone, from, 2)).toEqual(expected);
  });

  test("[T2] asked in the second of the two hours, what the first one fired does not come again", () => {
    expect(times("30 2 * * *", "Europe/Paris", "2026-10-25T01:10Z", 1)).toEqual(["2026-10-26T01:30Z"]);
    expect(times("* 2 * * *", "Europe/Paris", "2026-10-25T01:10Z", 1)).toEqual(["2026-10-26T01:00Z"]);
  });
});

describe("every hour", () => {
  test("[T3] hours count as they pass", () => {
    expect(times("30 * * * *", "Europe/Paris", "2026-03-29T00:00Z", 3)).toEqual([
      "2026-03-29T00:30Z",
      "2026-03-29T01:30Z",
      "2026-03-29T02:30Z",
    ]);
    expect(times("30 * * * *", "Europe/Paris", "2026-10-25T00:00Z", 3)).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-25T01:30Z",
      "2026-10-25T02:30Z",
    ]);
    expect(times("*/30 * * * *", "America/New_York", "2026-11-01T05:15Z", 4)).toEqual([
      "2026-11-01T05:30Z",
      "2026-11-01T06:00Z",
      "2026-11-01T06:30Z",
      "2026-11-01T07:00Z",
    ]);
    expect(times("0 * 25 10 *", "Europe/Paris", "2026-10-24T12:00Z", 1)).toEqual(["2026-10-24T22:00Z"]);
    expect(times("15 * 25 10 *", "Europe/Paris", "2026-01-01T00:00Z", 1)).toEqual(["2026-10-24T22:15Z"]);
    // Half past midnight does not exist in a zone that skips from midnight on.
    expect(times("30 * * * *", "Africa/Cairo", "2026-04-23T21:15Z", 2)).toEqual([
      "2026-04-23T21:30Z",
      "2026-04-23T22:30Z",
    ]);
  });
});

describe("schedules", () => {
  test("six fields have seconds first", () => {
    expect(times("*/20 0 2 * * *", "UTC", "2026-01-01T02:00:00Z", 3)).toEqual([
      "2026-01-01T02:00:20.000Z",
      "2026-01-01T02:00:40.000Z",
      "2026-01-02T02:00Z",
    ]);
  });

  test("times ascend, and each is found from any instant before it", () => {
    const zones = [
      "Europe/Paris",
      "America/New_York",
      "Australia/Lord_Howe",
      "Africa/Casablanca",
      "Asia/Kolkata",
    ];
    const crons = ["30 2 * * *", "*/7 * * * *", "0 */3 * * *", "15 1-4 * * 0", "0 0 1 * *"];
    const instant = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2028, 0, 1) });
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.constantFrom(...crons), instant, (zone, cron, from) => {
        const read = readSchedule(cron, zone);
        if ("problem" in read) throw new Error(read.problem.message);
        const [first = 0, second = 0] = nextTimes(read.schedule, from, 2);
        expect(first).toBeGreaterThan(from);
        expect(second).toBeGreaterThan(first);
        expect(read.schedule.next(first - 1)).toBe(first);
        expect(read.schedule.next(Math.floor((from + first) / 2))).toBe(first);
        expect((first + offsetAt(zone, first)) % 60_000).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
