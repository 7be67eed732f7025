/** The floor: passes each frame on to everybody else of the document, and does nothing else. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { syncFrame, syncStep2 } from "../src/collab/server/wire.ts";

const server = createServer();
const wss = new WebSocketServer({ server, perMessageDeflate: false });
/** What a document's whole state is answered with: as many bytes, of nothing. */
let kept: Uint8Array = new Uint8Array();
const rooms = new Map<string, Set<WebSocket>>();
wss.on("connection", (socket, request) => {
  const name = request.url ?? "";
  if (name === "/kept") {
    socket.on("message", () => socket.send(kept));
    return;
  }
  const room = rooms.get(name) ?? new Set();
  rooms.set(name, room.add(socket));
  socket.on("message", (data) => {
    for (const other of room) if (other !== socket) other.send(data);
  });
  socket.on("close", () => room.delete(socket));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
process.on("message", (message) => {
  const bytes = /^keep (\d+)$/.exec(String(message))?.[1];
  if (bytes !== undefined) {
    kept = syncFrame(syncStep2, new Uint8Array(Number(bytes)));
    process.send?.({});
  }
  if (message === "cpu") process.send?.({ cpu: process.cpuUsage() });
});
process.on("disconnect", () => process.exit(0));
process.send?.({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });
