"use client";
import { useEffect, useState } from "react";
import { span, spanInWords } from "../model/format.ts";

/** Epoch milliseconds by the browser's clock, renewed every `period` milliseconds while `active`. */
export function useNow(active: boolean, period = 1000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => setNow(Date.now()), period);
    return () => clearInterval(timer);
  }, [active, period]);
  return now;
}

/** How long something took, or takes so far. Counts by itself while `to` is null. */
export function Elapsed({ from, to }: { from: number; to: number | null }) {
  const now = useNow(to === null);
  return <>{span((to ?? now) - from, to === null)}</>;
}

/** The same in a sentence: `1 min 12 s`. */
export function ElapsedWords({ from, to }: { from: number; to: number | null }) {
  const now = useNow(to === null);
  return <>{spanInWords((to ?? now) - from)}</>;
}
