/** Runs in a process of its own: one script at a time, in a QuickJS of its own. See `script.ts`. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  RELEASE_SYNC,
  type QuickJSContext,
  type QuickJSHandle,
  newQuickJSWASMModule,
  newVariant,
} from "quickjs-emscripten";
import { serve } from "./serve.ts";
import type { ScriptReply, ScriptRequest } from "./script.ts";

const wasmFile = fileURLToPath(import.meta.resolve("@jitl/quickjs-wasmfile-release-sync/wasm"));
const wasm = await WebAssembly.compile(await readFile(wasmFile));
const parent = process.ppid;
const stackBytes = 256 * 1024;
const logCharacters = 64_000;

/** Guest code. Answers the function that runs a script; keeps its own copies of what a script could replace. */
const bootstrap = `(write) => {
  "use strict";
  const { parse, stringify } = JSON;
  const text = (value) => {
    if (typeof value === "string") return value;
    if (value instanceof Error) return String(value.stack ? value.name + ": " + value.message : value);
    try { return stringify(value) ?? String(value); } catch { return String(value); }
  };
  const console = {};
  for (const level of ["debug", "log", "info", "warn", "error"]) {
    console[level] = (...values) => write(values.map(text).join(" "));
  }
  globalThis.console = console;
  return async (script, args, files) => {
    const value = await script(parse(args), parse(files));
    if (typeof value === "function" || typeof value === "symbol") {
      throw new TypeError("a " + typeof value + " is not JSON");
    }
    return stringify(value === undefined ? null : value);
  };
}`;

type Outcome = { failed: boolean; value: QuickJSHandle };

async function run(request: ScriptRequest): Promise<ScriptReply> {
  // A module per call: no memory is shared with the script before or after.
  const quickjs = await newQuickJSWASMModule(newVariant(RELEASE_SYNC, { wasmModule: wasm }));
  const runtime = quickjs.newRuntime();
  runtime.setMemoryLimit(request.memoryBytes);
  runtime.setMaxStackSize(stackBytes);
  const deadline = Date.now() + request.timeoutMs;
  let late = false;
  runtime.setInterruptHandler(() => {
    // While a script runs no event arrives: that the worker is gone shows by another parent only.
    if (process.ppid !== parent) process.exit(1);
    late ||= Date.now() > deadline;
    return late;
  });
  const vm = runtime.newContext();

  const logs: string[] = [];
  let room = logCharacters;
  const write = vm.newFunction("write", (line) => {
    if (room <= 0) return;
    const text = vm.getString(line);
    const kept = text.length > room ? `${text.slice(0, room)}…` : text;
    room -= kept.length + 1;
    logs.push(room <= 0 ? `${kept} (further lines are left out)` : kept);
  });
  const refused = (kind: Exclude<ScriptReply, { ok: true }>["kind"], message: string): ScriptReply => ({
    ok: false,
    kind,
    message,
    logs,
  });
  const failure = (error: QuickJSHandle): ScriptReply => {
    if (late) return refused("timeout", "");
    const message = describe(vm, error);
    if (/out of memory/.test(message)) return refused("memory", message);
    if (/stack overflow|Maximum call stack/.test(message)) return refused("recursion", message);
    return refused("error", message);
  };
  const evaluate = (code: string, file: string): Outcome => {
    const result = vm.evalCode(code, file, { strict: true });
    return result.error ? { failed: true, value: result.error } : { failed: false, value: result.value };
  };

  const runner = evaluate(bootstrap, "baton.js");
  if (runner.failed) return refused("error", describe(vm, runner.value));
  const made = vm.callFunction(runner.value, vm.undefined, write);
  if (made.error) return failure(made.error);
  // The code starts on the first line, so that lines in messages are lines of the code.
  const script = evaluate(`(async (args, files) => {${request.code}\n})`, "script.js");
  if (script.failed) return failure(script.value);
  const [args, files] = [vm.newString(request.args), vm.newString(request.files)];
  const called = vm.callFunction(made.value, vm.undefined, script.value, args, files);
  if (called.error) return failure(called.error);
  const jobs = runtime.executePendingJobs();
  if (jobs.error) return failure(jobs.error);
  if (late) return refused("timeout", "");

  const state = vm.getPromiseState(called.value);
  if (state.type === "pending") {
    return refused("error", "The script waits for something that never comes.");
  }
  if (state.type === "rejected") return failure(state.error);
  const length = vm.getNumber(vm.getProp(state.value, "length"));
  if (length > request.outputCharacters) return refused("too-large", String(length));
  return { ok: true, json: vm.getString(state.value), logs };
}

function describe(vm: QuickJSContext, error: QuickJSHandle): string {
  const value: unknown = vm.dump(error);
  if (typeof value === "object" && value !== null && "message" in value) {
    const { name, message, stack } = value as { name?: unknown; message?: unknown; stack?: unknown };
    const line = /script\.js:(\d+)/.exec(String(stack ?? ""))?.[1];
    return `${String(name ?? "Error")}: ${String(message)}${line === undefined ? "" : ` (line ${line})`}`.slice(
      0,
      2_000,
    );
  }
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? String(value))).slice(0, 2_000);
}

serve<ScriptRequest, ScriptReply>(async (request) => {
  try {
    return { reply: await run(request) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const kind = /memory|out of bounds/i.test(message)
      ? "memory"
      : /stack/i.test(message)
        ? "recursion"
        : "broken";
    // What QuickJS left behind is not to be trusted with another call.
    return { reply: { ok: false, kind, message, logs: [] }, last: true };
  }
});
