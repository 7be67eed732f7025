import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { BatonError, messageOf } from "#base/index.ts";
import { log } from "#platform/index.ts";
import { contentSecurityPolicy, foreignOrigin, newNonce, type Origins, securityHeaders } from "./security.ts";

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void;

/** A part of the address space and who answers there. The first that fits answers; the rest is pages. */
export type Route = {
  /** A whole path, or with a slash at its end everything below it; with an expression, what it matches. */
  readonly path: string | RegExp;
  /** Other methods are answered with 405; all when left out. */
  readonly methods?: readonly string[];
  /** Largest body in bytes; 1 MB unless given. Infinity where the handler counts for itself. */
  readonly maxBody?: number;
  readonly handle: Handler;
};

export type WebOptions = {
  readonly origins: Origins;
  /** Browsers come by https. */
  readonly https: boolean;
  readonly routes: readonly Route[];
  readonly pages: Handler;
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Resolves when everything that pages need answers; rejects with the reason. For `/readyz`. */
  readonly check: () => Promise<void>;
  /** Answers `/metrics`, by whatever name the server is asked; false: nobody may see them here. */
  readonly metrics?: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  readonly dev?: boolean;
};

export type Web = {
  readonly server: Server;
  /** Listens; answers the port. */
  listen(host: string, port: number): Promise<number>;
  /** Ends in order: no new connections, streams are cut (browsers resume them), answers under way may finish. */
  stop(patience?: number): Promise<void>;
};

const megabyte = 1024 * 1024;

/** The web server: what is common to all answers, and who gives them. */
export function createWeb(options: WebOptions): Web {
  const { origins, routes, pages } = options;
  const headers = securityHeaders(options.https);
  const active = new Set<ServerResponse>();
  let stopping = false;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (stopping) response.setHeader("connection", "close");
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    // Probes come from the machine itself or its orchestrator, by whatever name that uses.
    if (path === "/healthz") return send(response, 200, { ok: true });
    if (path === "/readyz") return ready(response);
    if (path === "/metrics" && (await options.metrics?.(request, response)) === true) return;
    if (!origins.hasHost(request.headers.host)) {
      return send(
        response,
        421,
        problem(
          "This server does not answer under that name.",
          "Set BATON_URL to the address that browsers use.",
        ),
      );
    }
    // Joined as text: resolved against a base, a path that begins with two slashes would name another host.
    const url = URL.parse(`http://${request.headers.host}${request.url}`);
    if (url === null || request.url?.startsWith("/") !== true) {
      return send(response, 400, problem("This is not an address."));
    }
    const foreign = foreignOrigin(request, origins);
    if (foreign !== null) {
      return send(response, 403, problem(foreign, "Set BATON_URL to the address that browsers use."));
    }
    const route = routes.find((each) => fits(each.path, url.pathname));
    if (route?.methods !== undefined && !route.methods.includes(request.method ?? "GET")) {
      response.setHeader("allow", route.methods.join(", "));
      return send(response, 405, problem(`${request.method} is not possible here.`));
    }
    if (!bodyFits(request, response, route?.maxBody ?? megabyte)) return;
    if (route !== undefined) return route.handle(request, response, url);
    const nonce = newNonce();
    const policy = contentSecurityPolicy(nonce, options.dev === true);
    // Next finds the nonce for its own scripts in this header of the request.
    request.headers["content-security-policy"] = policy;
    request.headers["x-nonce"] = nonce;
    response.setHeader("content-security-policy", policy);
    return pages(request, response, url);
  }

  async function ready(response: ServerResponse): Promise<void> {
    if (stopping) return send(response, 503, { ok: false, reason: "stopping" });
    try {
      await options.check();
      send(response, 200, { ok: true });
    } catch (error) {
      log.warn({ error: messageOf(error) }, "not ready");
      send(response, 503, { ok: false, reason: "the database does not answer" });
    }
  }

  const server = createServer(
    { requestTimeout: 300_000, headersTimeout: 30_000, keepAliveTimeout: 65_000 },
    (request, response) => {
      active.add(response);
      response.on("close", () => active.delete(response));
      Promise.resolve()
        .then(() => answer(request, response))
        .catch((error: unknown) => sendError(request, response, error));
    },
  );
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => undefined);
    const known = origins.hasHost(request.headers.host) && origins.hasOrigin(request.headers.origin ?? "");
    if (options.upgrade !== undefined && known && !stopping) options.upgrade(request, socket, head);
    else {
      if (!stopping && !known)
        log.warn({ origin: request.headers.origin, host: request.headers.host }, "refused a foreign upgrade");
      socket.destroy();
    }
  });

  return {
    server,
    async listen(host, port) {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, resolve);
      });
      const address = server.address();
      return typeof address === "object" && address !== null ? address.port : port;
    },
    async stop(patience = 8000) {
      stopping = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      for (const response of active) {
        if (String(response.getHeader("content-type") ?? "").startsWith("text/event-stream"))
          response.destroy();
        else if (!response.headersSent) response.setHeader("connection", "close");
      }
      const timer = setTimeout(() => server.closeAllConnections(), patience);
      await closed;
      clearTimeout(timer);
    },
  };
}

function fits(path: string | RegExp, given: string): boolean {
  if (typeof path !== "string") return path.test(given);
  return path.endsWith("/") ? given.startsWith(path) : given === path;
}

/** Refuses a body that is too large before it is read. One of unknown length has to say it first. */
function bodyFits(request: IncomingMessage, response: ServerResponse, most: number): boolean {
  if (most === Infinity) return true;
  const length = request.headers["content-length"];
  if (length === undefined && request.headers["transfer-encoding"] === undefined) return true;
  if (length === undefined) {
    refuse(
      response,
      411,
      problem("The request does not say how long its body is.", "Send a Content-Length."),
    );
    return false;
  }
  if (Number(length) <= most) return true;
  refuse(
    response,
    413,
    problem(
      `This is ${megabytes(Number(length))}; at most ${megabytes(most)} are accepted here.`,
      "Send less, or ask an admin to raise BATON_MAX_UPLOAD.",
    ),
  );
  return false;
}

function megabytes(bytes: number): string {
  return `${(bytes / megabyte).toFixed(1).replace(/\.0$/, "")} MB`;
}

/** Answers without reading the rest of the body; the connection can't be used again then. */
function refuse(response: ServerResponse, status: number, body: object): void {
  response.setHeader("connection", "close");
  send(response, status, body);
}

function problem(message: string, hint?: string, code = "bad-input"): object {
  return { error: { code, message, hint: hint ?? null } };
}

const statusOf: Readonly<Record<string, number>> = {
  "bad-input": 400,
  unauthenticated: 401,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  "too-large": 413,
  "rate-limited": 429,
  unavailable: 503,
};

function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = BatonError.isInstance(error);
  if (!known) {
    log.error(
      { path: request.url?.split("?", 1)[0], error: error instanceof Error ? error.stack : messageOf(error) },
      "a request failed",
    );
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (known) send(response, statusOf[error.code] ?? 500, problem(error.message, error.hint, error.code));
  else
    send(
      response,
      500,
      problem(
        "Something went wrong on the server.",
        "Try again; the server's log has the details.",
        "internal",
      ),
    );
}

export function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(text);
}
