import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { BatonError, messageOf } from "#base/index.ts";
import { headersOf, type Identity, type Scope, workspaceHeader } from "#governance/index.ts";
import { type Database, type Listener, log, metrics } from "#platform/index.ts";
import { openBus } from "../log/bus.ts";
import { createCommitter } from "../log/commit.ts";
import { historyMs } from "../log/compact.ts";
import { findOrSeed } from "../seed.ts";
import type { DocumentRow } from "../log/documents.ts";
import {
  type Address,
  closeCodes,
  type DocumentKind,
  liveLimits,
  type LiveLimits,
  type Refusal,
  type RefusalReason,
} from "../spec.ts";
import { type Connection, createConnection } from "./connection.ts";
import { openRoom, type Room } from "./room.ts";
import { presenceFrame } from "./wire.ts";

/** Where documents are: `/collab/KIND/SUBJECT`. */
export const livePath = "/collab/";

export type LiveServerOptions = {
  readonly db: Database;
  readonly listener: Listener;
  readonly identity: Identity;
  readonly kinds: readonly DocumentKind[];
  /** Whether pages of this origin may connect. */
  readonly hasOrigin: (origin: string) => boolean;
  readonly limits?: Partial<LiveLimits>;
  /** How often sessions are checked again, in milliseconds; 30 seconds unless given. */
  readonly recheckMs?: number;
  /** How often the server looks for clients that are gone and documents that nobody has open; 10 seconds. */
  readonly sweepMs?: number;
  /** Updates after which a document's log is compacted; 500. */
  readonly compactEvery?: number;
  /** How long every update is kept for the history; 30 days. */
  readonly keepMs?: number;
  /** Told of everything that is refused, which is logged and counted besides. */
  readonly refused?: (refusal: Refusal) => void;
};

export type LiveServer = {
  /** Takes a WebSocket upgrade under {@link livePath}. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Saves what is on its way and sends everybody away, to come back. */
  close(): Promise<void>;
};

/** Closes a frame that is too large with a code after which clients don't send it again. */
class LimitedSocket extends WebSocket {
  override close(code?: number, data?: string | Buffer): void {
    if (code === 1009) super.close(closeCodes.tooLarge, "frame-too-large");
    else super.close(code, data);
  }
}

const emptyMs = 30_000;
const addressPattern = /^\/collab\/([a-z][a-z0-9-]{0,40})\/([\w.:-]{1,120})$/;

export function createLiveServer(options: LiveServerOptions): LiveServer {
  const { db, listener, identity } = options;
  const kinds = new Map(options.kinds.map((kind) => [kind.name, kind]));
  const limits = { ...liveLimits, ...options.limits };
  const rooms = new Map<number, Room>();
  const opening = new Map<number, Promise<Room>>();
  const places = new Map<
    Connection,
    { room: Room; kind: DocumentKind; address: Address; row: DocumentRow }
  >();
  const sockets = new Set<WebSocket>();
  let closing = false;

  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frame,
    perMessageDeflate: false,
    WebSocket: LimitedSocket,
  });

  const warn = (what: string) => (error: unknown) => log.warn({ error: messageOf(error) }, what);

  const bus = openBus(db, listener, {
    updates: (document, _first, last) => rooms.get(document)?.heard(last),
    presence: (document, _sender, frame) => rooms.get(document)?.presence.heard(frame),
    asked: (document) => rooms.get(document)?.presence.tellAll(),
    removed(document) {
      rooms.get(document)?.close(closeCodes.gone, "no-document");
      rooms.delete(document);
    },
    missed() {
      for (const room of rooms.values()) {
        room.catchUp().catch(warn("reading live updates failed; the next look finds them"));
        room.presence.tellAll();
        bus.ask(room.document).catch(warn("asking who has a document open failed"));
      }
    },
  });
  const committer = createCommitter({
    on: db.pool,
    sender: bus.sender,
    decided: (outcome) => rooms.get(outcome.document)?.decided(outcome),
  });
  const stops: (() => void)[] = [];
  const listening = Promise.all([
    bus.ready,
    listener
      .listen("workspace", (payload) => {
        const [, what, user] = payload.split(" ");
        if (what === "session") recheck((connection) => connection.scope.actor.id === user);
      })
      .then((stop) => stops.push(stop)),
  ]);
  listening.catch(() => undefined);

  function tell(refusal: Refusal): void {
    metrics.liveRefusals.inc({ reason: refusal.reason });
    log.warn(refusal, "a live document refused something");
    options.refused?.(refusal);
  }

  function refused(connection: Connection, reason: RefusalReason, detail?: string): void {
    const place = places.get(connection);
    if (connection.told.has(reason)) {
      metrics.liveRefusals.inc({ reason });
      return;
    }
    connection.told.add(reason);
    tell({
      reason,
      kind: place?.address.kind ?? "",
      subject: place?.address.subject ?? "",
      user: connection.scope.actor.id,
      ...(detail === undefined ? {} : { detail }),
    });
  }

  async function roomOf(row: DocumentRow, kind: DocumentKind): Promise<Room> {
    const known = rooms.get(row.id);
    if (known !== undefined) return known;
    let promise = opening.get(row.id);
    if (promise === undefined) {
      promise = open(row, kind).finally(() => opening.delete(row.id));
      opening.set(row.id, promise);
    }
    return promise;
  }

  async function open(row: DocumentRow, kind: DocumentKind): Promise<Room> {
    // Listens before it reads: what is appended after the reading is told.
    await listening;
    const room = await openRoom({
      db,
      document: row.id,
      kind,
      committer,
      limits,
      compactEvery: options.compactEvery ?? 500,
      keepMs: options.keepMs ?? historyMs,
      refused,
      tellPresence: (frame) => {
        bus.presence(row.id, frame).catch(warn("telling who has a document open failed"));
      },
      broken: () => {
        if (rooms.get(row.id) === room) rooms.delete(row.id);
      },
    });
    rooms.set(row.id, room);
    // What was told between the reading and now was told to nobody.
    await room.catchUp();
    bus.ask(row.id).catch(warn("asking who has a document open failed"));
    return room;
  }

  /** Who asks, in the workspace of the document. Throws the refusal. */
  async function admit(headers: Headers, address: Address, origin: string | null) {
    if (origin !== null && !options.hasOrigin(origin))
      throw new Refused("foreign-origin", closeCodes.refused, origin);
    const kind = kinds.get(address.kind);
    const row = kind === undefined ? null : await findOrSeed(db.pool, kind, address.subject);
    const scope = await scopeIn(headers, row?.workspaceId ?? "");
    if (scope === null) throw new Refused("no-session", closeCodes.session);
    if (scope === "elsewhere" || row === null || kind === undefined)
      throw new Refused("no-document", closeCodes.gone);
    if (!kind.mayRead(scope)) throw new Refused("not-a-reader", closeCodes.refused);
    return { kind, row, scope };
  }

  async function scopeIn(headers: Headers, workspace: string): Promise<Scope | "elsewhere" | null> {
    const named = new Headers(headers);
    named.set(workspaceHeader, workspace);
    try {
      return await identity.scopeFromHeaders(named);
    } catch (error) {
      if (BatonError.isInstance(error) && (error.code === "not-found" || error.code === "forbidden"))
        return "elsewhere";
      throw error;
    }
  }

  async function welcome(socket: WebSocket, request: IncomingMessage): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const match = addressPattern.exec(decodeURIComponent(url.pathname));
    const address = { kind: match?.[1] ?? "", subject: match?.[2] ?? "" };
    const headers = headersOf(request);
    // What comes before the document is there waits.
    const early: Uint8Array[] = [];
    let earlyBytes = 0;
    let receive = (frame: Uint8Array): void => {
      earlyBytes += frame.length;
      if (earlyBytes > limits.waiting) socket.close(closeCodes.slowDown, "flood");
      else early.push(frame);
    };
    let garbage = (): void => socket.close(closeCodes.garbage, "garbage");
    socket.on("message", (data, isBinary) => {
      if (closing) return;
      if (isBinary && data instanceof Buffer) receive(data);
      else garbage();
    });
    let user: string | null = null;
    socket.on("error", (error: Error & { code?: string }) => {
      if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH")
        tell({ reason: "frame-too-large", ...address, user });
      else if (error.code?.startsWith("WS_ERR") === true)
        tell({ reason: "garbage", ...address, user, detail: error.code });
    });
    try {
      const { kind, row, scope } = await admit(headers, address, request.headers.origin ?? null);
      user = scope.actor.id;
      const room = await roomOf(row, kind);
      if (socket.readyState !== socket.OPEN || closing) {
        socket.close(closeCodes.restart, "restart");
        return;
      }
      const connection = createConnection(socket, {
        scope,
        canWrite: kind.mayWrite(scope),
        headers,
        wantsSaved: url.searchParams.get("ack") === "1",
        limits,
      });
      places.set(connection, { room, kind, address, row });
      metrics.liveConnections.inc();
      socket.on("close", () => {
        connection.closed = true;
        room.leave(connection);
        places.delete(connection);
        metrics.liveConnections.dec();
      });
      socket.on("pong", () => {
        connection.unanswered = 0;
      });
      garbage = () => {
        refused(connection, "garbage", "a text frame");
        socket.close(closeCodes.garbage, "garbage");
      };
      receive = (frame) => room.receive(connection, frame);
      connection.waiting.push(...early);
      connection.waitingBytes = earlyBytes;
      room.join(connection);
    } catch (error) {
      if (error instanceof Refused) {
        tell({
          reason: error.reason,
          ...address,
          user,
          ...(error.detail === undefined ? {} : { detail: error.detail }),
        });
        socket.close(error.code, error.reason);
        return;
      }
      log.error({ ...address, error: messageOf(error) }, "opening a live document failed");
      socket.close(closeCodes.restart, "restart");
    }
  }

  /** Checks sessions and roles again; connections of one session in one workspace with one question. */
  function recheck(which: (connection: Connection) => boolean): void {
    const asked = new Map<string, Promise<Scope | "elsewhere" | null>>();
    for (const [connection, place] of places) {
      if (!which(connection)) continue;
      const key = `${place.row.workspaceId} ${connection.headers.get("cookie") ?? ""} ${connection.headers.get("authorization") ?? ""}`;
      let scope = asked.get(key);
      if (scope === undefined) {
        scope = scopeIn(connection.headers, place.row.workspaceId);
        asked.set(key, scope);
      }
      scope.then(
        (now) => apply(connection, place.kind, now),
        warn("checking a session failed; it is tried again"),
      );
    }
  }

  function apply(connection: Connection, kind: DocumentKind, now: Scope | "elsewhere" | null): void {
    if (connection.closed) return;
    const away = (reason: RefusalReason, code: number): void => {
      refused(connection, reason);
      connection.closed = true;
      connection.socket.close(code, reason);
    };
    if (now === null) away("session-ended", closeCodes.session);
    else if (now === "elsewhere" || !kind.mayRead(now)) away("role-lost", closeCodes.refused);
    else if (connection.canWrite && !kind.mayWrite(now)) away("role-lost", closeCodes.refused);
    else if (!connection.canWrite && kind.mayWrite(now)) {
      connection.closed = true;
      connection.socket.close(closeCodes.rolesChanged, "roles-changed");
    } else connection.scope = now;
  }

  function sweep(): void {
    metrics.liveDocuments.set(rooms.size);
    for (const connection of places.keys()) {
      connection.unanswered += 1;
      connection.quiet += 1;
      if (connection.unanswered > 3) {
        refused(connection, "slow-reader", "no answer");
        connection.socket.terminate();
        continue;
      }
      connection.socket.ping();
      // Stock clients connect anew when they hear nothing for 30 seconds.
      if (connection.quiet > 1) connection.send(presenceFrame([]));
    }
    for (const [id, room] of rooms) {
      room.presence.sweep();
      if (room.behind) room.catchUp().catch(warn("reading live updates failed; the next look finds them"));
      const since = room.emptySince;
      if (since !== null && room.idle && performance.now() - since > emptyMs) {
        rooms.delete(id);
        room.close(closeCodes.restart, "restart");
      }
    }
  }

  const timers = [
    setInterval(() => recheck(() => true), options.recheckMs ?? 30_000),
    setInterval(sweep, options.sweepMs ?? 10_000),
  ];
  for (const timer of timers) timer.unref();

  return {
    upgrade(request, socket, head) {
      if (closing) {
        socket.destroy();
        return;
      }
      wss.handleUpgrade(request, socket, head, (webSocket) => {
        sockets.add(webSocket);
        webSocket.on("close", () => sockets.delete(webSocket));
        void welcome(webSocket, request);
      });
    },
    async close() {
      closing = true;
      for (const timer of timers) clearInterval(timer);
      await committer.close();
      bus.close();
      for (const stop of stops) stop();
      for (const room of rooms.values()) room.close(closeCodes.restart, "restart");
      rooms.clear();
      await Promise.all([...sockets].map((socket) => ended(socket)));
      wss.close();
    },
  };
}

/** Closes a socket, and cuts it off where the other side does not answer. */
async function ended(socket: WebSocket): Promise<void> {
  await new Promise<void>((resolve) => {
    if (socket.readyState === socket.CLOSED) return resolve();
    const timer = setTimeout(() => socket.terminate(), 1000);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.close(closeCodes.restart, "restart");
  });
}

class Refused extends Error {
  readonly reason: RefusalReason;
  readonly code: number;
  readonly detail: string | undefined;
  constructor(reason: RefusalReason, code: number, detail?: string) {
    super(reason);
    this.reason = reason;
    this.code = code;
    this.detail = detail;
  }
}
