import type { TaskError, TaskPath } from "../events.ts";
import { failed, open, type Outcome } from "../heads/head.ts";
import { setTimer } from "../walk/life.ts";
import { delayBefore, longestRetryAfter } from "../walk/retry.ts";
import type { EffectState } from "../state.ts";
import type { Walk } from "../walk/walk.ts";

/** Tries of one model call, the first included. */
export const mostTries = 5;

const backoff = {
  maxAttempts: mostTries,
  delay: 1_000,
  backoff: "exponential",
  maxDelay: 30_000,
  jitter: true,
} as const;

/** Of a call that is postponed again and again, in milliseconds: the pauses grow up to this. */
const longestPostponement = 300_000;

/** The code of a call that was postponed as others go first. */
export const inLine = "rate-limited";

/** What follows from a failed model call: an outcome, or undefined when it is to be made again now. */
export function carryModelFailure(
  walk: Walk,
  path: TaskPath,
  step: number,
  end: {
    readonly error: TaskError;
    readonly retryable: boolean;
    readonly retryAfterMs?: number;
    readonly postponed?: true;
  },
): Outcome | undefined {
  const { error, retryable, retryAfterMs = 0 } = end;
  if (!retryable) return { name: "failed", error };
  const state = walk.at(path);
  const failures = state.effects.filter((one) => one.kind === "model" && one.end?.name === "failed");
  const ofStep = failures.filter((one) => one.step === step && !isPostponed(one)).length;
  if (end.postponed !== true && ofStep >= mostTries) {
    return failed(error.code, `${error.message} (${ofStep} tries)`, error.hint);
  }
  if (retryAfterMs > longestRetryAfter) {
    const hint = "The provider asks for a longer wait than an hour.";
    return failed(error.code, error.message, hint);
  }
  // Every failure sets one timer, so that as many must have fired as there were failures.
  const fired = state.fired.filter((one) => one.startsWith("retry:")).length;
  if (fired >= failures.length) return undefined;
  for (let n = state.timersSet; n > 0; n -= 1) if (walk.draft.timer(`${path}:retry:${n}`)) return open;
  const wait =
    end.postponed === true
      ? // Whose turn comes later stands in a line: when it comes back is known.
        retryAfterMs + (error.code === inLine ? 0 : delayOfPostponed(walk, failures, step))
      : Math.max(delayBefore(walk, backoff, ofStep), retryAfterMs);
  setTimer(walk, path, "retry", walk.now + wait);
  return open;
}

function isPostponed({ end }: EffectState): boolean {
  return end?.name === "failed" && "postponed" in end;
}

/**
 * A run that waits for something that is out looks again ever less often, and not when all others do: they would come
 * in a crowd.
 */
function delayOfPostponed(walk: Walk, failures: readonly EffectState[], step: number): number {
  const before = failures.findLastIndex((one) => one.step !== step || !isPostponed(one));
  return delayBefore(walk, { ...backoff, maxDelay: longestPostponement }, failures.length - before - 1);
}
