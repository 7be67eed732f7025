import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import next from "next";
import { projectFolder } from "#platform/index.ts";
import type { Handler } from "./server.ts";

export type Pages = {
  readonly handle: Handler;
  /** For hot reload. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): Promise<void>;
};

/** Next, which renders the pages and does nothing else. */
export async function openPages(options: { dev: boolean; host: string; port: number }): Promise<Pages> {
  // Next attaches a listener for upgrades to the server that it is given; ours decides who gets them.
  const upgrades = createServer();
  const app = next({
    dev: options.dev,
    dir: projectFolder,
    hostname: options.host,
    port: options.port,
    httpServer: upgrades,
  });
  await app.prepare();
  const handle = app.getRequestHandler();
  return {
    handle: (request, response) => handle(request, response),
    upgrade: (request, socket, head) => void upgrades.emit("upgrade", request, socket, head),
    close: () => app.close(),
  };
}
