import type { RunId } from "#base/index.ts";
import type { Engine, EngineOptions } from "./ports.ts";
import { startSegment, type Segment } from "./segment.ts";

/** The engine of one worker: drives any number of runs side by side. */
export function createEngine(options: EngineOptions): Engine {
  const driven = new Map<RunId, Segment>();
  const driving = new Map<RunId, Promise<void>>();
  let stopped = false;

  async function begin(run: RunId): Promise<void> {
    // A nudge that comes while a segment is parking would be lost: then another one follows.
    try {
      for (let again = true; again && !stopped;) {
        const segment = startSegment(options, run);
        driven.set(run, segment);
        try {
          await segment.done;
        } finally {
          driven.delete(run);
        }
        again = segment.missed();
      }
    } finally {
      // In the same turn as the last look: between the two, another call would neither nudge nor drive.
      driving.delete(run);
    }
  }

  return {
    drive(run) {
      const known = driving.get(run);
      if (known) {
        driven.get(run)?.nudge();
        return known;
      }
      if (stopped) return Promise.resolve();
      const done = begin(run);
      driving.set(run, done);
      return done;
    },
    async stop() {
      stopped = true;
      const segments = [...driven.values()];
      for (const segment of segments) segment.stop();
      await Promise.allSettled(segments.map((segment) => segment.done));
    },
  };
}
