import { BatonError, messageOf } from "#base/index.ts";

/** A process that was started. */
export type Child = {
  readonly pid: number | undefined;
  /** Resolves when it said that it is ready; never when it ends before. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended, with its exit code or the signal's name. */
  readonly ended: Promise<Ending>;
  /** Asks it to finish what it does and end. */
  askToStop(): void;
  /** Ends it at once. */
  kill(): void;
};

export type Ending = { readonly code: number | null; readonly signal: string | null };

/** Exit code of a child that can't work as it is set up: starting it again would not help. */
export const misconfiguredExit = 78;
/** Exit code of a child that lost what it needs, mostly its database: nothing is known against the runs that it drove. */
export const unavailableExit = 69;

export type SupervisorOptions = {
  /** How people call it, e.g. "web". */
  readonly name: string;
  start(): Child;
  /** Tells people, in a sentence. */
  say(text: string): void;
  /** Called after each end that nobody asked for, before the next start. */
  onCrash?(child: Child, ending: Ending): Promise<void>;
  /** Milliseconds to wait before the given restart in a row, counted from 1. */
  readonly delay?: (restart: number) => number;
  /** Milliseconds after which a child counts as settled, and restarts are counted from 1 again. */
  readonly settledAfter?: number;
  /** Failed starts in a row, before it was ever ready, after which it is given up. */
  readonly firstTries?: number;
  /** Clock and alarm; real ones unless given. */
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

export type Supervised = {
  /** Resolves when the child was ready for the first time. Rejects when it is given up before. */
  readonly ready: Promise<void>;
  /** Ends the child in order; at once when it takes longer than `grace` milliseconds. It is not started again. */
  stop(grace: number): Promise<void>;
  /** Asks the child to end, and starts another one as soon as it has. */
  restart(): void;
};

/** Half a second at first, doubled with each restart in a row, ten seconds at most. */
export function restartDelay(restart: number): number {
  return Math.min(10_000, 250 * 2 ** restart);
}

/** Keeps a child running: starts it again when it ends, waiting longer each time in a row. */
export function supervise(options: SupervisorOptions): Supervised {
  const { name, say, delay = restartDelay, settledAfter = 60_000, firstTries = 3 } = options;
  const now = options.now ?? (() => performance.now());
  const sleep = options.sleep ?? realSleep;
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  let wasReady = false;
  let child: Child | null = null;
  let renewed: Child | null = null;

  const keep = async (): Promise<void> => {
    let restarts = 0;
    while (!stopping.signal.aborted) {
      const began = now();
      child = options.start();
      void child.ready.then(() => {
        wasReady = true;
        first.resolve();
      });
      const ending = await child.ended;
      if (stopping.signal.aborted) return;
      if (renewed === child) {
        restarts = 0;
        continue;
      }
      await options.onCrash?.(child, ending).catch((error: unknown) => {
        say(`After the end of ${name}: ${messageOf(error)}`);
      });
      restarts = now() - began >= settledAfter ? 1 : restarts + 1;
      if (!wasReady && (ending.code === misconfiguredExit || restarts >= firstTries)) {
        first.reject(
          new BatonError("unavailable", `${name} did not start (${words(ending)}).`, {
            hint: "What it said before it ended is above.",
          }),
        );
        return;
      }
      const wait = delay(restarts);
      say(
        `${name} ended unexpectedly (${words(ending)}); starting it again in ${(wait / 1000).toFixed(1)} s.`,
      );
      await sleep(wait, stopping.signal);
    }
  };
  const kept = keep();
  kept.catch((error: unknown) => first.reject(error));

  return {
    ready: first.promise,
    restart() {
      if (child === null || renewed === child) return;
      renewed = child;
      child.askToStop();
    },
    async stop(grace) {
      stopping.abort();
      child?.askToStop();
      const over = new AbortController();
      const late = sleep(grace, over.signal).then(() => {
        if (over.signal.aborted || child === null) return;
        say(`${name} did not end within ${(grace / 1000).toFixed(0)} s and is killed.`);
        child.kill();
      });
      await kept.catch(() => undefined);
      over.abort();
      await late;
    },
  };
}

function words({ code, signal }: Ending): string {
  return signal === null ? `exit code ${code ?? "unknown"}` : `signal ${signal}`;
}

function realSleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
