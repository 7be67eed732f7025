/** Wakes who waits for news of one thing, by its name. */
export type Bells = {
  ring(name: string): void;
  ringAll(): void;
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
  return {
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
      const rings = open.get(name) ?? new Set();
      rings.add(ring);
      open.set(name, rings);
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
        stop() {
          rings.delete(ring);
          if (rings.size === 0) open.delete(name);
        },
      };
    },
  };
}
