/** Resolves after so many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Looks until `met` answers true; throws with `what` when it did not within `withinMs`. Answers how long it took. */
export async function until(
  what: string,
  met: () => Promise<boolean> | boolean,
  withinMs: number,
  everyMs = 50,
): Promise<number> {
  const began = performance.now();
  for (;;) {
    if (await met()) return performance.now() - began;
    if (performance.now() - began > withinMs)
      throw new Error(`Within ${withinMs / 1000} s it did not come to: ${what}.`);
    await pause(everyMs);
  }
}

/** Tries again, with a pause, until `work` does not fail any more. */
export async function insist<Result>(
  work: () => Promise<Result>,
  tries = 200,
  everyMs = 100,
): Promise<Result> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (tried >= tries) throw error;
      await pause(everyMs);
    }
  }
}

/** The value below which that part of the values lies. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
