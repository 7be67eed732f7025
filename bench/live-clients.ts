import { WebSocket } from "ws";
import * as Y from "yjs";
import { readMessage, syncFrame } from "../src/collab/server/wire.ts";

/** A client that speaks the protocol and does no more than it has to: what is measured is the server. */
export type BenchClient = {
  readonly doc: Y.Doc;
  readonly socket: WebSocket;
  /** Resolves with the bytes of the server's answer to what is lacking. */
  readonly synced: Promise<Uint8Array>;
  /** Types one character and sends it; answers its number. */
  type(): number;
};

/** Connects. `knows`: what the client has already. `hear` gets each update that comes. */
export function connect(
  url: string,
  cookie: string,
  { doc = new Y.Doc(), hear }: { doc?: Y.Doc; hear?: ((bytes: Uint8Array) => void) | undefined } = {},
): BenchClient {
  const socket = new WebSocket(url, {
    headers: { cookie, origin: "http://127.0.0.1" },
    perMessageDeflate: false,
  });
  let synced: (bytes: Uint8Array) => void = () => undefined;
  const promise = new Promise<Uint8Array>((resolve) => {
    synced = resolve;
  });
  socket.on("open", () => socket.send(syncFrame(0, Y.encodeStateVector(doc))));
  socket.on("error", () => undefined);
  socket.on("message", (data: Buffer) => {
    // Message 0 syncs; of these 0 asks, 1 answers, 2 is an update.
    if (data[0] !== 0) return;
    if (data[1] === 1) {
      const message = readMessage(data);
      if (message?.type === "update") synced(message.bytes);
    } else if (data[1] === 2 && hear !== undefined) {
      const message = readMessage(data);
      if (message?.type === "update") hear(message.bytes);
    }
  });
  const text = doc.getText("yaml");
  return {
    doc,
    socket,
    synced: promise,
    type() {
      const before = Y.encodeStateVector(doc);
      const clock = Y.getState(doc.store, doc.clientID);
      text.insert(text.length, "x");
      socket.send(syncFrame(2, Y.encodeStateAsUpdate(doc, before)));
      return clock;
    },
  };
}

/** Replicas and their numbers in an update. */
export function writtenIn(bytes: Uint8Array): { client: number; clock: number; length: number }[] {
  return Y.decodeUpdate(bytes).structs.map((struct) => ({
    client: struct.id.client,
    clock: struct.id.clock,
    length: struct.length,
  }));
}
