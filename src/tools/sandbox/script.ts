import { fileURLToPath } from "node:url";
import { BatonError, type Json } from "#base/index.ts";
import { dirname } from "node:path";
import { type ProcessPool, createPool, timeoutError } from "./pool.ts";

export type ScriptRequest = {
  readonly code: string;
  /** JSON text. */
  readonly args: string;
  /** JSON text of {@link ScriptFile}s. */
  readonly files: string;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly outputCharacters: number;
};

export type ScriptReply =
  | { readonly ok: true; readonly json: string; readonly logs: readonly string[] }
  | {
      readonly ok: false;
      readonly kind: "error" | "timeout" | "memory" | "recursion" | "too-large" | "broken";
      readonly message: string;
      readonly logs: readonly string[];
    };

/** A file as a script sees it. */
export type ScriptFile = { readonly name: string; readonly mediaType: string; readonly text: string };

export type ScriptCall = {
  /** The body of an async function that has `args` and `files` in scope and returns JSON. */
  readonly code: string;
  readonly args: Json;
  readonly files?: readonly ScriptFile[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

export type ScriptRunner = {
  /**
   * Runs JavaScript with nothing but the language itself: no modules, timers, files, network or environment. Throws
   * "bad-input" (what the script threw), "timeout", "limit-reached" (memory, recursion), "too-large".
   */
  run(call: ScriptCall): Promise<{ readonly result: Json; readonly logs: readonly string[] }>;
  close(): void;
};

export const scriptTimeoutMs = 10_000;
const memoryBytes = 64_000_000;
const outputCharacters = 5_000_000;

/** Directories that a script's process may read: its own code and QuickJS. Nothing else of the machine's files. */
function readable(): string[] {
  const here = dirname(fileURLToPath(import.meta.url));
  const packages = dirname(dirname(dirname(fileURLToPath(import.meta.resolve("quickjs-emscripten")))));
  return [
    here,
    ...["quickjs-emscripten", "quickjs-emscripten-core", "@jitl"].map((name) => `${packages}/${name}`),
  ];
}

export function createScriptRunner(size = 2): ScriptRunner {
  const pool: ProcessPool<ScriptRequest, ScriptReply> = createPool({
    entry: new URL("./script-child.ts", import.meta.url),
    execArgv: [
      "--permission",
      ...readable().map((path) => `--allow-fs-read=${path}/*`),
      "--max-old-space-size=128",
      "--disable-proto=delete",
      "--no-warnings",
    ],
    size,
    reuse: true,
    idleMs: 60_000,
  });
  return {
    async run({ code, args, files = [], timeoutMs, signal }) {
      const request = {
        code,
        args: JSON.stringify(args),
        files: JSON.stringify(files),
        timeoutMs,
        memoryBytes,
        outputCharacters,
      };
      const reply = await pool.run(request, { timeoutMs, graceMs: 500, signal, subject: "The script" });
      if (reply.ok) return { result: JSON.parse(reply.json) as Json, logs: reply.logs };
      throw explain(reply, timeoutMs);
    },
    close: () => pool.close(),
  };
}

function explain(reply: Exclude<ScriptReply, { ok: true }>, timeoutMs: number): BatonError {
  const details = { logs: reply.logs };
  switch (reply.kind) {
    case "timeout":
      return timeoutError("The script", timeoutMs);
    case "memory":
      return new BatonError(
        "limit-reached",
        `The script used more than ${memoryBytes / 1_000_000} MB of memory.`,
        {
          hint: "Work on less at a time.",
          details,
        },
      );
    case "recursion":
      return new BatonError("limit-reached", "The script calls itself too deeply.", {
        hint: "Give the recursion an end, or use a loop.",
        details,
      });
    case "too-large":
      return new BatonError(
        "too-large",
        `The script returned ${(Number(reply.message) / 1_000_000).toFixed(1)} MB; the limit is ${outputCharacters / 1_000_000} MB.`,
        { hint: "Return less.", details },
      );
    case "broken":
      return new BatonError("internal", "The script broke the process that it ran in, and was ended.", {
        hint: "Endless recursion and very large values do this.",
        details,
      });
    case "error":
      return new BatonError("bad-input", `The script failed: ${reply.message}`, {
        // What a script throws on purpose says enough by itself.
        ...(/^(Syntax|Reference|Type)Error\b/.test(reply.message)
          ? { hint: "A script is the body of an async function: it has args and files, and returns JSON." }
          : {}),
        details,
      });
  }
}
