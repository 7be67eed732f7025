import type { Awareness } from "y-protocols/awareness";
import type { Array as List, Doc, Map as Entries, Text, UndoManager } from "yjs";

/**
 * How it stands with what was typed here. `offline`: there is no connection, edits are kept in the browser; `saving`:
 * on the way; `saved`: in the database; `refused`: the server does not take an edit, it exists here only; `closed`: the
 * server sent us away for good, {@link LiveClient.closed} says why.
 */
export type LiveStatus = "connecting" | "offline" | "saving" | "saved" | "refused" | "closed";

/** Somebody who has the document open, as the server vouches for them. */
export type Person = {
  readonly client: number;
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly role: "writer" | "reader";
  /** Whether it is this very tab. */
  readonly self: boolean;
  /** What they say of themselves: cursor, selection, … */
  readonly state: Readonly<Record<string, unknown>>;
};

/** A part of a document whose changes can be undone. */
export type Undoable = Text | Entries<unknown> | List<unknown>;

export type LiveClientOptions = {
  /** `ws://…` or `wss://…` of the server, without a path; the page's own server unless given. */
  readonly server?: string;
  readonly kind: string;
  readonly subject: string;
  /** Whose tab this is: what is kept offline is kept by user. */
  readonly user: string;
  /** Keeps the document in the browser for when there is no connection. True unless given, where the browser can. */
  readonly offline?: boolean;
  /** Only for programs and tests: browsers have one. */
  readonly WebSocket?: typeof globalThis.WebSocket;
  /** Between 0 and 1, for spreading attempts to connect again. */
  readonly random?: () => number;
};

/** A document that is being written together. Knows nothing of any framework. */
export type LiveClient = {
  readonly doc: Doc;
  /** For editor bindings. Say something of oneself through {@link LiveClient.present}. */
  readonly awareness: Awareness;
  readonly status: LiveStatus;
  /** Why the server sent us away, once it did. */
  readonly closed: { readonly code: number; readonly reason: string } | null;
  /** Whether the server's state has arrived since the connection was made. */
  readonly synced: boolean;
  /** Resolves when there is something to show: the server's state, or what was kept here. */
  readonly whenReady: Promise<void>;
  /** Calls `hear` when status, people or synced change, until the answered function is called. */
  subscribe(hear: () => void): () => void;
  people(): readonly Person[];
  /** Says something of oneself under a name, e.g. `cursor`; null takes it back. */
  present(field: string, value: unknown): void;
  /** Resolves when everything typed so far is saved; rejects when the server refuses it or sent us away. */
  whenSaved(): Promise<void>;
  /** What this replica knows, for {@link LiveDocuments.whenCommitted}. */
  stateVector(): Uint8Array;
  /** Undoes what was done here, and nobody else's: transactions without an origin and those of the given origins. */
  undo(types: Undoable | readonly Undoable[], origins?: readonly unknown[]): UndoManager;
  /** Connects again after `closed`, e.g. after signing in. */
  reconnect(): void;
  /** Forgets what is kept in the browser. */
  discard(): Promise<void>;
  destroy(): void;
};
