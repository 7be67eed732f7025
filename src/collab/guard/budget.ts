/** A purse that fills by itself. */
export type Budget = {
  /** Takes as much out; false where there is not enough. */
  take(amount: number): boolean;
};

export function createBudget(
  { perSecond, burst }: { readonly perSecond: number; readonly burst: number },
  now: () => number = () => performance.now(),
): Budget {
  let left = burst;
  let at = now();
  return {
    take(amount) {
      const instant = now();
      left = Math.min(burst, left + ((instant - at) / 1000) * perSecond);
      at = instant;
      if (left < amount) return false;
      left -= amount;
      return true;
    },
  };
}
