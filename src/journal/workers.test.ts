import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { WorkerId } from "#base/index.ts";
import type { Database } from "#platform/index.ts";
import { startPulse } from "./workers.ts";

const worker = "wrk_pulse" as WorkerId;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A database that answers each statement as it is told. */
function answering(answer: () => Promise<{ rowCount: number; rows: unknown[] }>): Database {
  return { pool: { query: answer } } as unknown as Database;
}

test("a worker whose signs of life hang gives itself up, once", async () => {
  const ended = vi.fn();
  startPulse(
    answering(() => new Promise(() => undefined)),
    worker,
    ended,
  );
  await vi.advanceTimersByTimeAsync(30_000);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ended).toHaveBeenCalledOnce();
});

test("signs of life that fail are given again, as the database may come back", async () => {
  const ended = vi.fn();
  let given = 0;
  const pulse = startPulse(
    answering(async () => {
      given += 1;
      if (given <= 3) throw new Error("connect ECONNREFUSED");
      return { rowCount: 1, rows: [] };
    }),
    worker,
    ended,
  );
  await vi.advanceTimersByTimeAsync(60_000);
  expect(given).toBeGreaterThan(10);
  expect(ended).not.toHaveBeenCalled();
  pulse.stop();
});

test("a worker that stops in order is not given up for a sign of life that hangs", async () => {
  const ended = vi.fn();
  const pulse = startPulse(
    answering(() => new Promise(() => undefined)),
    worker,
    ended,
  );
  await vi.advanceTimersByTimeAsync(5_000);
  pulse.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ended).not.toHaveBeenCalled();
});

test("signs of life go on while the look after others hangs, which is left for another in the end", async () => {
  const ended = vi.fn();
  let beats = 0;
  let looks = 0;
  const db = {
    pool: {
      async query(sql: string) {
        if (sql.startsWith("update worker")) {
          beats += 1;
          return { rowCount: 1, rows: [] };
        }
        looks += 1;
        return new Promise(() => undefined);
      },
    },
  } as unknown as Database;
  const pulse = startPulse(db, worker, ended);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(beats).toBe(20);
  expect(looks).toBe(1);
  await vi.advanceTimersByTimeAsync(90_000);
  expect(beats).toBe(50);
  expect(looks).toBe(2);
  expect(ended).not.toHaveBeenCalled();
  pulse.stop();
});
