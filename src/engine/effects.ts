import { BatonError, messageOf, never } from "#base/index.ts";
import type { Obligation, Signal } from "#flow/machine/index.ts";
import { childStart } from "./steps/child-start.ts";
import { modelCall } from "./steps/model-call.ts";
import type { Ended, StepContext } from "./steps/step.ts";
import { toolCall } from "./steps/tool-call.ts";

/** What takes time in the world: calls of models and tools, and starts of other runs. */
export type EffectObligation = Extract<Obligation, { kind: "model-call" | "tool-call" | "child-start" }>;

export function isEffect(obligation: Obligation): obligation is EffectObligation {
  return (
    obligation.kind === "model-call" || obligation.kind === "tool-call" || obligation.kind === "child-start"
  );
}

/** The effects that a segment has under way, by key. */
export type Effects = {
  /** Keys under way: begun, and not taken yet. One that came back while its run was busy must not be begun again. */
  keys(): readonly string[];
  has(key: string): boolean;
  start(obligation: EffectObligation, context: Omit<StepContext, "signal" | "abort" | "track">): void;
  /** Aborts an effect and forgets it: what it still answers does not count. */
  abort(key: string, reason: string): void;
  /** What came back since the last time, in the order in which it came. */
  take(): Signal[];
  /** Keys of effects that were aborted and still go on when their time to end is over. Each is told once. */
  takeStuck(): readonly string[];
  /** Aborts all, and no longer looks after those that were. */
  close(reason: string): void;
};

export type EffectsOptions = {
  /** Called when something came back, or an effect does not end. */
  readonly wake: () => void;
  /** Told of each call that ended. */
  readonly onStep?: ((step: EndedStep) => void) | undefined;
  /** Milliseconds that an aborted effect is given to end. */
  readonly graceMs: number;
};

/** A call that ended, for those who measure: `outcome` is "ok" or the code of its error. */
export type EndedStep = { readonly kind: "model" | "tool"; readonly outcome: string; readonly ms: number };

export function createEffects({ wake, onStep, graceMs }: EffectsOptions): Effects {
  const running = new Map<string, AbortController>();
  /** Of aborted effects that have not ended yet. */
  const graces = new Set<ReturnType<typeof setTimeout>>();
  let ended: Ended[] = [];
  let stuck: string[] = [];
  let closed = false;

  /** An effect was aborted: it ends in time, or is told of as stuck. */
  function watchEnd(key: string, parts: readonly Promise<unknown>[]): void {
    if (closed) return;
    const timer = setTimeout(() => {
      graces.delete(timer);
      stuck.push(key);
      wake();
    }, graceMs);
    graces.add(timer);
    void Promise.allSettled(parts).then(() => {
      graces.delete(timer);
      clearTimeout(timer);
    });
  }

  async function follow(
    obligation: EffectObligation,
    context: StepContext,
    controller: AbortController,
  ): Promise<void> {
    let signal: Ended;
    const began = performance.now();
    try {
      signal = await perform(obligation, context);
    } catch (error) {
      signal = failure(obligation, error);
    }
    onStep?.({
      kind: obligation.kind === "model-call" ? "model" : "tool",
      outcome: signal.kind === "effect-failed" ? signal.error.code : "ok",
      ms: performance.now() - began,
    });
    if (running.get(obligation.key) !== controller) return;
    running.delete(obligation.key);
    ended.push(signal);
    wake();
  }

  function abort(key: string, reason: string): void {
    const controller = running.get(key);
    running.delete(key);
    ended = ended.filter((signal) => signal.key !== key);
    controller?.abort(new BatonError("cancelled", reason));
  }

  return {
    keys: () => [...running.keys(), ...ended.map(({ key }) => key)],
    has: (key) => running.has(key) || ended.some((signal) => signal.key === key),
    start(obligation, context) {
      const controller = new AbortController();
      const { signal } = controller;
      const parts: Promise<unknown>[] = [];
      let epochThen: number | undefined;
      const own: StepContext = {
        ...context,
        signal,
        abort: () => controller.abort(),
        track: (part) => void parts.push(part),
        epoch: () => epochThen ?? context.epoch(),
      };
      signal.addEventListener("abort", () => {
        // What it still does, it does under the epoch of its time.
        epochThen = context.epoch();
        watchEnd(obligation.key, parts);
      });
      running.set(obligation.key, controller);
      parts.push(follow(obligation, own, controller));
    },
    abort,
    takeStuck() {
      const taken = stuck;
      stuck = [];
      return taken;
    },
    close(reason) {
      closed = true;
      for (const key of running.keys()) abort(key, reason);
      for (const timer of graces) clearTimeout(timer);
      graces.clear();
    },
    take() {
      const taken = ended;
      ended = [];
      return taken;
    },
  };
}

function perform(obligation: EffectObligation, context: StepContext): Promise<Ended> {
  switch (obligation.kind) {
    case "model-call":
      return modelCall(obligation, context);
    case "tool-call":
      return toolCall(obligation, context);
    case "child-start":
      return childStart(obligation, context);
    default:
      return never(obligation);
  }
}

const worthAnotherTry: ReadonlySet<string> = new Set(["rate-limited", "unavailable", "timeout"]);

/** An error as the run is told of it. */
function failure({ kind, key }: EffectObligation, error: unknown): Ended {
  if (!BatonError.isInstance(error)) {
    const told = { code: "internal", message: messageOf(error) };
    // What a provider says is always told as such: this is our own side, such as a database that is away.
    return { kind: "effect-failed", key, error: told, retryable: kind === "model-call" };
  }
  const { code, message, hint, retryAfterMs, postponed } = error;
  return {
    kind: "effect-failed",
    key,
    error: hint === undefined ? { code, message } : { code, message, hint },
    retryable: worthAnotherTry.has(code),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(postponed ? { postponed } : {}),
  };
}
