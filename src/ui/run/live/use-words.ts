"use client";
import { useEffect, useState } from "react";
import { frameBatch } from "./frame-batch.ts";
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
    const batch = frameBatch<Words>((all) => setWords(all.at(-1) ?? noWords));
    void followStream({
      run,
      key,
      signal: stop.signal,
      onConnection: setConnected,
      onWords: (next) => batch.push(next),
    });
    return () => {
      stop.abort();
      batch.stop();
    };
  }, [run, key, isLive]);
  return { words, isConnected };
}
