import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import * as Y from "yjs";
import { BatonError, messageOf } from "#base/index.ts";
import { headersOf, type Identity, type Scope, workspaceHeader } from "#governance/index.ts";
import { type Database, type Listener, log, metrics } from "#platform/index.ts";
import { openBus } from "../log/bus.ts";
import { createCommitter } from "../log/commit.ts";
import { historyMs } from "../log/compact.ts";
import type { Content } from "../log/read.ts";
import { findPlace, type Place } from "../seed.ts";
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
import { asksForAll, contentFrames, presenceFrame } from "./wire.ts";

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
/** How long the making of a document waits until its readers have what it is made of. */
const patienceMs = 50;
/** How long a checked session counts as checked, for tabs that come back all at once. Its end is told, and ends this. */
const freshMs = 1000;

/** Somebody who waits for a document to be loaded. */
type Arrival = { readonly socket: WebSocket; readonly early: Uint8Array[]; hasFirst: boolean };
type Checked = { readonly at: number; readonly scope: Promise<Scope | "elsewhere" | null> };
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
  const arriving = new Map<number, Set<Arrival>>();
  const rows = new Map<string, DocumentRow>();
  const checked = new Map<string, Checked>();
  /** How often it was told that some session or role changed. */
  let sessionNews = 0;
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
      forget(document);
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
    db,
    sender: bus.sender,
    decided: (outcome) => rooms.get(outcome.document)?.decided(outcome),
  });
  const stops: (() => void)[] = [];
  const listening = Promise.all([
    bus.ready,
    listener
      .listen("workspace", (payload) => {
        const [, what, user] = payload.split(" ");
        if (what !== "session") return;
        checked.clear();
        sessionNews += 1;
        recheck((connection) => connection.scope.actor.id === user);
      })
      .then((stop) => stops.push(stop)),
  ]);
  listening.catch(() => undefined);

  function forget(document: number): void {
    rooms.delete(document);
    for (const [name, row] of rows) if (row.id === document) rows.delete(name);
  }

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

  /** Sends what was read of a document to those who wait for all of it. */
  async function sendFirst(document: number, { state, updates }: Content): Promise<void> {
    const waiting = arriving.get(document);
    if (waiting === undefined || waiting.size === 0) return;
    const later = updates.length === 0 ? null : Y.mergeUpdates([...updates]);
    const frames = contentFrames(state, later);
    const sent = [...waiting].map((arrival) => {
      const asked = arrival.early.findIndex(asksForAll);
      if (asked < 0) return Promise.resolve();
      arrival.early.splice(asked, 1);
      arrival.hasFirst = true;
      return Promise.all(
        frames.map((frame) => new Promise<void>((resolve) => arrival.socket.send(frame, () => resolve()))),
      );
    });
    // Making the document of it keeps the process busy: not before this is on its way, but a slow reader is not waited for.
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      Promise.all(sent),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, patienceMs);
      }),
    ]);
    clearTimeout(timer);
  }

  async function roomOf(row: DocumentRow, kind: DocumentKind, subject: string): Promise<Room> {
    const known = rooms.get(row.id);
    if (known !== undefined) return known;
    let promise = opening.get(row.id);
    if (promise === undefined) {
      promise = open(row, kind, subject).finally(() => opening.delete(row.id));
      opening.set(row.id, promise);
    }
    return promise;
  }

  async function open(row: DocumentRow, kind: DocumentKind, subject: string): Promise<Room> {
    // Listens before it reads: what is appended after the reading is told.
    await listening;
    const room = await openRoom({
      db,
      document: row.id,
      subject,
      sender: bus.sender,
      kind,
      committer,
      limits,
      compactEvery: options.compactEvery ?? 500,
      keepMs: options.keepMs ?? historyMs,
      readFirst: (content) => sendFirst(row.id, content),
      refused,
      tellPresence: (frame) => {
        bus.presence(row.id, frame).catch(warn("telling who has a document open failed"));
      },
      broken: () => {
        if (rooms.get(row.id) === room) forget(row.id);
      },
    });
    rooms.set(row.id, room);
    rows.set(`${kind.name}/${subject}`, row);
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
    const known = rows.get(`${address.kind}/${address.subject}`);
    // Who has no session learns nothing of what there is, not even by how long it takes, and makes nothing.
    if (known === undefined && (await recentScope(headers, "")) === null)
      throw new Refused("no-session", closeCodes.session);
    const place: Place | null =
      kind === undefined
        ? null
        : known === undefined
          ? await findPlace(db.pool, kind, address.subject)
          : { workspaceId: known.workspaceId, open: () => Promise.resolve(known) };
    const scope = await recentScope(headers, place?.workspaceId ?? "");
    if (scope === null) throw new Refused("no-session", closeCodes.session);
    if (scope === "elsewhere" || place === null || kind === undefined)
      throw new Refused("no-document", closeCodes.gone);
    if (!kind.mayRead(scope)) throw new Refused("not-a-reader", closeCodes.refused);
    const row = await place.open();
    if (row === null) throw new Refused("no-document", closeCodes.gone);
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

  function sessionKey(headers: Headers, workspace: string): string {
    return `${workspace} ${headers.get("cookie") ?? ""} ${headers.get("authorization") ?? ""}`;
  }

  /** As {@link scopeIn}, asked once for tabs of one session that come within a second. */
  function recentScope(headers: Headers, workspace: string): Promise<Scope | "elsewhere" | null> {
    const key = sessionKey(headers, workspace);
    const found = checked.get(key);
    const now = performance.now();
    if (found !== undefined && now - found.at < freshMs) return found.scope;
    const scope = scopeIn(headers, workspace);
    checked.set(key, { at: now, scope });
    scope.catch(() => checked.delete(key));
    return scope;
  }

  async function welcome(socket: WebSocket, request: IncomingMessage): Promise<void> {
    const { address, wantsSaved } = whatIsAsked(request.url ?? "");
    const headers = headersOf(request);
    // What comes before the document is there waits.
    const arrival: Arrival = { socket, early: [], hasFirst: false };
    const { early } = arrival;
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
    const newsBefore = sessionNews;
    socket.on("error", (error: Error & { code?: string }) => {
      if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH")
        tell({ reason: "frame-too-large", ...address, user });
      else if (error.code?.startsWith("WS_ERR") === true)
        tell({ reason: "garbage", ...address, user, detail: error.code });
    });
    try {
      const { kind, row, scope } = await admit(headers, address, request.headers.origin ?? null);
      user = scope.actor.id;
      const waiting = arriving.get(row.id) ?? new Set();
      arriving.set(row.id, waiting.add(arrival));
      const room = await roomOf(row, kind, address.subject).finally(() => {
        waiting.delete(arrival);
        if (waiting.size === 0) arriving.delete(row.id);
      });
      if (socket.readyState !== socket.OPEN || closing) {
        socket.close(closeCodes.restart, "restart");
        return;
      }
      const connection = createConnection(socket, {
        scope,
        canWrite: kind.mayWrite(scope),
        headers,
        wantsSaved,
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
      connection.waitingBytes = early.reduce((sum, frame) => sum + frame.length, 0);
      room.join(connection, arrival.hasFirst);
      // What was told between the check and now did not reach this connection.
      if (sessionNews !== newsBefore) recheck((each) => each === connection);
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
      const key = sessionKey(connection.headers, place.row.workspaceId);
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
    const now = performance.now();
    for (const [key, { at }] of checked) if (now - at > freshMs) checked.delete(key);
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
        forget(id);
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

/** The document that an address names, nothing where it names none, and whether the client wants to be told what is saved. */
function whatIsAsked(path: string): { address: Address; wantsSaved: boolean } {
  const url = URL.parse(path, "http://localhost");
  const [, kind = "", subject = ""] = addressPattern.exec(readable(url?.pathname ?? "")) ?? [];
  return { address: { kind, subject }, wantsSaved: url?.searchParams.get("ack") === "1" };
}

function readable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
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
