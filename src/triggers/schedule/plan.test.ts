import { describe, expect, test } from "vitest";
import fc from "fast-check";
import type { ScheduleTrigger } from "#flow/index.ts";
import { firingAfter, firingsAt, jitterOf } from "./plan.ts";

const at = (text: string): number => Date.parse(text);
const schedule = (change: Partial<ScheduleTrigger> = {}): ScheduleTrigger => ({
  kind: "schedule",
  id: "nightly",
  title: undefined,
  description: undefined,
  disabled: false,
  with: {},
  cron: "0 * * * *",
  timezone: "UTC",
  catchUp: "none",
  jitter: 0,
  ...change,
});
const times = (instants: readonly number[]): string[] =>
  instants.map((instant) => new Date(instant).toISOString().slice(11, 16));

describe("firings that are due", () => {
  const first = at("2026-05-01T10:00Z");

  test("one that is in time starts, whatever catchUp says", () => {
    for (const catchUp of ["none", "last", "all"] as const) {
      const { fire, skipped, next } = firingsAt("trg_1", schedule({ catchUp }), first, first + 2000);
      expect(times(fire)).toEqual(["10:00"]);
      expect(skipped).toBeNull();
      expect(next?.scheduledAt).toBe(at("2026-05-01T11:00Z"));
    }
  });

  test("[T5] one that is late by more than a minute was missed, and none of those starts", () => {
    const { fire, skipped, next } = firingsAt("trg_1", schedule(), first, at("2026-05-01T12:30Z"));
    expect(fire).toEqual([]);
    expect(skipped).toEqual({ count: 3, more: false, from: first, to: at("2026-05-01T12:00Z") });
    expect(next?.scheduledAt).toBe(at("2026-05-01T13:00Z"));
    expect(times(firingsAt("trg_1", schedule(), first, first + 59_999).fire)).toEqual(["10:00"]);
    expect(times(firingsAt("trg_1", schedule(), first, first + 60_000).fire)).toEqual([]);
  });

  test("[T6] last starts the latest missed one, unless one starts in time", () => {
    const last = schedule({ catchUp: "last" });
    const missed = firingsAt("trg_1", last, first, at("2026-05-01T12:30Z"));
    expect(times(missed.fire)).toEqual(["12:00"]);
    expect(missed.skipped?.count).toBe(2);
    const inTime = firingsAt("trg_1", last, first, at("2026-05-01T13:00:10Z"));
    expect(times(inTime.fire)).toEqual(["13:00"]);
    expect(inTime.skipped?.count).toBe(3);
  });

  test("[T7] all starts each with its own instant, the latest 100 at most", () => {
    const all = schedule({ catchUp: "all" });
    expect(times(firingsAt("trg_1", all, first, at("2026-05-01T13:00:10Z")).fire)).toEqual([
      "10:00",
      "11:00",
      "12:00",
      "13:00",
    ]);
    const week = firingsAt("trg_1", all, first, at("2026-05-08T10:30Z"));
    expect(week.fire).toHaveLength(100);
    expect(week.fire.at(-1)).toBe(at("2026-05-08T10:00Z"));
    expect(week.skipped).toMatchObject({ count: 69, more: false });
  });

  test("[T7] after months of a schedule of each second, only the latest are looked at", () => {
    const dense = schedule({ catchUp: "all", cron: "* * * * * *" });
    const now = at("2026-08-01T10:00Z");
    const before = performance.now();
    const { fire, skipped, next } = firingsAt("trg_1", dense, first, now);
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(fire).toHaveLength(160);
    expect(skipped).toMatchObject({ more: true, from: first });
    expect(next?.scheduledAt).toBe(now + 1000);
  });

  test("[T4] jitter puts a firing off, always by as much, and by less than it may be", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 0, max: 4e12 }),
        fc.integer({ min: 1, max: 1e8 }),
        (id, instant, jitter) => {
          const put = jitterOf(id, instant, jitter);
          expect(put).toBe(jitterOf(id, instant, jitter));
          expect(put).toBeGreaterThanOrEqual(0);
          expect(put).toBeLessThan(jitter);
        },
      ),
    );
    const jittered = schedule({ jitter: 600_000 });
    const next = firingAfter("trg_1", jittered, first - 1);
    expect(next?.scheduledAt).toBe(first);
    expect(next?.nextAt).toBe(first + jitterOf("trg_1", first, 600_000));
    const due = next?.nextAt ?? 0;
    expect(firingsAt("trg_1", jittered, first, due - 1)).toMatchObject({ fire: [], next });
    expect(firingsAt("trg_1", jittered, first, due).fire).toEqual([first]);
    const spread = new Set(["a", "b", "c", "d"].map((id) => jitterOf(id, first, 600_000)));
    expect(spread.size).toBe(4);
  });

  test("firing step by step, whenever it is looked at, loses and doubles nothing", () => {
    const all = schedule({ catchUp: "all", cron: "*/7 * * * *", timezone: "Europe/Paris", jitter: 60_000 });
    const end = at("2026-10-25T06:00Z");
    const start = at("2026-10-24T22:00Z");
    const expected = firingsAt("trg_1", all, firingAfter("trg_1", all, start)?.scheduledAt ?? 0, end).fire;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3_000_000 }), { maxLength: 30 }), (steps) => {
        let next = firingAfter("trg_1", all, start);
        const fired: number[] = [];
        let now = start;
        for (const step of [...steps, end]) {
          now = step === end ? end : Math.min(end, now + step);
          if (next === null || next.nextAt > now) continue;
          const firings = firingsAt("trg_1", all, next.scheduledAt, now);
          fired.push(...firings.fire);
          next = firings.next;
        }
        expect(fired).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});
