import type { Doc } from "yjs";
import type { WorkspaceId } from "#base/index.ts";
import type { Scope } from "#governance/index.ts";
import type { Transaction } from "#platform/index.ts";

/** Names a document: its kind, and what it is the document of (a flow's id, …). Unique across workspaces. */
export type Address = { readonly kind: string; readonly subject: string };

/** Who writes. `id` is a user's, or an agent's as in `Actor`. */
export type Author = { readonly id: string; readonly name: string };

/** What a root of a document is, and who may put what there. */
export type RootRule = {
  /** "texts" is a map of plain texts that are written in together. */
  readonly type: "text" | "map" | "array" | "texts";
  /** For maps: why this author may not touch the key; null when they may. Every key when left out. */
  readonly key?: (key: string, scope: Scope) => string | null;
  /** For texts: why this author may not put a text there, replace it or take it away; null when they may. */
  readonly whole?: (key: string, scope: Scope) => string | null;
  /**
   * For maps: why the value that a key would get is not accepted, null when it is. `value` is as JSON, undefined where
   * the key was deleted. Documents of a kind that checks values are held twice in memory.
   */
  readonly value?: (key: string, value: unknown) => string | null;
};

/**
 * A place in a document: a root and, where the root is a map, the key in it. `whole`: what stands there itself is put,
 * replaced or taken away, and not only something within it.
 */
export type Place = { readonly root: string; readonly key: string | null; readonly whole: boolean };

/** An update of a client that was accepted and applied, and is about to be saved. */
export type Written = {
  readonly scope: Scope;
  readonly subject: string;
  readonly places: readonly Place[];
  /** Yjs' id of the replica that wrote it. */
  readonly client: number;
  /** The document with the update. What is changed in it is saved and passed on together with the update. */
  readonly doc: Doc;
};

/** What a document starts from. */
export type Seed = { readonly workspaceId: WorkspaceId; readonly fill: (doc: Doc) => void };

/** Rules of a kind of documents: who reads and writes, what roots there are. A value; entry points register it. */
export type DocumentKind = {
  /** In addresses: `/collab/NAME/SUBJECT`. */
  readonly name: string;
  readonly mayRead: (scope: Scope) => boolean;
  readonly mayWrite: (scope: Scope) => boolean;
  /** Whatever would touch another root is refused. */
  readonly roots: Readonly<Record<string, RootRule>>;
  /** Makes documents when they are first opened; null: there is none. Without it they have to be created before. */
  readonly seed?: (subject: string) => Promise<Seed | null>;
  /**
   * Adds what Baton itself has to say to a client's update, such as who wrote it. What it answers is carried out in the
   * transaction that saves the update; when that fails, neither is saved. Called for each update, so it has to be quick.
   */
  readonly accompany?: (written: Written) => ((tx: Transaction) => Promise<void>) | null;
};

/** Why something was refused; also the reason in the close frame. */
export type RefusalReason =
  | "no-session"
  | "foreign-origin"
  | "no-document"
  | "not-a-reader"
  | "not-a-writer"
  | "stolen-client-id"
  | "foreign-presence"
  | "bad-presence"
  | "frame-too-large"
  | "document-too-large"
  | "garbage"
  | "missing-dependencies"
  | "flood"
  | "slow-reader"
  | "outside-the-rules"
  | "session-ended"
  | "role-lost";

export type Refusal = {
  readonly reason: RefusalReason;
  readonly kind: string;
  readonly subject: string;
  readonly user: string | null;
  /** What exactly, where that helps. */
  readonly detail?: string;
};

/**
 * Codes that connections are closed with. Clients stay away after 4400 to 4499 and come back by themselves after any
 * other.
 */
export const closeCodes = {
  garbage: 4400,
  session: 4401,
  refused: 4403,
  gone: 4404,
  tooLarge: 4413,
  /** Too much at once. Come back later. */
  slowDown: 4529,
  /** Roles changed for the better: come back with the new ones. */
  rolesChanged: 4500,
  /** The server stops, or lost its database. */
  restart: 1012,
} as const;

/** What a connection and a document may take. Bytes unless said otherwise. */
export type LiveLimits = {
  readonly frame: number;
  readonly document: number;
  /** What may wait to be sent to one reader. */
  readonly buffered: number;
  /** What one client may say of itself. */
  readonly presence: number;
  /** Updates a second that a connection may send for long, and at once. */
  readonly updates: { readonly perSecond: number; readonly burst: number };
  /** Bytes of updates a second that a connection may send for long, and at once. */
  readonly bytes: { readonly perSecond: number; readonly burst: number };
  /** Frames that wait for the document to be loaded. */
  readonly waiting: number;
};

const megabyte = 1024 * 1024;

export const liveLimits: LiveLimits = {
  frame: megabyte,
  document: 16 * megabyte,
  buffered: 4 * megabyte,
  presence: 4096,
  updates: { perSecond: 200, burst: 1000 },
  bytes: { perSecond: megabyte, burst: 8 * megabyte },
  waiting: 4 * megabyte,
};

/** Kinds of messages beyond y-websocket's, sent to clients that asked for them by `?ack=1`. */
export const messageSaved = 100;
export const messageRefused = 101;

/** An entry of a document's history: what one author did in one go. Instants are epoch milliseconds. */
export type HistoryEntry = {
  readonly first: string;
  /** The state after it is that after this update. */
  readonly last: string;
  readonly author: Author;
  readonly from: number;
  readonly to: number;
  readonly updates: number;
};

export type NamedVersion = {
  readonly id: string;
  readonly seq: string;
  readonly name: string;
  readonly author: Author;
  readonly at: number;
};

/** A change that is made in the process, by an agent or by Baton itself. */
export type Edit<Result> = {
  readonly author: Author;
  /** Making an edit again under its key does nothing. At most 200 characters. */
  readonly key: string;
  /**
   * Changes the document, in one Yjs transaction, on top of everything that is committed: nobody writes meanwhile.
   * What it throws undoes it and reaches the caller.
   */
  readonly edit: (doc: Doc) => Result;
  /** Writes what belongs to the edit, such as its audit entry, in the edit's transaction. */
  readonly record?: (tx: Transaction, result: Result) => Promise<void>;
};

export type Edited<Result> =
  | { readonly made: true; readonly seq: string; readonly result: Result }
  /** It had been made before, as this update. */
  | { readonly made: false; readonly seq: string };

/** A document as it is committed. */
export type LiveState = {
  readonly doc: Doc;
  /** Number of the last update in it. */
  readonly seq: string;
};

/**
 * Documents in the process, for whoever has no socket: agents' tools, publishing, pages. Everything is asserted against
 * the document's kind and the scope's workspace; a document of another workspace answers as one that is not there
 * ("not-found").
 */
export type LiveDocuments = {
  /** Makes a document; false if it was there. The scope's actor is its first author. */
  create(scope: Scope, address: Address, fill: (doc: Doc) => void): Promise<boolean>;
  /** A copy of the document as committed. The caller's own: changing it changes nothing else. */
  load(scope: Scope, address: Address): Promise<LiveState>;
  /** The text of a root as committed. */
  text(scope: Scope, address: Address, root: string): Promise<string>;
  /** Makes an edit and tells everybody who has the document open. "forbidden" where the kind's rules refuse it. */
  edit<Result>(scope: Scope, address: Address, edit: Edit<Result>): Promise<Edited<Result>>;
  /**
   * Waits until everything that a client's state vector names is committed, and answers the document then. "timeout"
   * after `timeoutMs`, 5 seconds unless given.
   */
  whenCommitted(
    scope: Scope,
    address: Address,
    stateVector: Uint8Array,
    timeoutMs?: number,
  ): Promise<LiveState>;
  /** Calls `hear` when updates of the document were committed, until the answered function is called. */
  watch(scope: Scope, address: Address, hear: () => void): Promise<() => void>;
  /** Newest first; at most `limit` (200) entries before the update `before`. */
  history(
    scope: Scope,
    address: Address,
    page?: { readonly before?: string; readonly limit?: number },
  ): Promise<HistoryEntry[]>;
  /** The document as it was after that update. "not-found" where that is older than what is kept. */
  at(scope: Scope, address: Address, seq: string): Promise<Doc>;
  /** The document as it was at an instant, epoch milliseconds. */
  atInstant(scope: Scope, address: Address, instant: number): Promise<Doc>;
  nameVersion(scope: Scope, address: Address, name: string): Promise<NamedVersion>;
  versions(scope: Scope, address: Address): Promise<NamedVersion[]>;
  version(scope: Scope, address: Address, id: string): Promise<Doc>;
  /** Brings an earlier state back as an edit like any other: what was written since stays in the history. */
  restore(
    scope: Scope,
    address: Address,
    from: { readonly version: string } | { readonly seq: string },
    key: string,
  ): Promise<Edited<null>>;
  /** Removes the document with its history. Who has it open is sent away. */
  remove(scope: Scope, address: Address): Promise<void>;
  close(): Promise<void>;
};
