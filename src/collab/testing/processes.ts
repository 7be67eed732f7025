import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { LiveServerOptions } from "../server/server.ts";
import type { Refusal } from "../spec.ts";

/** A server of documents in a process of its own. */
export type ServerProcess = {
  readonly url: string;
  readonly port: number;
  /** Cuts all connections, as a network does. */
  cut(): void;
  refusals(): Promise<readonly Refusal[]>;
  /** As `kill -9`. */
  kill(): Promise<void>;
};

/** Starts one on a port; on any free one for 0. `options`: what can be told as JSON. */
export async function startProcess(
  databaseUrl: string,
  port = 0,
  options: Pick<LiveServerOptions, "compactEvery" | "limits"> = {},
): Promise<ServerProcess> {
  const child: ChildProcess = fork(
    join(import.meta.dirname, "serve.ts"),
    [databaseUrl, String(port), JSON.stringify(options)],
    {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      execArgv: [],
      env: { ...process.env, BATON_LOG_LEVEL: "fatal" },
    },
  );
  const next = <Answer>(): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`The server ended with ${code}.`));
      child.once("exit", ended);
      child.once("message", (message) => {
        child.off("exit", ended);
        resolve(message as Answer);
      });
    });
  const { url } = await next<{ url: string }>();
  return {
    url,
    port: Number(new URL(url).port),
    cut: () => void child.send("cut"),
    async refusals() {
      const answer = next<{ refusals: readonly Refusal[] }>();
      child.send("refusals");
      return (await answer).refusals;
    },
    async kill() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    },
  };
}
