import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";

/** A server in a process of its own, which answers questions about itself. */
export type Remote = {
  readonly child: ChildProcess;
  readonly url: string;
  /** One question at a time. */
  ask<Answer>(what: string): Promise<Answer>;
};

/** Starts a file of this folder as a server; it tells its address when it listens. */
export async function start(file: string, args: readonly string[] = []): Promise<Remote> {
  const child = fork(join(import.meta.dirname, file), args, {
    execArgv: ["--expose-gc"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, BATON_LOG_LEVEL: "error" },
  });
  const next = <Answer>(): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`${file} ended with ${code}.`));
      child.once("exit", ended);
      child.once("message", (message) => {
        child.off("exit", ended);
        resolve(message as Answer);
      });
    });
  const { url } = await next<{ url: string }>();
  return {
    child,
    url,
    ask(what) {
      const answer = next<never>();
      child.send(what);
      return answer;
    },
  };
}

/** Kills a server as a crash does. */
export async function stop({ child }: Remote): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

export type Cpu = { readonly cpu: NodeJS.CpuUsage };

/** CPU time between two answers, in seconds. */
export function seconds(from: NodeJS.CpuUsage, to: NodeJS.CpuUsage): number {
  return (to.user - from.user + to.system - from.system) / 1e6;
}
