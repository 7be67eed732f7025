import { type ChildProcess, type Serializable, fork } from "node:child_process";
import { BatonError } from "#base/index.ts";

/**
 * Child processes that run what is not trusted: with an empty environment, one call at a time each, killed when a call
 * takes too long, is given up or breaks the process. A killed child is replaced by the next call.
 */
export type ProcessPool<Request extends Serializable, Reply> = {
  run(request: Request, options: RunOptions): Promise<Reply>;
  /** Kills all children. Calls under way fail as "cancelled". */
  close(): void;
};

export type RunOptions = {
  /** Milliseconds for the call, without the wait for a free child. */
  readonly timeoutMs: number;
  /** Milliseconds beyond that, for a child that ends overlong calls by itself where it can. */
  readonly graceMs: number;
  readonly signal: AbortSignal;
  /** What the call is named in messages, e.g. "The script". */
  readonly subject: string;
};

export type PoolOptions = {
  /** The file that a child runs. It says `{ ready: true }` at first and answers each message with one `{ reply }`; with `last: true` beside it when it ends itself after that. */
  readonly entry: URL;
  readonly execArgv: readonly string[];
  /** Greatest number of calls at once. */
  readonly size: number;
  /** False: every call gets a process that has not seen another call. One is kept warm for the next. */
  readonly reuse: boolean;
  /** Milliseconds after which an idle child is ended. */
  readonly idleMs: number;
};

type Child = { readonly process: ChildProcess; ready: boolean; idle: NodeJS.Timeout | null; errors: string };

const startMs = 15_000;

export function createPool<Request extends Serializable, Reply>(
  options: PoolOptions,
): ProcessPool<Request, Reply> {
  const idle: Child[] = [];
  const all = new Set<Child>();
  const waiting: (() => void)[] = [];
  let running = 0;
  const closing = new AbortController();

  const start = (): Child => {
    const process = fork(options.entry, {
      env: {} as NodeJS.ProcessEnv,
      execArgv: [...options.execArgv],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const child: Child = { process, ready: false, idle: null, errors: "" };
    all.add(child);
    process.once("message", () => {
      child.ready = true;
    });
    process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      child.errors = (child.errors + text).slice(-2_000);
    });
    process.on("error", () => undefined);
    process.once("exit", () => {
      all.delete(child);
      const at = idle.indexOf(child);
      if (at >= 0) idle.splice(at, 1);
      if (child.idle !== null) clearTimeout(child.idle);
    });
    return child;
  };

  const rest = (child: Child): void => {
    if (closing.signal.aborted || child.process.exitCode !== null || !child.process.connected) {
      child.process.kill("SIGKILL");
      return;
    }
    hold(child, false);
    child.idle = setTimeout(() => child.process.kill("SIGKILL"), options.idleMs);
    child.idle.unref();
    idle.push(child);
  };

  const take = (): Child => {
    let child = idle.pop();
    while (child !== undefined && !child.process.connected) child = idle.pop();
    child ??= start();
    if (child.idle !== null) clearTimeout(child.idle);
    child.idle = null;
    hold(child, true);
    return child;
  };

  const turn = async (signal: AbortSignal): Promise<void> => {
    if (running < options.size) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(go), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      waiting.push(go);
    });
  };

  const next = (): void => {
    const go = waiting.shift();
    if (go === undefined) running -= 1;
    else go();
  };

  return {
    async run(request, given) {
      const run = { ...given, signal: AbortSignal.any([given.signal, closing.signal]) };
      run.signal.throwIfAborted();
      await turn(run.signal);
      try {
        run.signal.throwIfAborted();
        const child = take();
        let clean = false;
        try {
          const { reply, last } = await converse<Reply>(child, request, run);
          clean = !last;
          return reply;
        } finally {
          if (clean && options.reuse) rest(child);
          else child.process.kill("SIGKILL");
          if (!options.reuse && !closing.signal.aborted && idle.length === 0) rest(start());
        }
      } finally {
        next();
      }
    },
    close() {
      closing.abort(new BatonError("cancelled", "The worker is shutting down."));
      for (const child of all) child.process.kill("SIGKILL");
    },
  };
}

/** Whether the child keeps this process from ending. */
function hold(child: Child, held: boolean): void {
  const verb = held ? "ref" : "unref";
  child.process[verb]();
  child.process.channel?.[verb]();
  const stderr = child.process.stderr as { ref?(): void; unref?(): void } | null;
  stderr?.[verb]?.();
}

type Answer<Reply> = { readonly reply: Reply; readonly last: boolean };

function converse<Reply>(child: Child, request: Serializable, run: RunOptions): Promise<Answer<Reply>> {
  const { process } = child;
  return new Promise((resolve, reject) => {
    let timer = setTimeout(
      () =>
        finish(() => reject(new BatonError("unavailable", `${run.subject} could not be started in time.`))),
      startMs,
    );
    let begun = false;

    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      process.off("message", hear);
      process.off("exit", died);
      process.off("error", died);
      run.signal.removeEventListener("abort", aborted);
      settle();
    };
    const begin = (): void => {
      if (begun) return;
      begun = true;
      clearTimeout(timer);
      timer = setTimeout(
        () => finish(() => reject(timeoutError(run.subject, run.timeoutMs))),
        run.timeoutMs + run.graceMs,
      );
      process.send(request, (error) => {
        if (error !== null) died();
      });
    };
    const hear = (message: unknown): void => {
      if (typeof message !== "object" || message === null) return;
      if ("ready" in message) begin();
      else if ("reply" in message) {
        const answer = { reply: message.reply as Reply, last: "last" in message };
        finish(() => resolve(answer));
      }
    };
    const died = (): void => {
      const memory = /heap out of memory|Allocation failed|out of memory/i.test(child.errors);
      finish(() =>
        reject(
          new BatonError(
            memory ? "limit-reached" : "internal",
            memory
              ? `${run.subject} used more memory than it may.`
              : `${run.subject} broke the process that it ran in, and was ended.`,
            { hint: "Endless recursion and very large values do this." },
          ),
        ),
      );
    };
    const aborted = (): void => finish(() => reject(run.signal.reason));

    process.on("message", hear);
    process.once("exit", died);
    process.once("error", died);
    run.signal.addEventListener("abort", aborted, { once: true });
    if (run.signal.aborted) aborted();
    else if (child.ready) begin();
  });
}

export function timeoutError(subject: string, milliseconds: number): BatonError {
  const time = milliseconds < 1_000 ? `${milliseconds} ms` : `${Number((milliseconds / 1_000).toFixed(1))} s`;
  return new BatonError("timeout", `${subject} was ended after ${time}.`, {
    hint: "Make it do less, or raise its timeout.",
  });
}
