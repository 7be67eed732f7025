import { BatonError } from "#base/index.ts";

/** Counts failures by a name, such as an e-mail address, and refuses more of them for a while. */
export type Throttle = {
  /** Throws "rate-limited" once there were too many failures. */
  check(name: string): void;
  failed(name: string): void;
};

/** `most` failures within `withinMs` are let pass; the names that are remembered are capped. */
export function createThrottle(most: number, withinMs: number, now: () => number = Date.now): Throttle {
  const failures = new Map<string, number[]>();
  const recent = (name: string): number[] =>
    (failures.get(name) ?? []).filter((instant) => instant > now() - withinMs);
  return {
    check(name) {
      const [oldest, ...others] = recent(name);
      if (oldest === undefined || others.length + 1 < most) return;
      const retryAfterMs = oldest + withinMs - now();
      throw new BatonError("rate-limited", "There were too many attempts with a wrong password.", {
        hint: `Try again in ${Math.ceil(retryAfterMs / 60_000)} minutes.`,
        retryAfterMs,
      });
    },
    failed(name) {
      const instants = [...recent(name), now()];
      failures.delete(name);
      failures.set(name, instants);
      const [first] = failures.keys();
      if (failures.size > 10_000 && first !== undefined) failures.delete(first);
    },
  };
}
