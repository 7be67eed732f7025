import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { gzipSync } from "node:zlib";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createOutboundFetch } from "./fetch.ts";

const servers: Server[] = [];

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe("createOutboundFetch", () => {
  it("reaches a listed private address and streams its body", async () => {
    const port = await serve((request, response) => {
      response.setHeader("content-type", "application/json");
      response.write('{"path":');
      response.end(JSON.stringify(request.url) + "}");
    });
    const get = createOutboundFetch({ public: false, allow: [`127.0.0.1:${port}`] });
    const response = await get(`http://127.0.0.1:${port}/a?b=1`);
    expect(response.status).toBe(200);
    expect(response.url).toBe(`http://127.0.0.1:${port}/a?b=1`);
    expect(await response.json()).toEqual({ path: "/a?b=1" });
  });

  it.each([
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "localhost",
    "127.1.",
  ])("refuses %s when it is not listed", async (host) => {
    let asked = false;
    const port = await serve((_request, response) => {
      asked = true;
      response.end();
    });
    const get = createOutboundFetch({ public: true, allow: ["example.com"] });
    await expect(get(`http://${host}:${port}/`)).rejects.toMatchObject({ code: "forbidden" });
    expect(asked).toBe(false);
  });

  it("refuses a public name that resolves to a private address, naming both", async () => {
    const get = createOutboundFetch(
      { public: true, allow: [] },
      {
        resolve: async () => [
          { address: "93.184.216.34", family: 4 },
          { address: "10.0.0.7", family: 4 },
        ],
      },
    );
    await expect(get("http://rebind.example/")).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringMatching(/rebind\.example \(10\.0\.0\.7\) is a private address/),
    });
  });

  it("connects to the address that was checked, resolving once", async () => {
    let host = "";
    const port = await serve((request, response) => {
      host = request.headers.host ?? "";
      response.end("ok");
    });
    let asked = 0;
    const get = createOutboundFetch(
      { public: false, allow: [`inside.example:${port}`] },
      {
        resolve: async () => {
          asked += 1;
          return [{ address: "127.0.0.1", family: 4 }];
        },
      },
    );
    expect(await (await get(`http://inside.example:${port}/`)).text()).toBe("ok");
    expect(asked).toBe(1);
    expect(host).toBe(`inside.example:${port}`);
  });

  it("does not let a listed name lead to the metadata service", async () => {
    const get = createOutboundFetch(
      { public: false, allow: ["inside.example:80"] },
      { resolve: async () => [{ address: "169.254.169.254", family: 4 }] },
    );
    await expect(get("http://inside.example/")).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("metadata"),
    });
  });

  it("checks every redirect", async () => {
    const port = await serve((_request, response) => {
      response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data/" });
      response.end();
    });
    const get = createOutboundFetch({ public: true, allow: [`127.0.0.1:${port}`] });
    await expect(get(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: "forbidden" });
  });

  it("drops credentials across origins and keeps them within one", async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(
        request.headers.authorization,
        request.headers["x-api-key"] as string | undefined,
        request.headers.accept,
      );
      response.end("there");
    });
    const port = await serve((request, response) => {
      if (request.url === "/one") response.writeHead(302, { location: "/two" });
      else {
        seen.push(request.headers.authorization);
        response.writeHead(302, { location: `http://127.0.0.1:${other}/` });
      }
      response.end();
    });
    const get = createOutboundFetch({ public: false, allow: [`127.0.0.1:${port}`, `127.0.0.1:${other}`] });
    const response = await get(`http://127.0.0.1:${port}/one`, {
      headers: { authorization: "Bearer a", "x-api-key": "b", accept: "text/plain" },
    });
    expect(await response.text()).toBe("there");
    expect(response.url).toBe(`http://127.0.0.1:${other}/`);
    expect(seen).toEqual(["Bearer a", undefined, undefined, "text/plain"]);
  });

  it("turns POST into GET on 303 and repeats the body on 307", async () => {
    const seen: string[] = [];
    const port = await serve((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        seen.push(`${request.method} ${request.url} ${body}`);
        if (request.url === "/see") response.writeHead(303, { location: "/done" });
        if (request.url === "/again") response.writeHead(307, { location: "/done" });
        response.end();
      });
    });
    const get = createOutboundFetch({ public: false, allow: [`127.0.0.1:${port}`] });
    await get(`http://127.0.0.1:${port}/see`, { method: "POST", body: "x" });
    await get(`http://127.0.0.1:${port}/again`, { method: "POST", body: "y" });
    expect(seen).toEqual(["POST /see x", "GET /done ", "POST /again y", "POST /done y"]);
  });

  it("ends a circle of redirects", async () => {
    let asked = 0;
    const port = await serve((_request, response) => {
      asked += 1;
      response.writeHead(302, { location: "/" });
      response.end();
    });
    const get = createOutboundFetch({ public: false, allow: [`127.0.0.1:${port}`] });
    await expect(get(`http://127.0.0.1:${port}/`)).rejects.toThrow("more than 5 times");
    expect(asked).toBe(6);
  });

  it("refuses a body above the cap, announced or not, compressed or not", async () => {
    const port = await serve((request, response) => {
      if (request.url === "/announced") response.setHeader("content-length", "3000000");
      if (request.url === "/bomb") {
        response.setHeader("content-encoding", "gzip");
        response.end(gzipSync(Buffer.alloc(3_000_000)));
        return;
      }
      response.end(Buffer.alloc(3_000_000, 97));
    });
    const get = createOutboundFetch({ public: false, allow: [`127.0.0.1:${port}`] }, { maxBytes: 1_000_000 });
    for (const path of ["announced", "silent", "bomb"]) {
      await expect(
        get(`http://127.0.0.1:${port}/${path}`).then((response) => response.text()),
      ).rejects.toMatchObject({
        code: "too-large",
        message: expect.stringContaining("the limit is 1 MB"),
      });
    }
  });

  it("caps the time of a response that never starts and of one that never ends", async () => {
    const port = await serve((request, response) => {
      if (request.url === "/drip") response.write("a");
    });
    const get = createOutboundFetch({ public: false, allow: [`127.0.0.1:${port}`] }, { timeoutMs: 60 });
    await expect(get(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: "timeout" });
    const drip = get(`http://127.0.0.1:${port}/drip`).then((response) => response.text());
    await expect(drip).rejects.toMatchObject({ code: "timeout" });
  });

  it("throws the caller's reason on abort", async () => {
    const port = await serve(() => undefined);
    const get = createOutboundFetch({ public: false, allow: [`127.0.0.1:${port}`] });
    const controller = new AbortController();
    const pending = get(`http://127.0.0.1:${port}/`, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(pending).rejects.toThrow("enough");
  });

  it("says that nobody listens", async () => {
    const port = await serve(() => undefined);
    const server = servers.pop();
    await new Promise((resolve) => server?.close(resolve));
    const get = createOutboundFetch({ public: false, allow: [`127.0.0.1:${port}`] });
    await expect(get(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: "unavailable",
      message: `127.0.0.1:${port} refuses connections.`,
    });
  });

  it.each(["file:///etc/passwd", "ftp://example.com/", "data:text/plain,hi", "javascript:1"])(
    "refuses %s",
    async (address) => {
      const get = createOutboundFetch({ public: true, allow: [] });
      await expect(get(address)).rejects.toMatchObject({ code: "forbidden" });
    },
  );

  it("refuses credentials in the address", async () => {
    const get = createOutboundFetch({ public: true, allow: [] });
    await expect(get("http://user:pass@example.com/")).rejects.toMatchObject({ code: "bad-input" });
  });

  it("takes a Request and answers statuses without a body", async () => {
    const port = await serve((request, response) => {
      response.writeHead(request.method === "DELETE" ? 204 : 500);
      response.end();
    });
    const get = createOutboundFetch({ public: false, allow: [`127.0.0.1:${port}`] });
    const response = await get(new Request(`http://127.0.0.1:${port}/`, { method: "DELETE" }));
    expect(response.status).toBe(204);
    expect(await response.text()).toBe("");
  });
});
