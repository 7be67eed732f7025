import { setTimeout as wait } from "node:timers/promises";
import type { SimulatedOptions } from "../simulated/model.ts";

/** Streams at `wordsPerSecond`, about what one can follow with the eyes; 0: at once. */
export function readablePace(wordsPerSecond: number): SimulatedOptions {
  if (wordsPerSecond <= 0) return {};
  return { pause: (signal) => wait(1000 / wordsPerSecond, undefined, { signal }) };
}
