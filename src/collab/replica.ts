import * as Y from "yjs";
import type { Content } from "./log/read.ts";

/** Origin of what is applied from the log. */
export const fromLog = Symbol("live log");

/** A document in memory, with what is costly to encode kept until it changes. */
export type Replica = {
  readonly doc: Y.Doc;
  /** Everything, as one update. */
  state(): Uint8Array;
  /** What somebody with this state vector lacks. */
  diff(stateVector: Uint8Array): Uint8Array;
  /** Bytes of the state, at most: exact only after {@link Replica.state}. */
  size(): number;
  /** Applies an update that was looked at before. False where something of it could not be applied. */
  apply(bytes: Uint8Array): boolean;
  /** Changes the document in place as the replica `client`. */
  write<Result>(client: number, change: (doc: Y.Doc) => Result, origin?: unknown): Change<Result>;
  destroy(): void;
};

/** What a change in place did. Both are null where it changed nothing. */
export type Change<Result> = {
  readonly result: Result;
  readonly bytes: Uint8Array | null;
  readonly transaction: Y.Transaction | null;
};

/** Diffs kept for one version: many tabs that reconnect at once mostly know the same. */
const keptDiffs = 8;

export function createReplica(content: Content): Replica {
  const doc = new Y.Doc();
  let state: Uint8Array | null = null;
  let diffs = new Map<string, Uint8Array>();
  let size = 0;

  doc.transact(() => {
    if (content.state !== null) Y.applyUpdate(doc, content.state, fromLog);
    for (const update of content.updates) {
      Y.applyUpdate(doc, update, fromLog);
      size += update.length;
    }
  }, fromLog);
  size += content.state?.length ?? 0;
  // Whoever never makes anything needs the state as it was kept, and nothing else.
  if (content.updates.length === 0 && content.state !== null) state = content.state;

  function encode(): Uint8Array {
    if (state === null) {
      state = Y.encodeStateAsUpdate(doc);
      size = state.length;
    }
    return state;
  }

  function touched(bytes: number): void {
    state = null;
    if (diffs.size > 0) diffs = new Map();
    size += bytes;
  }

  return {
    doc,
    state: encode,
    diff(stateVector) {
      if (stateVector.length <= 1) return encode();
      const key = Buffer.from(stateVector.buffer, stateVector.byteOffset, stateVector.length).toString(
        "latin1",
      );
      let found = diffs.get(key);
      if (found === undefined) {
        found = Y.encodeStateAsUpdate(doc, stateVector);
        if (diffs.size >= keptDiffs) diffs.clear();
        diffs.set(key, found);
      }
      return found;
    },
    size: () => size,
    write(client, change, origin) {
      let bytes: Uint8Array | null = null;
      let transaction: Y.Transaction | null = null;
      const keep = (update: Uint8Array, _origin: unknown, _doc: Y.Doc, by: Y.Transaction): void => {
        bytes = bytes === null ? update : Y.mergeUpdates([bytes, update]);
        transaction = by;
      };
      doc.on("update", keep);
      doc.clientID = client;
      try {
        const result = doc.transact(() => change(doc), origin);
        const made = bytes as Uint8Array | null;
        if (made !== null) touched(made.length);
        return { result, bytes: made, transaction };
      } finally {
        // Nobody's: Yjs takes a new id, and says so, when others' updates bring its own.
        doc.clientID = 0;
        doc.off("update", keep);
      }
    },
    apply(bytes) {
      Y.applyUpdate(doc, bytes, fromLog);
      touched(bytes.length);
      const { store } = doc;
      if (store.pendingStructs === null && store.pendingDs === null) return true;
      store.pendingStructs = null;
      store.pendingDs = null;
      return false;
    },
    destroy: () => doc.destroy(),
  };
}
