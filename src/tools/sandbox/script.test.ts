import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Json } from "#base/index.ts";
import { createScriptRunner } from "./script.ts";

const runner = createScriptRunner(2);
afterAll(() => runner.close());

const never = new AbortController().signal;
const run = async (code: string, args: Json = {}, timeoutMs = 60_000): Promise<Json> =>
  (await runner.run({ code, args, timeoutMs, signal: never })).result;

describe("scripts", () => {
  it("runs the body of an async function and answers JSON", async () => {
    expect(
      await run("const x = await Promise.resolve(args.a); return { sum: x + args.b }", { a: 1, b: 2 }),
    ).toEqual({
      sum: 3,
    });
    expect(await run("")).toBe(null);
    expect(await run("return [1, undefined, NaN, new Date(0)] // done")).toEqual([
      1,
      null,
      null,
      "1970-01-01T00:00:00.000Z",
    ]);
  });

  it("gives back every JSON value as it was", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), async (value) => {
        const json = JSON.parse(JSON.stringify(value)) as Json;
        expect(await run("return args", json)).toEqual(json);
      }),
      { numRuns: 25 },
    );
  });

  it("hands files over as text", async () => {
    const files = [{ name: "a.txt", mediaType: "text/plain", text: "one\ntwo" }];
    const code = "return files.map((file) => [file.name, file.text.split('\\n').length])";
    expect((await runner.run({ code, args: {}, files, timeoutMs: 60_000, signal: never })).result).toEqual([
      ["a.txt", 2],
    ]);
  });

  it("keeps what is written to the console, up to a cap", async () => {
    const { logs } = await runner.run({
      code: "console.log('a', { b: 1 }, [2]); console.error(new Error('no')); return 1",
      args: {},
      timeoutMs: 60_000,
      signal: never,
    });
    expect(logs).toEqual(['a {"b":1} [2]', "Error: no"]);
    const many = await runner.run({
      code: "for (let i = 0; i < 100000; i++) console.log('x'.repeat(100)); return 1",
      args: {},
      timeoutMs: 60_000,
      signal: never,
    });
    expect(many.logs.join("").length).toBeLessThan(70_000);
    expect(many.logs.at(-1)).toContain("left out");
  });

  it.each([
    ["a thrown error", "\nthrow new Error('no stock')", /The script failed: Error: no stock \(line 2\)/],
    ["a thrown text", "throw 'no stock'", /no stock/],
    ["a syntax error", "\n\nconst x = ;", /SyntaxError.*\(line 3\)/],
    ["a rejected promise", "await Promise.reject(new TypeError('x'))", /TypeError: x/],
    ["a promise that never settles", "await new Promise(() => {})", /waits for something that never comes/],
    ["a circular value", "const a = []; a.push(a); return a", /circular/],
    ["a function", "return () => 1", /a function is not JSON/],
    ["a BigInt", "return 1n", /BigInt/],
  ])("explains %s", async (_name, code, message) => {
    await expect(run(code)).rejects.toMatchObject({
      code: "bad-input",
      message: expect.stringMatching(message),
    });
  });

  it.each([
    "require",
    "process",
    "fetch",
    "setTimeout",
    "Buffer",
    "XMLHttpRequest",
    "WebAssembly",
    "module",
    "std",
    "os",
    "load",
  ])("has no %s", async (name) => expect(await run(`return typeof ${name}`)).toBe("undefined"));

  it.each([
    ["constructor of a function", "return (() => 1).constructor('return typeof process')()"],
    ["constructor of an async function", "return (async () => 1).constructor('return typeof process')()"],
    ["constructor of the console", "return console.log.constructor('return typeof process')()"],
    ["constructor of the arguments", "return args.constructor.constructor('return typeof process')()"],
    ["indirect eval", "return (0, eval)('typeof process')"],
    ["leaving the function", "}); globalThis.x = typeof process; (async () => { return globalThis.x"],
    [
      "the global object's chain",
      "let o = globalThis; while (Object.getPrototypeOf(o)) o = Object.getPrototypeOf(o); return typeof o.process",
    ],
  ])("does not let %s out", async (_name, code) => {
    expect(await run(code).catch((error: Error) => error.message)).toMatch(
      /^undefined$|The script failed|never comes/,
    );
  });

  it("cannot import modules", async () => {
    for (const name of ["fs", "node:child_process", "/etc/passwd", "./script.ts"]) {
      await expect(run(`return (await import('${name}')).default`)).rejects.toMatchObject({
        code: "bad-input",
      });
    }
  });

  it("leaves nothing for the next script", async () => {
    await run(
      "globalThis.left = 1; Object.prototype.polluted = 1; Array.prototype.map = () => 'mine'; JSON.parse = null; return 1",
    );
    const code = "return [typeof left, ({}).polluted === undefined, [1].map((x) => x + 1)]";
    for (let i = 0; i < 3; i += 1) expect(await run(code)).toEqual(["undefined", true, [2]]);
  });

  it("does not trust a script with the way its answer is written", async () => {
    expect(await run("JSON.stringify = () => 'broken'; return { a: 1 }")).toEqual({ a: 1 });
    expect(await run("Promise.prototype.then = () => { throw 1 }; return { a: 1 }")).toEqual({ a: 1 });
  });

  it.each([
    ["an endless loop", "for (;;) {}"],
    ["an endless chain of promises", "for (;;) await null"],
    ["a pattern that backtracks for ever", "return /^(a+)+$/.test('a'.repeat(60) + 'b')"],
    ["a loop that catches everything", "for (;;) { try { for (;;) {} } catch {} }"],
    ["a sort without end", "return [1, 2, 3].sort(() => { for (;;) {} })"],
  ])("ends %s", async (_name, code) => {
    await expect(run(code, {}, 150)).rejects.toMatchObject({ code: "timeout" });
    expect(await run("return 1")).toBe(1);
  });

  it.each([
    ["recursion", "const f = (n) => f(n + 1) + 1; return f(0)"],
    ["recursion of async functions", "const f = async () => (await f()) + 1; return f()"],
    ["recursion in a getter", "const o = { get x() { return this.x } }; return o.x"],
    ["recursion by a proxy", "const p = new Proxy({}, { get: (t, k, r) => r[k] }); return p.x"],
    ["a value nested too deeply", "let o = {}; for (let i = 0; i < 200000; i++) o = { o }; return o"],
    ["nested JSON", "return JSON.parse('['.repeat(1000000))"],
    ["a text that doubles", "let s = 'x'; for (;;) s += s"],
    ["a huge text", "return 'x'.repeat(500000000)"],
    ["a huge buffer", "return new ArrayBuffer(500000000).byteLength"],
  ])("ends %s, and lives on", async (_name, code) => {
    await expect(run(code)).rejects.toMatchObject({
      code: expect.stringMatching(/^(limit-reached|bad-input)$/),
    });
    expect(await run("return 1")).toBe(1);
  });

  it("refuses a result above the cap, naming size and limit", async () => {
    await expect(run("return 'x'.repeat(6000000)")).rejects.toMatchObject({
      code: "too-large",
      message: "The script returned 6.0 MB; the limit is 5 MB.",
    });
  });

  it("ends with the caller's signal, running or waiting for a process", async () => {
    const one = createScriptRunner(1);
    const controller = new AbortController();
    const calls = [1, 2].map((n) =>
      one.run({ code: "for (;;) {}", args: n, timeoutMs: 60_000, signal: controller.signal }),
    );
    controller.abort(new Error("enough"));
    const ends = await Promise.allSettled(calls);
    expect(ends.map((end) => (end.status === "rejected" ? String(end.reason) : "done"))).toEqual([
      "Error: enough",
      "Error: enough",
    ]);
    expect((await one.run({ code: "return 1", args: {}, timeoutMs: 60_000, signal: never })).result).toBe(1);
    one.close();
  });

  it("runs calls one after another when all processes are busy", async () => {
    const results = await Promise.all(Array.from({ length: 12 }, (_, n) => run("return args * 2", n)));
    expect(results).toEqual(Array.from({ length: 12 }, (_, n) => n * 2));
  });
});
