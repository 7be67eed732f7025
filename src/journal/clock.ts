import type pg from "pg";
import { performance } from "node:perf_hooks";

/** Postgres' clock, read without asking it each time. */
export type CalibratedClock = {
  /** Epoch milliseconds. Never goes back by more than a correction of the server's own clock. */
  now(): number;
  /** Resolves when the clock was set for the first time. */
  ready(): Promise<void>;
  stop(): void;
};

const refreshMs = 30_000;
const samples = 5;

/** Sets itself by the answer that came back fastest of a few, when first asked for and every half minute. */
export function createClock(pool: pg.Pool): CalibratedClock {
  let offset = Date.now() - performance.now();
  let first: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  async function measure(): Promise<void> {
    let best = Number.POSITIVE_INFINITY;
    let found = offset;
    for (let i = 0; i < samples; i += 1) {
      const before = performance.now();
      const { rows } = await pool.query<{ at: string }>({
        name: "journal_clock",
        text: "select (extract(epoch from clock_timestamp()) * 1000)::float8::text as at",
      });
      const after = performance.now();
      if (after - before < best) {
        best = after - before;
        found = Number(rows[0]?.at) - (before + after) / 2;
      }
    }
    offset = found;
  }

  function refreshLater(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      // A failed refresh keeps the old setting; the next one comes in half a minute.
      void measure().then(refreshLater, refreshLater);
    }, refreshMs);
    timer.unref();
  }

  return {
    now: () => Math.floor(performance.now() + offset),
    ready() {
      first ??= measure().then(refreshLater, (error: unknown) => {
        first = null;
        throw error;
      });
      return first;
    },
    stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
