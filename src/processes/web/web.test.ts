import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { BatonError } from "#base/index.ts";
import { contentSecurityPolicy, originsOf } from "./security.ts";
import { createWeb, type Route, type Web } from "./server.ts";

let web: Web | null = null;
afterEach(async () => {
  await web?.stop(0);
  web = null;
});

type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

async function serve(routes: readonly Route[] = [], check: () => Promise<void> = async () => undefined) {
  const probe = createWeb({
    origins: originsOf({ host: "127.0.0.1", port: 1, url: "http://localhost:1" }),
    https: false,
    routes: [],
    pages: () => undefined,
    check,
  });
  const port = await probe.listen("127.0.0.1", 0);
  await probe.stop(0);
  const made = createWeb({
    origins: originsOf({ host: "127.0.0.1", port, url: "https://baton.example" }),
    https: true,
    routes,
    pages: (request, response) => void response.end(String(request.headers["content-security-policy"])),
    check,
  });
  web = made;
  await made.listen("127.0.0.1", port);
  const ask = (
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = httpRequest(
        {
          host: "127.0.0.1",
          port,
          path,
          method: options.method ?? "GET",
          headers: { connection: "close", ...options.headers },
        },
        (response) => {
          let body = "";
          response.setEncoding("utf8");
          response.on("data", (text: string) => (body += text));
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          );
        },
      );
      sent.on("error", reject);
      sent.end(options.body);
    });
  return { ask, port, web: made };
}

const echo: Route = {
  path: "/echo",
  methods: ["GET", "POST"],
  maxBody: 10,
  async handle(request, response) {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    response.end(body);
  },
};

describe("the web server", () => {
  it("gives every page a policy with a nonce of its own, and tells it to the renderer", async () => {
    const { ask } = await serve();
    const [first, second] = [await ask("/"), await ask("/")];
    expect(first.headers["content-security-policy"]).toBe(first.body);
    expect(first.body).toMatch(/script-src 'self' 'nonce-[\w+/=]{24}' 'strict-dynamic';/);
    expect(first.body).not.toBe(second.body);
    expect(first.headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "same-origin",
      "strict-transport-security": "max-age=31536000",
    });
  });

  it("allows scripts no eval and no inline code in production", () => {
    const policy = contentSecurityPolicy("abc", false);
    expect(policy).not.toContain("unsafe-eval");
    expect(policy.split("; ").find((part) => part.startsWith("script-src"))).not.toContain("unsafe-inline");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it.each([
    ["its own origin", { origin: "http://127.0.0.1:PORT" }, 200],
    ["the origin in BATON_URL", { origin: "https://baton.example" }, 200],
    ["a program that is no browser", {}, 200],
    ["another origin", { origin: "https://evil.example" }, 403],
    ["the same host at another port", { origin: "http://127.0.0.1:1" }, 403],
    ["a sandboxed page", { origin: "null" }, 403],
    ["another site that hides its origin", { "sec-fetch-site": "cross-site" }, 403],
  ])("takes or refuses changes from %s", async (_, headers, status) => {
    const { ask, port } = await serve([echo]);
    const given = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, String(value).replace("PORT", String(port))]),
    );
    const answer = await ask("/echo", {
      method: "POST",
      body: "hi",
      headers: { "content-length": "2", ...given },
    });
    expect(answer.status).toBe(status);
  });

  it("answers under its own names only", async () => {
    const { ask, port } = await serve();
    expect((await ask("/", { headers: { host: `evil.example:${port}` } })).status).toBe(421);
    expect((await ask("/", { headers: { host: `localhost:${port}` } })).status).toBe(200);
    expect((await ask("/", { headers: { host: "baton.example" } })).status).toBe(200);
  });

  it("refuses a body that is too large, or of unknown length, before it is read", async () => {
    const { ask } = await serve([echo]);
    const large = await ask("/echo", {
      method: "POST",
      body: "x".repeat(11),
      headers: { "content-length": "11" },
    });
    expect(large.status).toBe(413);
    expect(JSON.parse(large.body).error.message).toMatch(/at most .* MB/);
    expect(
      (await ask("/echo", { method: "POST", body: "x", headers: { "transfer-encoding": "chunked" } })).status,
    ).toBe(411);
  });

  it("names the methods that are possible", async () => {
    const { ask } = await serve([echo]);
    const answer = await ask("/echo", { method: "DELETE" });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe("GET, POST");
  });

  it("tells a known error with its hint, and of an unknown one only that it happened", async () => {
    const { ask } = await serve([
      {
        path: "/known",
        handle: () => Promise.reject(new BatonError("conflict", "Taken.", { hint: "Choose another." })),
      },
      { path: "/unknown", handle: () => Promise.reject(new Error("password is sesame")) },
    ]);
    expect(await ask("/known")).toMatchObject({
      status: 409,
      body: expect.stringContaining("Choose another."),
    });
    const unknown = await ask("/unknown");
    expect(unknown.status).toBe(500);
    expect(unknown.body).not.toContain("sesame");
  });

  it("is live always, and ready when what it needs answers", async () => {
    let works = true;
    const { ask } = await serve([], async () => {
      if (!works) throw new Error("no database");
    });
    expect((await ask("/readyz", { headers: { host: "probe" } })).status).toBe(200);
    works = false;
    expect((await ask("/readyz")).status).toBe(503);
    expect((await ask("/healthz", { headers: { host: "probe" } })).status).toBe(200);
  });

  it("survives a path that is no address", async () => {
    const { port, ask } = await serve();
    const socket = connect(port, "127.0.0.1");
    const answer = Promise.withResolvers<string>();
    socket.once("data", (data) => answer.resolve(String(data)));
    socket.end(`GET http://[ HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`);
    expect(await answer.promise).toMatch(/^HTTP\/1\.1 400/);
    expect((await ask("/")).status).toBe(200);
  });

  it("lets answers under way finish and cuts streams when it stops", async () => {
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const streaming = Promise.withResolvers<void>();
    const running = await serve([
      {
        path: "/slow",
        async handle(_, response) {
          begun.resolve();
          await goOn.promise;
          response.end("done");
        },
      },
      {
        path: "/stream",
        handle(_, response) {
          response.setHeader("content-type", "text/event-stream");
          response.write("data: 1\n\n");
          streaming.resolve();
        },
      },
    ]);
    const slow = running.ask("/slow");
    const stream = running.ask("/stream").catch(() => "cut");
    await Promise.all([begun.promise, streaming.promise]);
    const stopped = running.web.stop(60_000);
    web = null;
    expect(await stream).toBe("cut");
    goOn.resolve();
    expect((await slow).body).toBe("done");
    await stopped;
    await expect(running.ask("/")).rejects.toThrow(/ECONNREFUSED/);
  });
});
