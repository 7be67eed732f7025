import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The world outside: a server that is asked to do things, and counts by the key of the call. */
export type Receiver = {
  readonly url: string;
  /** host:port, for the allow-list. */
  readonly place: string;
  /** How often each key came. */
  readonly arrivals: ReadonlyMap<string, number>;
  /** How often something was done under a key; at most once for each, as a receiver that heeds keys does. */
  readonly effects: ReadonlyMap<string, number>;
  /** Calls of each worker that tells of them. */
  readonly byWorker: ReadonlyMap<string, number>;
  /** Keys that a worker was about to call although the journal held their result already. */
  readonly repeated: readonly string[];
  /** While it is out, it answers 503. Times of the calls that came meanwhile, in ms. */
  out: boolean;
  readonly callsWhileOut: number[];
  /** Holds answers back while set; called with each. */
  hold: ((key: string, answer: () => void) => void) | null;
  /** Answers only after so many milliseconds. */
  slowMs: number;
  close(): Promise<void>;
};

/** A model of the kind that many servers offer: it streams two words. */
function speak(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const chunk = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", created: 1, model: "far", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  response.write(chunk({ role: "assistant", content: "Well " }, null));
  response.write(chunk({ content: "done" }, null));
  response.write(chunk({}, "stop"));
  response.end("data: [DONE]\n\n");
}

/** `/take`: does a thing once for each key. `/pay`: does it each time. Both answer what they were asked. */
export async function startReceiver(): Promise<Receiver> {
  const arrivals = new Map<string, number>();
  const effects = new Map<string, number>();
  const repeated: string[] = [];
  const byWorker = new Map<string, number>();
  const callsWhileOut: number[] = [];
  const server = createServer((request, response) => {
    request.resume();
    const key = String(request.headers["idempotency-key"] ?? "");
    const path = new URL(request.url ?? "/", "http://receiver").pathname;
    if (path === "/worker") {
      byWorker.set(key, (byWorker.get(key) ?? 0) + 1);
      response.end();
      return;
    }
    if (path === "/repeated") {
      repeated.push(key);
      response.end();
      return;
    }
    answer(path, key, response);
  });

  function answer(path: string, key: string, response: ServerResponse): void {
    const isModel = path.startsWith("/model/");
    if (receiver.out && (path === "/shaky" || isModel)) {
      callsWhileOut.push(performance.now());
      response.writeHead(503).end();
      return;
    }
    if (isModel) return speak(response);
    arrivals.set(key, (arrivals.get(key) ?? 0) + 1);
    const times = effects.get(key) ?? 0;
    effects.set(key, path === "/take" ? 1 : times + 1);
    const say = (): void => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ did: path.slice(1) }));
    };
    if (receiver.hold !== null) receiver.hold(key, say);
    else if (receiver.slowMs > 0) setTimeout(say, receiver.slowMs);
    else say();
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}`,
    place: `http://127.0.0.1:${port}`,
    arrivals,
    effects,
    repeated,
    byWorker,
    out: false,
    callsWhileOut,
    hold: null,
    slowMs: 0,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
