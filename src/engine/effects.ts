import { BatonError, messageOf, never } from "#base/index.ts";
import type { Obligation, Signal } from "#flow/machine/index.ts";
import { modelCall } from "./steps/model-call.ts";
import type { Ended, StepContext } from "./steps/step.ts";
import { toolCall } from "./steps/tool-call.ts";

/** What takes time in the world: model calls and tool calls. */
export type EffectObligation = Extract<Obligation, { kind: "model-call" | "tool-call" }>;

export function isEffect(obligation: Obligation): obligation is EffectObligation {
  return obligation.kind === "model-call" || obligation.kind === "tool-call";
}

/** The effects that a segment has under way, by key. */
export type Effects = {
  /** Keys under way: begun, and not taken yet. One that came back while its run was busy must not be begun again. */
  keys(): readonly string[];
  has(key: string): boolean;
  start(obligation: EffectObligation, context: Omit<StepContext, "signal" | "abort">): void;
  /** Aborts an effect and forgets it: what it still answers does not count. */
  abort(key: string, reason: string): void;
  abortAll(reason: string): void;
  /** What came back since the last time, in the order in which it came. */
  take(): Signal[];
};

/** A call that ended, for those who measure: `outcome` is "ok" or the code of its error. */
export type EndedStep = { readonly kind: "model" | "tool"; readonly outcome: string; readonly ms: number };

/** `wake` is called when something came back, and `onStep` told of it. */
export function createEffects(wake: () => void, onStep?: (step: EndedStep) => void): Effects {
  const running = new Map<string, AbortController>();
  let ended: Ended[] = [];

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
      running.set(obligation.key, controller);
      void follow(
        obligation,
        { ...context, signal: controller.signal, abort: () => controller.abort() },
        controller,
      );
    },
    abort,
    abortAll(reason) {
      for (const key of running.keys()) abort(key, reason);
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
  const { code, message, hint, retryAfterMs } = error;
  return {
    kind: "effect-failed",
    key,
    error: hint === undefined ? { code, message } : { code, message, hint },
    retryable: worthAnotherTry.has(code),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
