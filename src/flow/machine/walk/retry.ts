import type { Retry } from "../../language/definition.ts";
import type { TaskError } from "../events.ts";
import type { TaskState } from "../state.ts";
import type { Walk } from "./walk.ts";

/** What trying again can't change. */
const final: ReadonlySet<string> = new Set([
  "rejected",
  "deadline",
  "limit-reached",
  // A person chose to fail the task: another attempt might do a second time what nobody knows to be undone.
  "outcome-unknown",
  "cancelled",
  "expression",
  "misconfigured",
  "forbidden",
]);

/** The longest that what was called may make us wait, in milliseconds. */
export const longestRetryAfter = 3_600_000;

/** When the next attempt of a failed task is due (epoch ms); undefined when there is none. */
export function retryAt(
  walk: Walk,
  retry: Retry | undefined,
  state: TaskState,
  error: TaskError,
  retryAfterMs = 0,
): number | undefined {
  if (!retry || final.has(error.code)) return undefined;
  const made = state.failedAttempts.length - state.forgiven + 1;
  if (made >= retry.maxAttempts) return undefined;
  return walk.now + Math.max(delayBefore(walk, retry, made), Math.min(retryAfterMs, longestRetryAfter));
}

/** Milliseconds to wait after `made` attempts. With jitter: between half of it and all of it. */
export function delayBefore(walk: Walk, retry: Retry, made: number): number {
  const factor = retry.backoff === "exponential" ? 2 ** (made - 1) : retry.backoff === "linear" ? made : 1;
  const delay = Math.min(retry.delay * factor, retry.maxDelay);
  return retry.jitter ? Math.round(delay * (0.5 + 0.5 * fraction(walk))) : delay;
}

function fraction(walk: Walk): number {
  const [high = 0, low = 0] = walk.context.random(2);
  return (high * 256 + low) / 65_536;
}
