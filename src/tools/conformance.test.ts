import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json, JsonObject, RunId, WorkspaceId } from "#base/index.ts";
import { checkValue, parseFlow } from "#flow/index.ts";
import { createRunMemory, localPorts } from "#memory/index.ts";
import { createOutboundFetch } from "#platform/index.ts";
import { createSqlRunner } from "./sandbox/sql.ts";
import { perform } from "./perform.ts";
import type { Tool, ToolContext } from "./spec.ts";
import { builtinTools } from "./tools.ts";

/** What every tool of the registry has to hold. Each gets a sample call that succeeds. */

let server: Server;
let origin = "";
const sql = createSqlRunner(1);
const file = { $file: { id: "file_a", name: "a.log", mediaType: "text/plain", bytes: 4, hash: "" } };
const samples: Readonly<Record<string, () => JsonObject>> = {
  "http.get": () => ({ url: `${origin}/a` }),
  "http.request": () => ({ url: `${origin}/a`, method: "POST", body: { a: 1 } }),
  "files.read": () => ({ file }),
  "files.query": () => ({ file, sql: "SELECT count(*) AS c FROM lines" }),
  notify: () => ({ to: "admin", text: "Done" }),
  "memory.get": () => ({ key: "run:a" }),
  "memory.set": () => ({ key: "run:a", value: { n: 1 }, ifVersion: 0 }),
  "memory.append": () => ({ key: "run:a", value: "x" }),
  "memory.list": () => ({ prefix: "run:" }),
  "memory.search": () => ({ text: "x" }),
  "memory.forget": () => ({ key: "run:a" }),
};
const memory = createRunMemory(localPorts(() => 0));
let hang = false;
const tools = builtinTools(sql, async () =>
  createOutboundFetch({ public: false, allow: [origin.slice("http://".length)] }),
);

beforeAll(async () => {
  server = createServer((_request, response) => {
    if (!hang) response.end('{"ok":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  sql.close();
  server.closeAllConnections();
  server.close();
});

const { flow } = parseFlow(
  "id: f\nagents: { a: { tools: [memory] } }\ntasks: [{ id: t, agent: a, prompt: x }]\n",
);
if (!flow) throw new Error("The flow of the test is wrong.");
const caller = {
  workspace: "ws_a" as WorkspaceId,
  run: "run_a" as RunId,
  flow,
  path: "t",
  key: "run_a:t:1:1:call",
  agent: "a",
};

function context(signal: AbortSignal): ToolContext {
  const wait = <T>(value: T): Promise<T> => (hang ? new Promise<T>(() => undefined) : Promise.resolve(value));
  return {
    workspace: "ws_a" as WorkspaceId,
    run: "run_a" as RunId,
    path: "task",
    key: "run_a:task:1:1:call",
    signal,
    openFile: () => wait(new TextEncoder().encode("a\nb\n")),
    secret: async () => "",
    notify: () => wait({ notified: 1 }),
    memory: async (operation, args) => wait(await memory.call(caller, operation, args)),
    now: () => 0,
  };
}

const call = (tool: Tool, signal: AbortSignal, timeoutMs = tool.timeoutMs): Promise<Json> =>
  perform(
    { ...tool, timeoutMs, call: (both) => tool.call(samples[tool.name]?.() ?? {}, context(both)) },
    signal,
  );

describe.each(tools.map((tool) => [tool.name, tool] as const))("the tool %s", (name, tool) => {
  it("says what it is", () => {
    expect(name).toMatch(/^[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)?$/);
    expect(tool.title).not.toBe("");
    expect(tool.description.length).toBeGreaterThan(20);
    expect(tool.inputSchema).toMatchObject({ type: "object", additionalProperties: false });
    expect(tool.outputSchema).toMatchObject({ type: "object" });
    expect(tool.timeoutMs).toBeGreaterThan(0);
  });

  it("takes its sample and refuses nonsense, by its schema", () => {
    expect(checkValue(tool.inputSchema, samples[name]?.())).toMatchObject({ ok: true });
    expect(checkValue(tool.inputSchema, {})).toMatchObject({ ok: false });
    expect(checkValue(tool.inputSchema, { ...samples[name]?.(), nonsense: 1 })).toMatchObject({ ok: false });
  });

  it("answers JSON of its schema", async () => {
    hang = false;
    const result = await call(tool, new AbortController().signal);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    expect(checkValue(tool.outputSchema ?? {}, result)).toMatchObject({ ok: true });
  });

  it("refuses arguments of another shape with a clear error", async () => {
    hang = false;
    for (const args of [null, "text", [], { file: 1, url: 1, to: 1, sql: 1 }] as Json[]) {
      await expect(
        perform(
          { ...tool, call: (signal) => tool.call(args, context(signal)) },
          new AbortController().signal,
        ),
      ).rejects.toMatchObject({ code: "bad-input" });
    }
  });

  it("ends with its caller's signal", async () => {
    hang = true;
    const controller = new AbortController();
    const pending = call(tool, controller.signal);
    controller.abort();
    await expect(pending).rejects.toMatchObject({ code: "cancelled" });
  });

  it("is not begun under a signal that is over", async () => {
    hang = false;
    await expect(call(tool, AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
  });

  it("ends when its time is over", async () => {
    hang = true;
    await expect(call(tool, new AbortController().signal, 20)).rejects.toMatchObject({
      code: "timeout",
      message: `The tool ${name} did not finish within 20 ms.`,
    });
  });
});
