import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Running = { url: string; setupLink: string; stop(): Promise<void> };

/** Starts Baton as `npm start` does, without the installation before it, and answers once it says where it runs. */
export async function startBaton(): Promise<Running> {
  const home = mkdtempSync(join(tmpdir(), "baton-e2e-"));
  // Started by root, the database runs as another user, who must be able to get there.
  chmodSync(home, 0o755);
  const child = spawn(process.execPath, ["src/processes/start.ts"], {
    cwd: join(import.meta.dirname, "../.."),
    env: { ...process.env, BATON_HOME: home, BATON_PORT: "0", DATABASE_URL: "", BATON_LOG_LEVEL: "warn" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const setupLink = await new Promise<string>((resolve, reject) => {
    const read = (data: Buffer): void => {
      said += data.toString();
      const link = /https?:\/\/\S+\/setup\?token=\S+/.exec(said)?.[0];
      if (link !== undefined) resolve(link);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void ended.then((code) => reject(new Error(`Baton ended with ${code} before it ran:\n${said}`)));
  });
  return {
    url: new URL(setupLink).origin,
    setupLink,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
