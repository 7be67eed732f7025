"use client";
import { createContext, use, useEffect, useState } from "react";
import { span, spanInWords, spentInWords } from "../model/format.ts";

/** The instant at which everything below is seen, where that is not now. Epoch milliseconds. */
export const SeenAt = createContext<number | null>(null);

/**
 * Epoch milliseconds by the browser's clock, renewed every `period` milliseconds while `active`; at a past moment, that
 * moment.
 */
export function useNow(active: boolean, period = 1000): number {
  const seenAt = use(SeenAt);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!active || seenAt !== null) return;
    const timer = setInterval(() => setNow(Date.now()), period);
    return () => clearInterval(timer);
  }, [active, period, seenAt]);
  return seenAt ?? now;
}

/** How long something took, or takes so far. Counts by itself while `to` is null. */
export function Elapsed({ from, to }: { from: number; to: number | null }) {
  const now = useNow(to === null);
  return <>{span((to ?? now) - from, to === null)}</>;
}

/** The same in a sentence: `1 min 12 s`. */
export function ElapsedWords({ from, to }: { from: number; to: number | null }) {
  const now = useNow(to === null);
  return <>{to === null ? spanInWords(now - from) : spentInWords(to - from)}</>;
}
