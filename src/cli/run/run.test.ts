import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { isObject } from "#base/index.ts";
import { projectFolder } from "#platform/index.ts";
import { exitCodes } from "../exit.ts";

const home = mkdtempSync(join(tmpdir(), "baton-cli-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Runs the command as its own process, with a home of its own; answers its exit code and what it printed. */
function baton(
  ...words: string[]
): Promise<{ code: number | null; lines: Record<string, unknown>[]; errors: string }> {
  const child = spawn(process.execPath, [join(projectFolder, "src/cli/main.ts"), ...words], {
    cwd: projectFolder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { NODE_ENV: "production", PATH: process.env["PATH"], BATON_HOME: home, BATON_LOG_LEVEL: "error" },
  });
  let out = "";
  let errors = "";
  child.stdout.on("data", (data) => (out += String(data)));
  child.stderr.on("data", (data) => (errors += String(data)));
  return new Promise((resolve) => {
    child.on("close", (code) => {
      const lines = out.split("\n").filter((line) => line.startsWith("{"));
      resolve({ code, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>), errors });
    });
  });
}

const log = [
  "Dec 10 06:55:48 host sshd[1]: Failed password for invalid user a from 203.0.113.9 port 38926 ssh2",
  "Dec 10 06:55:49 host sshd[2]: Failed password for root from 2001:db8::7 port 38927 ssh2",
  "Dec 10 06:55:50 host sshd[3]: Accepted password for b from 203.0.113.9 port 38928 ssh2",
  "Dec 10 06:55:51 host sshd[4]: Failed password for root from 203.0.113.9 port 38929 ssh2",
].join("\n");

test(
  "a run waits for an approver, or goes on with the decision made beforehand",
  { timeout: 180_000 },
  async () => {
    const file = join(home, "auth.log");
    writeFileSync(file, log);
    const words = [
      "run",
      "blueprints/intrusion-watch.yaml",
      "--input-file",
      `log=${file}`,
      "-i",
      "threshold=2",
      "--json",
    ];

    const waiting = await baton(...words);
    expect(waiting.errors).toBe("");
    expect(waiting.code).toBe(exitCodes.waiting);
    expect(waiting.lines.at(-1)).toMatchObject({
      type: "waiting",
      approvals: [
        {
          task: "block",
          title: "Block 203.0.113.9?",
          by: { roles: ["approver"] },
          details: { failures: 2, failuresInAll: 3 },
        },
      ],
    });

    const approved = await baton(...words, "--approve", "block");
    expect(approved.code).toBe(exitCodes.ok);
    expect(approved.lines.at(-1)).toMatchObject({
      type: "result",
      state: "succeeded",
      outputs: {
        failedPasswords: 3,
        worstSource: "203.0.113.9",
        worstSourceFailures: 2,
        decision: "approve",
      },
    });
    const sequence = approved.lines.filter((line) => line["type"] === "event").map((line) => line["seq"]);
    expect(sequence).toEqual(sequence.map((_, index) => index + 1));

    const failing = join(home, "fails.yaml");
    writeFileSync(failing, "id: fails\ntasks: [{ id: a, fail: On purpose }]\n");
    const failed = await baton("run", failing, "--json");
    expect(failed.code).toBe(exitCodes.failed);
    const error = failed.lines.at(-1)?.["error"];
    expect(isObject(error) && error["message"]).toContain("On purpose");
  },
);
