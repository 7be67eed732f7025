import { randomBytes } from "node:crypto";
import * as Y from "yjs";
import { BatonError, messageOf } from "#base/index.ts";
import type { Scope } from "#governance/index.ts";
import { type Database, type Listener, log, transaction } from "#platform/index.ts";
import { appendUpdates } from "../log/append.ts";
import { openBus } from "../log/bus.ts";
import { claimClients, clientOf, inProcess } from "../log/clients.ts";
import { compact, historyMs } from "../log/compact.ts";
import { deleteDocument, type DocumentRow, insertDocument } from "../log/documents.ts";
import { readContent, readUpdates } from "../log/read.ts";
import { runnerIn } from "../log/within.ts";
import { createReplica, type Replica } from "../replica.ts";
import { findPlace } from "../seed.ts";
import {
  type Address,
  type DocumentKind,
  type Edit,
  type Edited,
  liveLimits,
  type LiveDocuments,
} from "../spec.ts";
import { assertRules, placesOf } from "./check.ts";
import { readHistory, replayTo, seqAt } from "./history.ts";
import { restoreInto } from "./restore.ts";
import { insertVersion, readVersion, readVersions } from "./store.ts";

export type LiveDocumentsOptions = {
  readonly db: Database;
  readonly listener: Listener;
  readonly kinds: readonly DocumentKind[];
  readonly compactEvery?: number;
  readonly keepMs?: number;
};

/** A document as this process last saw it. Whoever uses it has its turn. */
type Held = { replica: Replica; seq: number; compacted: number };
type Found = { readonly kind: DocumentKind; readonly row: DocumentRow };

const mostHeld = 64;
const pollMs = 250;
const longestKey = 200;
const longestName = 120;

/** Opens the documents for use within this process. */
export function createLiveDocuments(options: LiveDocumentsOptions): LiveDocuments {
  const { db, compactEvery = 500, keepMs = historyMs } = options;
  const kinds = new Map(options.kinds.map((kind) => [kind.name, kind]));
  const held = new Map<number, Held>();
  const turns = new Map<number, Promise<unknown>>();
  const ears = new Map<number, Set<() => void>>();
  const ring = (document: number): void => {
    for (const hear of ears.get(document) ?? []) hear();
  };
  const bus = openBus(db, options.listener, {
    updates: (document) => ring(document),
    removed: (document) => {
      held.delete(document);
      ring(document);
    },
    missed: () => {
      for (const document of ears.keys()) ring(document);
    },
  });

  async function find(scope: Scope, address: Address, may: "read" | "write"): Promise<Found> {
    const kind = kinds.get(address.kind);
    const place = kind === undefined ? null : await findPlace(db.pool, kind, address.subject);
    if (kind === undefined || place === null || place.workspaceId !== scope.workspaceId)
      throw missing(address);
    if (may === "read" ? !kind.mayRead(scope) : !kind.mayWrite(scope)) {
      throw new BatonError("forbidden", `${scope.actor.name} may not ${may} this ${kind.name} document.`, {
        hint: "Ask an admin of the workspace for a role that may.",
      });
    }
    const row = await place.open();
    if (row === null) throw missing(address);
    return { kind, row };
  }

  /** One after the other for each document. */
  function inTurn<Result>(document: number, work: () => Promise<Result>): Promise<Result> {
    const before = turns.get(document) ?? Promise.resolve();
    const mine = before.then(work, work);
    const end = mine.then(
      () => undefined,
      () => undefined,
    );
    turns.set(document, end);
    void end.then(() => {
      if (turns.get(document) === end) turns.delete(document);
    });
    return mine;
  }

  /** The document with everything that is committed. */
  async function current(on: Pick<Database["pool"], "query">, document: number): Promise<Held> {
    let found = held.get(document);
    if (found === undefined) {
      const content = await readContent(on, document);
      found = { replica: createReplica(content), seq: content.seq, compacted: content.upto };
    } else {
      for (const { seq, bytes } of await readUpdates(on, document, found.seq)) {
        found.replica.apply(bytes);
        found.seq = seq;
      }
    }
    // The last used is the last to go.
    held.delete(document);
    held.set(document, found);
    for (const oldest of held.keys()) {
      if (held.size <= mostHeld) break;
      held.delete(oldest);
    }
    return found;
  }

  async function edit<Result>(scope: Scope, address: Address, change: Edit<Result>): Promise<Edited<Result>> {
    if (change.key.length === 0 || change.key.length > longestKey) {
      throw new BatonError("bad-input", `The key of an edit has 1 to ${longestKey} characters.`);
    }
    const { kind, row } = await find(scope, address, "write");
    const edited = await inTurn(row.id, () => editAlone(scope, address, kind, row.id, change));
    if (edited.made) ring(row.id);
    return edited;
  }

  async function editAlone<Result>(
    scope: Scope,
    address: Address,
    kind: DocumentKind,
    document: number,
    change: Edit<Result>,
  ): Promise<Edited<Result>> {
    try {
      const made = await transaction(db, async (tx) => {
        const on = runnerIn(tx);
        const { rowCount } = await tx.query("select 1 from live_document where id = $1 for update", [
          document,
        ]);
        if (rowCount === 0) throw missing(address);
        const { rows: before } = await tx.query<{ seq: string }>(
          "select seq from live_edit where document_id = $1 and key = $2",
          [document, change.key],
        );
        if (before[0] !== undefined) return { made: false as const, seq: before[0].seq };
        const found = await current(on, document);
        const writer = await clientFor(on, document, inProcess(change.author.id));
        const { result, bytes } = perform(kind, scope, found.replica, writer, change);
        let seq = found.seq;
        if (bytes !== null) {
          const ranges = await appendUpdates(on, bus.sender, [
            { document, bytes, author: change.author, client: writer },
          ]);
          seq = ranges.get(document)?.last ?? seq;
        }
        await tx.query("insert into live_edit (document_id, key, seq) values ($1, $2, $3)", [
          document,
          change.key,
          seq,
        ]);
        await change.record?.(tx, result);
        return { made: true as const, seq, result, found };
      });
      if (!made.made) return made;
      const { found, seq, result } = made;
      found.seq = seq;
      await compactIfLong(document, found);
      return { made: true, seq: String(seq), result };
    } catch (error) {
      // It may hold half of the change.
      held.delete(document);
      throw error;
    }
  }

  async function clientFor(
    on: Pick<Database["pool"], "query">,
    document: number,
    owner: string,
  ): Promise<number> {
    const known = await clientOf(on, document, owner);
    if (known !== null) return known;
    for (;;) {
      const fresh = randomBytes(4).readUInt32BE();
      const owners = await claimClients(on, document, [fresh], owner);
      if (owners.get(fresh) === owner) return fresh;
    }
  }

  function perform<Result>(
    kind: DocumentKind,
    scope: Scope,
    replica: Replica,
    writer: number,
    change: Edit<Result>,
  ): { result: Result; bytes: Uint8Array | null } {
    const { result, bytes, transaction: changed } = replica.write(writer, change.edit, change.author.id);
    if (result instanceof Promise) throw new Error("An edit changes the document at once, not later.");
    if (bytes === null || changed === null) return { result, bytes: null };
    assertRules(kind, scope, replica.doc, placesOf(changed));
    if (replica.size() > liveLimits.document && replica.state().length > liveLimits.document) {
      throw new BatonError("too-large", "The document would become larger than is possible.", {
        hint: `At most ${liveLimits.document} bytes are. Remove something first.`,
      });
    }
    return { result, bytes };
  }

  async function compactIfLong(document: number, found: Held): Promise<void> {
    if (found.seq - found.compacted < compactEvery) return;
    try {
      await compact(db, document, { upto: found.seq, state: found.replica.state() }, keepMs);
      found.compacted = found.seq;
    } catch (error) {
      log.warn({ document, error: messageOf(error) }, "compacting a live document failed; it is tried again");
    }
  }

  function copyOf({ replica, seq }: Held): { doc: Y.Doc; seq: string } {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, replica.state());
    return { doc, seq: String(seq) };
  }

  async function listenTo(document: number, hear: () => void): Promise<() => void> {
    await bus.ready;
    const all = ears.get(document) ?? new Set();
    all.add(hear);
    ears.set(document, all);
    return () => {
      all.delete(hear);
      if (all.size === 0) ears.delete(document);
    };
  }

  async function version(scope: Scope, address: Address, id: string): Promise<Y.Doc> {
    const { row } = await find(scope, address, "read");
    const state = await readVersion(scope, db, row.id, id);
    if (state === null) throw new BatonError("not-found", "There is no such version of the document.");
    const doc = new Y.Doc();
    Y.applyUpdate(doc, state);
    return doc;
  }

  async function at(scope: Scope, address: Address, seq: string): Promise<Y.Doc> {
    const { row } = await find(scope, address, "read");
    return replayTo(db.pool, row.id, seq);
  }

  return {
    async create(scope, address, fill) {
      const kind = kinds.get(address.kind);
      if (kind === undefined) throw missing(address);
      if (!kind.mayWrite(scope)) {
        throw new BatonError("forbidden", `${scope.actor.name} may not make ${kind.name} documents.`, {
          hint: "Ask an admin of the workspace for a role that may.",
        });
      }
      const { id, name } = scope.actor;
      return (await insertDocument(db.pool, scope.workspaceId, address, { id, name }, fill)) !== null;
    },
    async load(scope, address) {
      const { row } = await find(scope, address, "read");
      return inTurn(row.id, async () => copyOf(await current(db.pool, row.id)));
    },
    async text(scope, address, root) {
      const { row } = await find(scope, address, "read");
      return inTurn(row.id, async () => (await current(db.pool, row.id)).replica.doc.getText(root).toJSON());
    },
    edit,
    async whenCommitted(scope, address, stateVector, timeoutMs = 5000) {
      const { row } = await find(scope, address, "read");
      const wanted = decodeVector(stateVector);
      let wake = (): void => undefined;
      const stop = await listenTo(row.id, () => wake());
      const deadline = performance.now() + timeoutMs;
      try {
        for (;;) {
          const news = new Promise<void>((resolve) => {
            wake = resolve;
          });
          const found = await inTurn(row.id, async () => {
            const now = await current(db.pool, row.id);
            const { store } = now.replica.doc;
            const has = [...wanted].every(([client, clock]) => Y.getState(store, client) >= clock);
            return has ? copyOf(now) : null;
          });
          if (found !== null) return found;
          const left = deadline - performance.now();
          if (left <= 0) {
            throw new BatonError("timeout", "Not everything that was typed has been saved yet.", {
              hint: "Wait until the editor says that it is saved, and try again.",
            });
          }
          await soon(news, Math.min(left, pollMs));
        }
      } finally {
        stop();
      }
    },
    async watch(scope, address, hear) {
      const { row } = await find(scope, address, "read");
      return listenTo(row.id, hear);
    },
    async history(scope, address, page = {}) {
      const { row } = await find(scope, address, "read");
      return readHistory(db.pool, row.id, page);
    },
    at,
    async atInstant(scope, address, instant) {
      const { row } = await find(scope, address, "read");
      return replayTo(db.pool, row.id, await seqAt(db.pool, row.id, instant));
    },
    async nameVersion(scope, address, name) {
      const { row } = await find(scope, address, "write");
      const given = name.trim().slice(0, longestName);
      if (given === "") throw new BatonError("bad-input", "A version needs a name.");
      const { seq, state } = await inTurn(row.id, async () => {
        const now = await current(db.pool, row.id);
        return { seq: String(now.seq), state: now.replica.state() };
      });
      return insertVersion(scope, db, row.id, { seq, name: given, state });
    },
    async versions(scope, address) {
      const { row } = await find(scope, address, "read");
      return readVersions(scope, db, row.id);
    },
    version,
    async restore(scope, address, from, key) {
      const earlier =
        "version" in from ? await version(scope, address, from.version) : await at(scope, address, from.seq);
      const { kind } = await find(scope, address, "write");
      const { id, name } = scope.actor;
      return edit(scope, address, {
        author: { id, name },
        key,
        edit(doc) {
          restoreInto(doc, earlier, kind);
          return null;
        },
      });
    },
    async remove(scope, address) {
      const { row } = await find(scope, address, "write");
      await deleteDocument(db.pool, row.id);
      held.delete(row.id);
      ring(row.id);
      await bus.removed(row.id);
    },
    async close() {
      await Promise.allSettled(turns.values());
      bus.close();
      for (const { replica } of held.values()) replica.destroy();
      held.clear();
    },
  };
}

function decodeVector(bytes: Uint8Array): Map<number, number> {
  try {
    return Y.decodeStateVector(bytes);
  } catch {
    throw new BatonError("bad-input", "This is not the state vector of a document.");
  }
}

function missing({ kind, subject }: Address): BatonError {
  return new BatonError("not-found", `There is no ${kind} document "${subject}".`);
}

async function soon(news: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    news,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    }),
  ]);
  clearTimeout(timer);
}
