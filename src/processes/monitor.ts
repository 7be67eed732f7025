/** Probes and metrics: who may see them, and where a process that serves no pages answers them. */
import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isObject, messageOf } from "#base/index.ts";
import { log, metricsText, sha256 } from "#platform/index.ts";

/** Whether a request names the token, compared without telling by time how much of it was right. */
export function namesToken(request: Pick<IncomingMessage, "headers">, token: string): boolean {
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  return given !== undefined && timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(token)));
}

export async function sendMetrics(response: ServerResponse): Promise<void> {
  const { type, text } = await metricsText();
  response.writeHead(200, { "content-type": type, "cache-control": "no-store" });
  response.end(text);
}

export type MonitorOptions = {
  /** First port to try; the next free one counts. */
  readonly port: number;
  /** Listens here instead of on 127.0.0.1, where a token protects the metrics. */
  readonly host: string;
  readonly token: string | undefined;
  /** Resolves when the process can do its work; rejects with the reason. */
  readonly check: () => Promise<void>;
};

export type Monitor = {
  readonly port: number;
  /** From now on it says that it is not ready: no new work comes to a process that stops. */
  drain(): void;
  close(): Promise<void>;
};

const mostTries = 64;

/** Answers /healthz, /readyz and /metrics. Null when no port could be had: the process works all the same. */
export async function openMonitor(options: MonitorOptions): Promise<Monitor | null> {
  const { token, check } = options;
  let draining = false;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    switch ((request.url ?? "/").split("?", 1)[0]) {
      case "/healthz":
        return say(response, 200, { ok: true });
      case "/readyz":
        if (draining) return say(response, 503, { ok: false, reason: "stopping" });
        return check().then(
          () => say(response, 200, { ok: true }),
          (error: unknown) => {
            log.warn({ error: messageOf(error) }, "not ready");
            say(response, 503, { ok: false, reason: "the database does not answer" });
          },
        );
      case "/metrics":
        if (token !== undefined && !namesToken(request, token)) return say(response, 401, { ok: false });
        return sendMetrics(response);
      default:
        return say(response, 404, { ok: false });
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.warn({ error: messageOf(error) }, "a probe failed");
      response.destroy();
    });
  });
  const host = token === undefined ? "127.0.0.1" : options.host;
  for (let tried = 0; tried < mostTries; tried += 1) {
    const port = options.port === 0 ? 0 : options.port + tried;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, resolve);
      });
    } catch (error) {
      if (isObject(error) && error["code"] === "EADDRINUSE" && port < 65_535) continue;
      log.warn({ error: messageOf(error), port }, "there are no probes and metrics of this process");
      return null;
    }
    const address = server.address();
    return {
      port: typeof address === "object" && address !== null ? address.port : port,
      drain() {
        draining = true;
      },
      async close() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }
  log.warn({ port: options.port }, "no port was free for probes and metrics of this process");
  return null;
}

function say(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
