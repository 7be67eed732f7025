/** A server of live documents in a process of its own, with sessions as production checks them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createLiveServer, flowKind, flowTextRoot, type LiveServer } from "#collab/index.ts";
import { createAuth, createIdentity } from "#governance/index.ts";
import { createListener, openDatabase } from "#platform/index.ts";

const [, , databaseUrl = "", workspace = "", port = "0"] = process.argv;
const db = openDatabase(databaseUrl, { connections: 10 });
const listener = createListener(databaseUrl);
const auth = createAuth(db, { url: "http://127.0.0.1", secret: "0123456789abcdef0123456789abcdef" });
const identity = createIdentity(db, auth);
/** Some 4 kB, as flows have. */
const text = Array.from(
  { length: 80 },
  (_, i) => `  - id: step${i}\n    log: This is step number ${i}\n`,
).join("");

function open(): LiveServer {
  return createLiveServer({
    db,
    listener,
    identity,
    kinds: [
      flowKind(() =>
        Promise.resolve({
          workspaceId: workspace as never,
          fill: (doc) => doc.getText(flowTextRoot).insert(0, text),
        }),
      ),
    ],
    hasOrigin: () => true,
  });
}

let live = open();
const server = createServer();
server.on("upgrade", (request, socket, head) => live.upgrade(request, socket, head));
const sockets = new Set<{ destroy(): void }>();
server.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
});
await new Promise<void>((resolve) => server.listen(Number(port), "127.0.0.1", resolve));

process.on("message", (message) => {
  if (message === "cpu") process.send?.({ cpu: process.cpuUsage() });
  if (message === "cut") {
    for (const socket of sockets) socket.destroy();
    process.send?.({});
  }
  if (message === "memory") {
    for (let i = 0; i < 3; i += 1) globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    process.send?.({ memory: heapUsed + external });
  }
  // Forgets all documents, as a server does that has just been started.
  if (message === "forget") {
    void live.close().then(() => {
      live = open();
      process.send?.({});
    });
  }
});
process.on("disconnect", () => process.exit(0));
process.send?.({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });
