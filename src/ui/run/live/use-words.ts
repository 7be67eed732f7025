"use client";
import { useEffect, useState } from "react";
import { followStream } from "./stream.ts";
import { noWords, type Words } from "./words.ts";

/**
 * The words of a model call while it speaks, painted at most once a frame. `isLive` false: nothing is read, because
 * the journal has them.
 */
export function useWords(run: string, key: string, isLive: boolean): { words: Words; isConnected: boolean } {
  const [words, setWords] = useState<Words>(noWords);
  const [isConnected, setConnected] = useState(true);
  useEffect(() => {
    if (!isLive) return;
    const stop = new AbortController();
    let latest = noWords;
    let frame = 0;
    void followStream({
      run,
      key,
      signal: stop.signal,
      onConnection: setConnected,
      onWords: (next) => {
        latest = next;
        if (frame !== 0) return;
        frame = requestAnimationFrame(() => {
          frame = 0;
          setWords(latest);
        });
      },
    });
    return () => {
      stop.abort();
      if (frame !== 0) cancelAnimationFrame(frame);
    };
  }, [run, key, isLive]);
  return { words, isConnected };
}
