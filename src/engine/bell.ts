/** Wakes a loop that waits. A ring while nobody waits is remembered. */
export type Bell = {
  ring(): void;
  /** Resolves at a ring, or after `milliseconds`, of which `late` is told. */
  wait(milliseconds: number, late: () => void): Promise<void>;
};

export function createBell(): Bell {
  let rung = false;
  let resolve: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      resolve?.();
    },
    async wait(milliseconds, late) {
      if (!rung) {
        await new Promise<void>((done) => {
          const timer = setTimeout(() => {
            late();
            done();
          }, milliseconds);
          resolve = () => {
            clearTimeout(timer);
            done();
          };
        });
        resolve = undefined;
      }
      rung = false;
    },
  };
}
