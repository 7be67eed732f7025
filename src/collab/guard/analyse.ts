import * as Y from "yjs";

/** What an update would bring to a document, found out without applying it. */
export type Analysis = {
  readonly structs: readonly Y.Item[];
  /** Every fresh struct, also those without content of their own. */
  readonly clients: readonly number[];
  /** Deleted items of the document that are not deleted in it yet. */
  readonly deleted: readonly Y.Item[];
  /** Nothing in it is new. */
  readonly empty: boolean;
  /** It builds on something that is not there: it would be kept aside until that came. */
  readonly missing: boolean;
  /** The structs of the update by client, for looking up what others of it build on. */
  readonly find: (id: Y.ID) => Y.Item | Y.GC | null;
};

type Struct = Y.Item | Y.GC;

/** The struct that holds a clock; an update lists those of a client in order. */
function search(structs: readonly Struct[], clock: number): Struct | null {
  let low = 0;
  let high = structs.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const struct = structs[middle];
    if (struct === undefined) return null;
    if (clock < struct.id.clock) high = middle - 1;
    else if (clock >= struct.id.clock + struct.length) low = middle + 1;
    else return struct;
  }
  return null;
}

/**
 * Reads an update against a document. Null where it is none, or is one that no Yjs client makes: what builds on
 * itself, has no length, or hangs under something that holds nothing. Yjs would throw at those half way through, with
 * a part of them applied.
 */
export function analyse(doc: Y.Doc, bytes: Uint8Array): Analysis | null {
  let decoded: ReturnType<typeof Y.decodeUpdate>;
  try {
    decoded = Y.decodeUpdate(bytes);
  } catch {
    return null;
  }
  const { store } = doc;
  const reach = new Map<number, number>();
  const reachOf = (client: number): number => reach.get(client) ?? Y.getState(store, client);
  const byClient = new Map<number, Struct[]>();
  const fresh: Struct[] = [];
  const clients = new Set<number>();
  let missing = false;

  for (const struct of decoded.structs) {
    if (struct instanceof Y.Skip) continue;
    const { client, clock } = struct.id;
    const end = clock + struct.length;
    if (!(struct.length > 0) || !Number.isSafeInteger(end) || !Number.isSafeInteger(client)) return null;
    const reached = reachOf(client);
    if (clock > reached) missing = true;
    if (end > reached) {
      fresh.push(struct);
      clients.add(client);
      reach.set(client, end);
    }
    const list = byClient.get(client);
    if (list === undefined) byClient.set(client, [struct]);
    else list.push(struct);
  }

  const find = (id: Y.ID): Struct | null => {
    if (id.clock < Y.getState(store, id.client)) return Y.getItem(store, id);
    return search(byClient.get(id.client) ?? [], id.clock);
  };

  const items: Y.Item[] = [];
  for (const struct of fresh) {
    if (!(struct instanceof Y.Item)) continue;
    items.push(struct);
    // Before it is integrated, the parent of an item that doesn't inherit it is a root's name or an id.
    const parent = struct.parent as string | Y.ID | null;
    for (const id of [struct.origin, struct.rightOrigin, typeof parent === "string" ? null : parent]) {
      if (id === null) continue;
      if (id.client === struct.id.client && id.clock >= struct.id.clock) return null;
      if (id.clock >= reachOf(id.client)) missing = true;
    }
    if (missing || parent === null || typeof parent === "string") continue;
    const holder = find(parent);
    if (holder instanceof Y.Item && !(holder.content instanceof Y.ContentType) && !holder.deleted)
      return null;
  }

  const deleted: Y.Item[] = [];
  let deletesFresh = false;
  for (const [client, ranges] of decoded.ds.clients) {
    const structs = store.clients.get(client) ?? [];
    const known = Y.getState(store, client);
    for (const { clock, len } of ranges) {
      const end = clock + len;
      if (!Number.isSafeInteger(end)) return null;
      if (end > reachOf(client)) missing = true;
      if (end > known && clients.has(client)) deletesFresh = true;
      if (clock >= known) continue;
      for (let index = Y.findIndexSS(structs, clock); index < structs.length; index += 1) {
        const struct = structs[index];
        if (struct === undefined || struct.id.clock >= end) break;
        if (struct instanceof Y.Item && !struct.deleted) deleted.push(struct);
      }
    }
  }
  return {
    structs: items,
    clients: [...clients],
    deleted,
    empty: fresh.length === 0 && deleted.length === 0 && !deletesFresh && !missing,
    missing,
    find,
  };
}
