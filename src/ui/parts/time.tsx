"use client";
import { useEffect, useState } from "react";
import { ago, instant } from "../run/model/format.ts";

/**
 * An instant as people say it, the exact one on hover: how long ago, or when it will be. `at` is epoch milliseconds.
 */
export function RelativeTime({ at }: { at: number }) {
  const [now, setNow] = useState<number | null>(null);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  const exact = new Date(at).toISOString();
  return (
    <time
      dateTime={exact}
      title={now === null ? exact : `${instant(at, now)} (${exact})`}
      className="whitespace-nowrap"
    >
      {now === null ? exact.slice(0, 10) : at > now + 5_000 ? instant(at, now) : ago(at, now)}
    </time>
  );
}
