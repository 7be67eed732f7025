import type { WebSocket } from "ws";
import type { Scope } from "#governance/index.ts";
import { createBudget, type Budget } from "../guard/budget.ts";
import type { LiveLimits } from "../spec.ts";
import { savedFrame } from "./wire.ts";

/** One client of a document. */
export type Connection = {
  readonly socket: WebSocket;
  readonly headers: Headers;
  readonly wantsSaved: boolean;
  scope: Scope;
  canWrite: boolean;
  /** The client id under which it says something of itself; null until it did. */
  presenceId: number | null;
  /** Frames of updates since it connected: received, and saved. */
  received: number;
  saved: number;
  /** It has told what the server lacked when it came. */
  answered: boolean;
  readonly updates: Budget;
  readonly bytes: Budget;
  /** Why something of it was refused, once for each reason: a flood of refusals must not flood the log. */
  readonly told: Set<string>;
  /** Frames that wait while one is being looked at, or the document is being loaded. */
  readonly waiting: Uint8Array[];
  waitingBytes: number;
  busy: boolean;
  /** Looks since it last answered. */
  unanswered: number;
  /** Looks since something was last sent to it. */
  quiet: number;
  closed: boolean;
  /** Sends; false where the reader has let too much pile up. */
  send(frame: Uint8Array): boolean;
  /** Sends a state, which may be larger than what may pile up otherwise. One at a time: a later one waits. */
  sendState(make: () => Uint8Array): void;
  /** Tells what is saved, where the client asked for that. */
  tellSaved(): void;
};

export function createConnection(
  socket: WebSocket,
  options: {
    readonly scope: Scope;
    readonly canWrite: boolean;
    readonly headers: Headers;
    readonly wantsSaved: boolean;
    readonly limits: LiveLimits;
  },
): Connection {
  const { limits } = options;
  let told = 0;
  let stateBytes = 0;
  let next: (() => Uint8Array) | null = null;
  const connection: Connection = {
    socket,
    headers: options.headers,
    wantsSaved: options.wantsSaved,
    scope: options.scope,
    canWrite: options.canWrite,
    presenceId: null,
    received: 0,
    saved: 0,
    answered: false,
    updates: createBudget(limits.updates),
    bytes: createBudget(limits.bytes),
    told: new Set(),
    waiting: [],
    waitingBytes: 0,
    busy: false,
    unanswered: 0,
    quiet: 0,
    closed: false,
    send(frame) {
      if (socket.readyState !== socket.OPEN) return true;
      if (socket.bufferedAmount - stateBytes > limits.buffered) return false;
      connection.quiet = 0;
      socket.send(frame);
      return true;
    },
    sendState(make) {
      if (stateBytes > 0) {
        next = make;
        return;
      }
      if (socket.readyState !== socket.OPEN) return;
      const frame = make();
      stateBytes = frame.length;
      connection.quiet = 0;
      socket.send(frame, () => {
        stateBytes = 0;
        const waiting = next;
        next = null;
        if (waiting !== null) connection.sendState(waiting);
      });
    },
    tellSaved() {
      if (!connection.wantsSaved || connection.saved === told) return;
      told = connection.saved;
      connection.send(savedFrame(told));
    },
  };
  return connection;
}
