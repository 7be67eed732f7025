import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BatonError, type Json, type RunId, type WorkspaceId } from "#base/index.ts";
import { type Flow, parseFlow } from "#flow/index.ts";
import { fixedOrigin } from "./local/http.ts";
import { type ToolPorts, builtinFacts, createTools, toolRows } from "./tools.ts";

let server: Server;
let origin = "";
let handle: (request: IncomingMessage, response: ServerResponse, body: string) => void;
const sent: unknown[] = [];
const read: string[] = [];
const logged: string[] = [];

const ports: ToolPorts = {
  egress: () => ({ public: false, allow: [origin.slice("http://".length)] }),
  openFile: async ({ file }) => {
    if (file.$file.id !== "file_a") throw new BatonError("not-found", "There is no such file.");
    return new TextEncoder().encode("one\ntwo\nthree\n");
  },
  secret: async ({ name }) => {
    read.push(name);
    return `value of ${name}`;
  },
  notify: async (message) => {
    sent.push(message);
    return { notified: message.to === "nobody" ? 0 : 2 };
  },
  now: () => 1_000,
  scriptLog: ({ lines }) => void logged.push(...lines),
};
const tools = createTools(ports);

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => handle(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  sent.length = read.length = logged.length = 0;
  handle = (request, response, body) => {
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }),
    );
  };
});
afterAll(() => {
  tools.close();
  server.closeAllConnections();
  server.close();
});

function flowOf(text: string): Flow {
  const { flow, problems } = parseFlow(text);
  if (flow === null) throw new Error(JSON.stringify(problems));
  expect(problems).toEqual([]);
  return flow;
}

const plain = "id: x\ntasks: [{ id: a, log: hi }]\n";

type Extra = { flow?: string; agent?: string | null; path?: string; signal?: AbortSignal; key?: string };
const call = (tool: string, args: Json, extra: Extra = {}): Promise<Json> =>
  tools.call({
    workspace: "ws_a" as WorkspaceId,
    run: "run_a" as RunId,
    flow: flowOf(extra.flow ?? plain),
    path: extra.path ?? "a",
    key: extra.key ?? "run_a:a:1:1:call",
    tool,
    args,
    agent: extra.agent === undefined ? "worker" : extra.agent,
    signal: extra.signal ?? new AbortController().signal,
  });

const file = { $file: { id: "file_a", name: "a.txt", mediaType: "text/plain", bytes: 14, hash: "" } };

describe("the catalog", () => {
  it("holds the registry, and the flow's own tools before it", () => {
    const flow = flowOf(`id: x
tools:
  notify: { description: Mine, script: javascript, code: return 1, input: { a: number }, risk: high }
  crm.find: { description: Finds, http: "POST https://crm.example.com/x", input: { q: string } }
tasks: [{ id: a, tool: crm.find, with: { q: x } }]
`);
    const catalog = tools.catalog("ws_a" as WorkspaceId, flow);
    expect(catalog.names()).toEqual([
      "crm.find",
      "files.query",
      "files.read",
      "http.get",
      "http.request",
      "memory.append",
      "memory.forget",
      "memory.get",
      "memory.list",
      "memory.search",
      "memory.set",
      "notify",
    ]);
    expect(catalog.get("notify")).toMatchObject({ description: "Mine", risk: "high" });
    expect(catalog.get("http.get")).toMatchObject({ risk: "low", repeatable: true });
    expect(catalog.get("http.request")).toMatchObject({ risk: "medium" });
    expect(catalog.get("crm.find")).toMatchObject({ repeatable: false });
    expect(catalog.get("nothing")).toBeUndefined();
    expect(catalog.get("constructor")).toBeUndefined();
  });

  it("hashes name, schemas and risk", () => {
    const hash = (risk: string): string | undefined =>
      tools
        .catalog(
          "ws_a" as WorkspaceId,
          flowOf(`id: x
tools: { t: { description: T, script: javascript, code: return 1, input: { a: number }, risk: ${risk} } }
tasks: [{ id: a, tool: t, with: { a: 1 } }]
`),
        )
        .get("t")?.schemaHash;
    expect(hash("low")).toMatch(/^[0-9a-f]{64}$/);
    expect(hash("low")).toBe(hash("low"));
    expect(hash("low")).not.toBe(hash("medium"));
  });

  it("is shown on the page of tools", () => {
    expect(toolRows().map((row) => row.name)).toEqual([
      "files.query",
      "files.read",
      "http.get",
      "http.request",
      "memory.append",
      "memory.forget",
      "memory.get",
      "memory.list",
      "memory.search",
      "memory.set",
      "notify",
    ]);
    expect(builtinFacts().map((facts) => facts.schemaHash)).toEqual(
      toolRows().map((row) => tools.catalog("ws_a" as WorkspaceId, flowOf(plain)).get(row.name)?.schemaHash),
    );
  });
});

describe("tools of the registry", () => {
  it("sends a request with query, headers, body and key", async () => {
    const answer = await call("http.request", {
      url: `${origin}/a?x=1`,
      method: "POST",
      query: { y: [1, 2], z: null },
      headers: { "X-Own": "yes" },
      body: { a: 1 },
    });
    expect(answer).toMatchObject({
      status: 200,
      json: {
        method: "POST",
        url: "/a?x=1&y=1&y=2",
        body: '{"a":1}',
        headers: {
          "x-own": "yes",
          "content-type": "application/json",
          "idempotency-key": "run_a:a:1:1:call",
          "user-agent": "Baton",
        },
      },
    });
    const get = (await call("http.get", { url: `${origin}/a` })) as {
      json: { headers: Record<string, string> };
    };
    expect(get.json.headers).not.toHaveProperty("idempotency-key");
  });

  it.each([
    [400, "bad-input", undefined],
    [401, "forbidden", undefined],
    [404, "not-found", undefined],
    [409, "conflict", undefined],
    [429, "rate-limited", 7_000],
    [500, "unavailable", 7_000],
    [503, "unavailable", 7_000],
  ] as const)("fails on status %i as %s", async (status, code, retryAfterMs) => {
    handle = (_request, response) => {
      response.writeHead(status, retryAfterMs === undefined ? {} : { "retry-after": "7" });
      response.end("out of order");
    };
    const failing = call("http.get", { url: `${origin}/a` });
    await expect(failing).rejects.toMatchObject({
      code,
      retryAfterMs,
      message: expect.stringContaining(`status ${status}: out of order`),
    });
    expect(await call("http.get", { url: `${origin}/a`, acceptErrors: true })).toMatchObject({ status });
  });

  it("refuses what is not allowed, too large, or no text", async () => {
    await expect(call("http.get", { url: "http://127.0.0.1:1/" })).rejects.toMatchObject({
      code: "forbidden",
    });
    handle = (_request, response) => response.end("x".repeat(10_000_000));
    await expect(call("http.get", { url: `${origin}/` })).rejects.toMatchObject({
      code: "too-large",
      message: expect.stringMatching(/10 MB; the limit is 5 MB/),
    });
    handle = (_request, response) =>
      response.setHeader("content-type", "image/png").end(Buffer.from([1, 2, 3]));
    await expect(call("http.get", { url: `${origin}/` })).rejects.toThrow("which is not text");
    await expect(call("http.request", { url: `${origin}/`, method: "TRACE" })).rejects.toMatchObject({
      code: "bad-input",
    });
    await expect(call("http.get", { url: "not a url" })).rejects.toMatchObject({ code: "bad-input" });
  });

  it("reads lines of a file", async () => {
    expect(await call("files.read", { file, fromLine: 2 })).toEqual({
      name: "a.txt",
      text: "two\nthree",
      fromLine: 2,
      toLine: 3,
      lineCount: 3,
      truncated: false,
    });
    expect(await call("files.read", { file, fromLine: 2, toLine: 2 })).toMatchObject({
      text: "two",
      toLine: 2,
    });
    await expect(call("files.read", { file, fromLine: 9 })).rejects.toThrow(
      "has 3 lines; line 9 was asked for",
    );
    const other = { $file: { ...file.$file, id: "file_b" } };
    await expect(call("files.read", { file: other })).rejects.toMatchObject({ code: "not-found" });
  });

  it("does not say that it told somebody when there was nobody", async () => {
    expect(await call("notify", { to: "nobody", text: "Hello" })).toEqual({
      sent: false,
      to: "nobody",
      notified: 0,
    });
    sent.length = 0;
  });

  it("notifies once for each key", async () => {
    expect(await call("notify", { to: "admin", text: "The build is done\nDetails" })).toEqual({
      sent: true,
      to: "admin",
      notified: 2,
    });
    expect(sent).toEqual([
      {
        workspace: "ws_a",
        run: "run_a",
        path: "a",
        key: "run_a:a:1:1:call",
        to: "admin",
        title: "The build is done",
        text: "The build is done\nDetails",
      },
    ]);
  });

  it("names a tool that does not exist", async () => {
    await expect(call("crm.find", {})).rejects.toMatchObject({
      code: "misconfigured",
      message: 'There is no tool named "crm.find".',
    });
    await expect(call("toString", {})).rejects.toMatchObject({ code: "misconfigured" });
  });
});

describe("tools of a flow", () => {
  const http = (): string => `id: x
tools:
  crm.find:
    description: Finds a customer
    http: POST ${origin}/customers/{{ args.id }}
    query: { fields: "{{ args.fields }}" }
    headers: { Authorization: "Bearer {{ secret('CRM_TOKEN') }}" }
    body: { mail: "{{ args.mail }}", note: "for {{ args.mail }}" }
    input: { id: string, mail: string, fields: { type: array, items: string, optional: true } }
    result: "{{ response.json.body }}"
tasks: [{ id: a, log: hi }]
`;

  it("fills in templates and secrets, and answers what result says", async () => {
    let seen: IncomingMessage | undefined;
    handle = (request, response, body) => {
      seen = request;
      response.end(JSON.stringify({ body: JSON.parse(body) as Json }));
    };
    const result = await call("crm.find", { id: "7", mail: "a@b.c", fields: ["x", "y"] }, { flow: http() });
    expect(result).toEqual({ mail: "a@b.c", note: "for a@b.c" });
    expect(seen?.url).toBe("/customers/7?fields=x&fields=y");
    expect(seen?.headers.authorization).toBe("Bearer value of CRM_TOKEN");
    expect(read).toEqual(["CRM_TOKEN"]);
  });

  it("never gives an agent a secret, however it asks", async () => {
    for (const sneaky of [
      { $secret: "CRM_TOKEN" },
      { $template: ["x", { $secret: "CRM_TOKEN" }] },
    ] as Json[]) {
      await expect(
        call("http.request", { url: `${origin}/`, method: "POST", body: { deep: [sneaky] } }),
      ).rejects.toMatchObject({ code: "forbidden" });
      await expect(call("crm.find", { id: "7", mail: sneaky }, { flow: http() })).rejects.toMatchObject({
        code: "forbidden",
      });
    }
    expect(read).toEqual([]);
  });

  it("does not resolve a secret that data smuggles into a template", async () => {
    const flow = `id: x
tools:
  t:
    description: T
    http: POST ${origin}/
    body: "{{ json(args.text) }}"
    input: { text: string }
tasks: [{ id: a, log: hi }]
`;
    await expect(call("t", { text: '{"a":{"$secret":"CRM_TOKEN"}}' }, { flow })).rejects.toMatchObject({
      code: expect.stringMatching(/forbidden|bad-input/),
    });
    expect(read).toEqual([]);
  });

  it("resolves the secrets that a task's own text names, and no others", async () => {
    const flow = `id: x
tasks:
  - if: "true"
    id: outer
    then:
      - id: a
        tool: http.get
        with: { url: "${origin}/", headers: { X-Key: "{{ secret('KEY') }}" } }
`;
    const answer = await call(
      "http.get",
      { url: `${origin}/`, headers: { "X-Key": { $secret: "KEY" } } },
      { flow, agent: null, path: "outer/a" },
    );
    expect(answer).toMatchObject({ json: { headers: { "x-key": "value of KEY" } } });
    await expect(
      call(
        "http.get",
        { url: `${origin}/`, headers: { "X-Key": { $secret: "OTHER" } } },
        { flow, agent: null, path: "outer/a" },
      ),
    ).rejects.toMatchObject({ code: "forbidden" });
    expect(read).toEqual(["KEY"]);
  });

  it("resolves the secret inputs that a task's own text names, and no others", async () => {
    const flow = `id: x
tasks: [{ id: a, tool: http.get, with: { url: "${origin}/", headers: { X-Key: "{{ inputs.token }}" } } }]
`;
    const with_ = (name: string): Json => ({ url: `${origin}/`, headers: { "X-Key": { $secret: name } } });
    const answer = await call("http.get", with_("inputs:token"), { flow, agent: null });
    expect(answer).toMatchObject({ json: { headers: { "x-key": "value of inputs:token" } } });
    for (const name of ["inputs:other", "token"]) {
      await expect(call("http.get", with_(name), { flow, agent: null })).rejects.toMatchObject({
        code: "forbidden",
      });
    }
    expect(read).toEqual(["inputs:token"]);
  });

  it("keeps a request on the server that the text names", async () => {
    const flow = `id: x
tools:
  t: { description: T, http: "GET ${origin}{{ args.path }}", input: { path: string } }
tasks: [{ id: a, log: hi }]
`;
    expect(await call("t", { path: "/ok" }, { flow })).toMatchObject({ url: "/ok" });
    for (const path of [".evil.example/", "@evil.example/", "1/"]) {
      await expect(call("t", { path }, { flow })).rejects.toMatchObject({
        code: expect.stringMatching(/forbidden|bad-input/),
      });
    }
  });

  it("knows which part of an address is fixed", () => {
    expect(fixedOrigin("https://a.example/{{ args.x }}")).toBe("https://a.example");
    expect(fixedOrigin("https://a.example{{ args.x }}")).toBe("https://a.example");
    expect(fixedOrigin("https://a.example?q={{ args.x }}")).toBe("https://a.example");
    expect(fixedOrigin("https://{{ args.host }}/x")).toBe(null);
    expect(fixedOrigin("https://api-{{ args.region }}.example.com/x")).toBe(null);
    expect(fixedOrigin("https://a{{ args.region }}.example.com/x")).toBe(null);
    expect(fixedOrigin("http://a.example:{{ args.port }}/x")).toBe(null);
    expect(fixedOrigin("{{ args.url }}")).toBe(null);
  });

  it("fails on a bad status, unless result looks at it", async () => {
    handle = (_request, response) => response.writeHead(404).end('{"why":"gone"}');
    await expect(call("crm.find", { id: "7", mail: "x" }, { flow: http() })).rejects.toMatchObject({
      code: "not-found",
    });
    const flow = http().replace("response.json.body", "response.status == 404 ? 'none' : response.text");
    expect(await call("crm.find", { id: "7", mail: "x" }, { flow })).toBe("none");
  });

  it("runs a script with its arguments and checks its output", async () => {
    const flow = (code: string): string => `id: x
tools:
  add: { description: Adds, script: javascript, code: "${code}", input: { a: number }, returns: { sum: number } }
tasks: [{ id: a, log: hi }]
`;
    expect(
      await call("add", { a: 2 }, { flow: flow("console.log('hi'); return { sum: args.a + 1 }") }),
    ).toEqual({ sum: 3 });
    expect(logged).toEqual(["hi"]);
    await expect(call("add", { a: 2 }, { flow: flow("return { sum: 'three' }") })).rejects.toMatchObject({
      code: "bad-input",
      message: expect.stringMatching(/^The tool add answered with something else than it promises: sum/),
    });
  });

  it("carries script tasks out, with files and secrets, and under their own timeout", async () => {
    const flow = `id: x
tasks:
  - id: a
    script: javascript
    code: "return 1"
    with: { key: "{{ secret('KEY') }}" }
    timeout: 200ms
`.replace("200ms", "PT0.2S");
    const args = (code: string): Json => ({
      language: "javascript",
      code,
      args: { key: { $secret: "KEY" } },
      files: [file],
    });
    expect(await call("script", args("return [args.key, files[0].text]"), { flow, agent: null })).toEqual([
      "value of KEY",
      "one\ntwo\nthree\n",
    ]);
    await call("script", args("console.log('it is ' + args.key); return 1"), { flow, agent: null });
    expect(logged).toEqual(["it is [redacted]"]);
    await expect(call("script", args("for (;;) {}"), { flow, agent: null })).rejects.toMatchObject({
      code: "timeout",
    });
    await expect(
      call("script", { language: "python", code: "1", args: {}, files: [] }, { flow, agent: null }),
    ).rejects.toMatchObject({ code: "bad-input" });
    await expect(call("script", args("return 1"), { flow, agent: "worker" })).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(
      call("script", { language: "javascript", code: "return 1" }, { flow, agent: "worker" }),
    ).rejects.toMatchObject({ code: "misconfigured" });
  });

  it("takes keys out that would become a prototype", async () => {
    handle = (_request, response) => response.end('{"__proto__":{"admin":true},"a":1}');
    const answer = (await call("http.get", { url: `${origin}/` })) as { json: Record<string, Json> };
    expect(Object.keys(answer.json)).toEqual(["a"]);
  });
});
