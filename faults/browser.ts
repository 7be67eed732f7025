import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import { noteChild } from "./leave-nothing.ts";
import { isId, type Json, type RunId } from "#base/index.ts";

/** A web process and somebody who is signed in there. */
export type Web = {
  /** Starts a run as the page's form does; resolves when that is acknowledged. */
  start(slug: string, inputs: Readonly<Record<string, Json>>): Promise<RunId>;
  /** Ends it in order, and waits. */
  stop(): Promise<void>;
};

export async function startWeb(environment: Readonly<Record<string, string>>): Promise<Web> {
  const child = fork(fileURLToPath(new URL("web.ts", import.meta.url)), {
    env: { ...process.env, ...environment, BATON_SUPERVISED: "1" },
  });
  const ended = once(child, "exit");
  noteChild(child.pid, ended);
  const told = await Promise.race([once(child, "message"), ended.then(() => null)]);
  if (told === null) throw new Error("The web ended before it was ready.");
  const [{ url, cookie }] = told as [{ url: string; cookie: string }];
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  return {
    start(slug, inputs) {
      const body = JSON.stringify({ json: { slug, inputs } });
      const headers = {
        cookie,
        origin: url,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      };
      return new Promise((resolve, reject) => {
        request(`${url}/api/trpc/run.start`, { method: "POST", agent, headers }, (response) => {
          let text = "";
          response.on("data", (data) => (text += String(data)));
          response.on("error", reject);
          response.on("end", () => {
            const id = /"id":"(run_[^"]+)"/.exec(text)?.[1];
            if (isId("run", id)) resolve(id);
            else reject(new Error(`${response.statusCode}: ${text}`));
          });
        })
          .on("error", reject)
          .end(body);
      });
    },
    async stop() {
      agent.destroy();
      child.send("stop");
      await ended;
    },
  };
}
