/** Collects what comes and hands it over at most once a frame, in order. */
export type FrameBatch<T> = { push(item: T): void; stop(): void };

export function frameBatch<T>(take: (items: readonly T[]) => void): FrameBatch<T> {
  let items: T[] = [];
  let frame = 0;
  return {
    push(item) {
      items.push(item);
      if (frame !== 0) return;
      // A hidden tab has no frames; there a timer does.
      const later = document.hidden ? (run: () => void) => setTimeout(run, 200) : requestAnimationFrame;
      frame = Number(
        later(() => {
          frame = 0;
          const taken = items;
          items = [];
          take(taken);
        }),
      );
    },
    stop() {
      cancelAnimationFrame(frame);
      frame = 0;
    },
  };
}
