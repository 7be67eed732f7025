import { IndexeddbPersistence } from "y-indexeddb";
import { applyAwarenessUpdate, Awareness } from "y-protocols/awareness";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { BatonError } from "#base/index.ts";
import { peopleOf, readBytes, readCount, readText, tellOnlyOwn, vouchedIn } from "./presence.ts";
import { countingSocket } from "./socket.ts";
import type { LiveClient, LiveClientOptions, LiveStatus } from "./spec.ts";

// As the server numbers them; this file is loaded by browsers and takes nothing of the server's.
const messageAwareness = 1;
const messageSaved = 100;
const messageRefused = 101;
const refusedCode = 4403;
const longestPauseMs = 15_000;
const shortestPauseMs = 200;

/** Opens a document and keeps it in step with the server. */
export function openLive(options: LiveClientOptions): LiveClient {
  const { kind, subject, random = Math.random } = options;
  const doc = new Y.Doc();
  const awareness = new Awareness(doc);
  const hearers = new Set<() => void>();
  /** Changes made here so far, those in the frames sent on this connection, and those that are saved. */
  let made = 0;
  let saved = 0;
  let sent: number[] = [];
  let refusal: string | null = null;
  let closed: { code: number; reason: string } | null = null;
  let destroyed = false;
  const waiting: { upto: number; resolve: () => void; reject: (error: Error) => void }[] = [];

  // Heard before the provider hears it and sends it, so that what it sends is counted in.
  let fromServer: unknown = null;
  doc.on("update", (_bytes: Uint8Array, origin: unknown) => {
    if (origin === fromServer) return;
    made += 1;
    tell();
  });
  const provider = new WebsocketProvider(
    `${options.server ?? pageServer()}/collab`,
    `${kind}/${subject}`,
    doc,
    {
      connect: false,
      awareness,
      params: { ack: "1" },
      // Tabs of different roles would trade edits behind the server's back.
      disableBc: true,
      WebSocketPolyfill: countingSocket(options.WebSocket ?? globalThis.WebSocket, {
        sent: () => sent.push(made),
      }),
    },
  );
  fromServer = provider;
  /** Who the server says that we are. */
  let self: unknown = null;
  provider.messageHandlers[messageAwareness] = (_encoder, decoder) => {
    const bytes = readBytes(decoder);
    applyAwarenessUpdate(awareness, bytes, provider);
    self = vouchedIn(bytes, awareness.clientID) ?? self;
  };
  const stopTelling = tellOnlyOwn(provider, awareness);

  const keepsOffline = (options.offline ?? true) && typeof globalThis.indexedDB !== "undefined";
  const kept = keepsOffline
    ? new IndexeddbPersistence(`baton:${options.user}:${kind}/${subject}`, doc)
    : null;

  function tell(): void {
    for (const hear of hearers) hear();
  }

  function settle(): void {
    for (const each of [...waiting]) {
      if (each.upto > saved) continue;
      waiting.splice(waiting.indexOf(each), 1);
      each.resolve();
    }
  }

  function fail(message: string, hint: string): void {
    for (const { reject } of waiting.splice(0)) reject(new BatonError("forbidden", message, { hint }));
  }

  provider.messageHandlers[messageSaved] = (_encoder, decoder) => {
    const count = readCount(decoder);
    saved = Math.max(saved, sent[count - 1] ?? 0);
    settle();
    tell();
  };
  provider.messageHandlers[messageRefused] = (_encoder, decoder) => {
    refusal = readText(decoder);
    fail("The server did not take the change.", "Your role lets you read this document only.");
    tell();
  };
  provider.on("status", () => tell());
  provider.on("sync", () => tell());
  provider.on("connection-close", () => {
    sent = [];
    // Otherwise all tabs of a server that restarts come back in the same moment.
    const pause = Math.min(longestPauseMs, shortestPauseMs * 2 ** provider.wsUnsuccessfulReconnects);
    provider.maxBackoffTime = pause * (0.5 + random() / 2);
    tell();
  });
  provider.on("closed", ({ code, reason }) => {
    closed = { code, reason };
    // What it refused will never be in the document: kept, it would be offered again and again.
    if (code === refusedCode) void kept?.clearData();
    fail("The server closed the document.", "Open it again.");
    tell();
  });
  awareness.on("change", () => tell());

  const whenReady = new Promise<void>((resolve) => {
    provider.on("sync", (is) => {
      if (is) resolve();
    });
    kept?.on("synced", () => {
      if (doc.store.clients.size > 0) resolve();
    });
  });
  provider.connect();

  function status(): LiveStatus {
    if (closed !== null) return "closed";
    if (refusal !== null) return "refused";
    if (!provider.wsconnected) return provider.wsUnsuccessfulReconnects > 0 ? "offline" : "connecting";
    if (made > saved) return "saving";
    return provider.synced ? "saved" : "connecting";
  }

  return {
    doc,
    awareness,
    get status() {
      return status();
    },
    get closed() {
      return closed;
    },
    get synced() {
      return provider.synced;
    },
    whenReady,
    subscribe(hear) {
      hearers.add(hear);
      return () => {
        hearers.delete(hear);
      };
    },
    people: () => peopleOf(awareness, self),
    present: (field, value) => awareness.setLocalStateField(field, value),
    whenSaved() {
      if (saved >= made) return Promise.resolve();
      return new Promise((resolve, reject) => {
        waiting.push({ upto: made, resolve, reject });
        if (closed !== null || refusal !== null)
          fail("The server does not take changes of this document.", "Open it again.");
      });
    },
    stateVector: () => Y.encodeStateVector(doc),
    undo: (types, origins = []) =>
      new Y.UndoManager([types].flat(), {
        trackedOrigins: new Set<unknown>([null, ...origins]),
      }),
    reconnect() {
      closed = null;
      refusal = null;
      provider.connect();
      tell();
    },
    async discard() {
      await kept?.clearData();
    },
    destroy() {
      if (destroyed) return;
      destroyed = true;
      hearers.clear();
      fail("The document was closed.", "Open it again.");
      stopTelling();
      // Yjs takes a new id when somebody else has written under this one; what the provider takes leave under is the old.
      doc.clientID = awareness.clientID;
      provider.destroy();
      void kept?.destroy();
      doc.destroy();
    },
  };
}

function pageServer(): string {
  const { protocol, host } = globalThis.location;
  return `${protocol === "https:" ? "wss" : "ws"}://${host}`;
}
