/** Wakes who waits for news of one thing, by its name. */
export type Bells = {
  ring(name: string): void;
  ringAll(): void;
  /** Calls `act` at each ring until the answered function is called. */
  hear(name: string, act: () => void): () => void;
  /** A bell that remembers a ring until it is waited for. Stop it when done. */
  open(name: string): Bell;
};

export type Bell = {
  /** Resolves when it was rung since the last wait, after `milliseconds`, or when `signal` is aborted. */
  wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
  stop(): void;
};

export function createBells(): Bells {
  const open = new Map<string, Set<() => void>>();

  function hear(name: string, act: () => void): () => void {
    const acts = open.get(name) ?? new Set();
    acts.add(act);
    open.set(name, acts);
    return () => {
      acts.delete(act);
      if (acts.size === 0 && open.get(name) === acts) open.delete(name);
    };
  }

  return {
    hear,
    ring(name) {
      for (const ring of open.get(name) ?? []) ring();
    },
    ringAll() {
      for (const rings of open.values()) for (const ring of rings) ring();
    },
    open(name) {
      let rung = false;
      let wake: (() => void) | null = null;
      const ring = (): void => {
        rung = true;
        wake?.();
      };
      const stop = hear(name, ring);
      return {
        async wait(milliseconds, signal) {
          if (!rung && signal?.aborted !== true) {
            await new Promise<void>((resolve) => {
              const done = (): void => {
                clearTimeout(timer);
                signal?.removeEventListener("abort", done);
                resolve();
              };
              const timer = setTimeout(done, milliseconds);
              wake = done;
              signal?.addEventListener("abort", done, { once: true });
            });
            wake = null;
          }
          rung = false;
        },
        stop,
      };
    },
  };
}
