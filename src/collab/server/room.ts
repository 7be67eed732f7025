import { randomBytes } from "node:crypto";
import * as Y from "yjs";
import { messageOf } from "#base/index.ts";
import { log } from "#platform/index.ts";
import { analyse, type Analysis } from "../guard/analyse.ts";
import { checkRules, checksValues, checkValues } from "../guard/rules.ts";
import { claimClients } from "../log/clients.ts";
import { compact } from "../log/compact.ts";
import type { Committer, Outcome } from "../log/commit.ts";
import { type Content, readContent, readUpdates } from "../log/read.ts";
import { createReplica, type Replica } from "../replica.ts";
import type { NewUpdate } from "../log/append.ts";
import { closeCodes, type DocumentKind, type LiveLimits, type RefusalReason, type Written } from "../spec.ts";
import type { Database } from "#platform/index.ts";
import type { Connection } from "./connection.ts";
import { createPresence, type Presence } from "./presence.ts";
import { readMessage, refusedFrame, syncFrame, syncStep1, syncStep2, syncUpdate } from "./wire.ts";

/** A document that somebody has open in this process. */
export type Room = {
  readonly document: number;
  readonly connections: ReadonlySet<Connection>;
  readonly presence: Presence;
  /** Since when nobody is here, by the process' clock; null while somebody is. */
  readonly emptySince: number | null;
  /** Nothing of it is on its way to the database. */
  readonly idle: boolean;
  /** Own updates are waiting for those of others before them: news of these may have been lost. */
  readonly behind: boolean;
  /** `hasFirst`: it has been sent what was read first. */
  join(connection: Connection, hasFirst: boolean): void;
  leave(connection: Connection): void;
  receive(connection: Connection, frame: Uint8Array): void;
  /** Another process appended these. */
  heard(last: number): void;
  /** Looks for what others appended, however it stands. */
  catchUp(): Promise<void>;
  decided(outcome: Outcome): void;
  /** Sends everybody away. */
  close(code: number, reason: string): void;
};

export type RoomOptions = {
  readonly db: Database;
  readonly document: number;
  readonly subject: string;
  /** This process, as others know it. */
  readonly sender: string;
  readonly kind: DocumentKind;
  readonly committer: Committer;
  readonly limits: LiveLimits;
  readonly compactEvery: number;
  readonly keepMs: number;
  /** Gets what was read before it is made into a document, which takes longer than sending it. */
  readonly readFirst: (content: Content) => Promise<void>;
  readonly refused: (connection: Connection, reason: RefusalReason, detail?: string) => void;
  readonly tellPresence: (frame: Uint8Array) => void;
  /** It is of no use any more: the database was lost, or the document is gone. */
  readonly broken: () => void;
};

/** How much of the budget of updates a question costs that makes the server encode or look up something. */
const questionCost = 20;

export async function openRoom(options: RoomOptions): Promise<Room> {
  const { db, document, kind, committer, limits, refused } = options;
  const content = await readContent(db.pool, document);
  await options.readFirst(content);
  const replica: Replica = createReplica(content);
  const firstVector = Y.encodeStateVector(replica.doc);
  const connections = new Set<Connection>();
  const owners = new Map<number, string>();
  const own = kind.accompany === undefined ? 0 : await claimOwn(options);
  /** Up to here everything of the log is in the replica. */
  let seq = content.seq;
  /** Ranges of our own beyond that. */
  const ahead: { first: number; last: number }[] = [];
  let compacted = content.upto;
  let compacting = false;
  /** Updates given to the committer, and decided. */
  let given = 0;
  let settled = 0;
  const afterwards: { readonly when: number; readonly act: () => void }[] = [];
  /** A second copy on which values are tried, for kinds that check them. */
  const tries = checksValues(kind);
  let trial: Y.Doc | null = null;
  let reading: Promise<void> | null = null;
  /** The last number that another process told of. */
  let told = seq;
  /** Look whether there is more, also where nobody told of it. */
  let look = false;
  let emptySince: number | null = performance.now();
  let closed = false;

  function send(connection: Connection, frame: Uint8Array): void {
    if (connection.send(frame)) return;
    refused(connection, "slow-reader");
    connection.socket.terminate();
  }

  const presence = createPresence({
    most: limits.presence,
    ownerOf: (client) => owners.get(client),
    connections: () => connections,
    send,
    tell: options.tellPresence,
  });

  function broadcast(bytes: Uint8Array, but: Connection | null): void {
    const frame = syncFrame(syncUpdate, bytes);
    for (const connection of connections) if (connection !== but) send(connection, frame);
  }

  /** Acts once everything that is applied now is committed. */
  function afterCommit(act: () => void): void {
    if (given === settled) act();
    else afterwards.push({ when: given, act });
  }

  /** Answers as they are sent, for as long as the replica keeps what is in them. */
  const answers = new WeakMap<Uint8Array, Uint8Array>();
  const toTell = new Set<Connection>();
  /** Whose the updates are that the committer has. Null: the server's own. */
  const authors: { connection: Connection | null; bytes: Uint8Array }[] = [];

  function decided({ updates, range, gone }: Outcome): void {
    settled += updates.length;
    if (closed) return;
    const written = authors.splice(0, updates.length);
    if (range === null) {
      log.error(
        { document, gone },
        "live updates were not saved; everybody is sent away to come back with them",
      );
      close(gone ? closeCodes.gone : closeCodes.restart, gone ? "no-document" : "restart");
      options.broken();
      return;
    }
    ours(range.first, range.last);
    const first = written[0];
    if (first !== undefined) {
      const single = written.every(({ connection }) => connection === first.connection);
      const bytes = written.length === 1 ? first.bytes : Y.mergeUpdates(written.map((each) => each.bytes));
      broadcast(bytes, single ? first.connection : null);
    }
    while (afterwards[0] !== undefined && afterwards[0].when <= settled) afterwards.shift()?.act();
    for (const connection of toTell) connection.tellSaved();
    toTell.clear();
    if (seq - compacted >= options.compactEvery) void compactSoon();
  }

  function ours(first: number, last: number): void {
    ahead.push({ first, last });
    absorb();
  }

  function absorb(): void {
    ahead.sort((a, b) => a.first - b.first);
    while (ahead[0] !== undefined && ahead[0].first <= seq + 1) {
      seq = Math.max(seq, ahead[0].last);
      ahead.shift();
    }
  }

  /** Reads what others appended, and passes it on. One reading at a time. */
  function read(): Promise<void> {
    reading ??= readOthers().finally(() => {
      reading = null;
    });
    return reading;
  }

  async function readOthers(): Promise<void> {
    while ((look || told > seq) && !closed) {
      const goal = told;
      look = false;
      const rows = await readUpdates(db.pool, document, seq);
      if (closed) return;
      const news = rows.filter(
        (row) => row.seq > seq && !ahead.some(({ first, last }) => row.seq >= first && row.seq <= last),
      );
      for (const { bytes } of news) {
        if (!replica.apply(bytes)) log.error({ document }, "an update of the log could not be applied");
        if (trial !== null) Y.applyUpdate(trial, bytes);
      }
      const [only] = news;
      if (only !== undefined)
        broadcast(news.length === 1 ? only.bytes : Y.mergeUpdates(news.map((row) => row.bytes)), null);
      seq = Math.max(seq, rows.at(-1)?.seq ?? 0);
      absorb();
      // Told of, and not there: the document is gone.
      if (told === goal && seq < goal) told = seq;
    }
  }

  async function catchUp(): Promise<void> {
    look = true;
    await read();
  }

  async function compactSoon(): Promise<void> {
    if (compacting) return;
    compacting = true;
    const upto = seq;
    const state = replica.state();
    try {
      // What is in the state and not yet committed must not be kept before it is.
      await new Promise<void>((resolve) => afterCommit(resolve));
      if (closed) return;
      await compact(db, document, { upto, state }, options.keepMs);
      compacted = upto;
    } catch (error) {
      log.warn({ document, error: messageOf(error) }, "compacting a live document failed; it is tried again");
    } finally {
      compacting = false;
    }
  }

  // Frames of a connection are taken one after the other; most of them at once, some after a question to the database.

  function receive(connection: Connection, frame: Uint8Array): void {
    if (connection.closed) return;
    if (connection.busy) {
      connection.waitingBytes += frame.length;
      if (connection.waitingBytes > limits.waiting) refuse(connection, "flood", closeCodes.slowDown);
      else connection.waiting.push(frame);
      return;
    }
    const later = take(connection, frame);
    if (later === null) return;
    connection.busy = true;
    later
      .catch((error: unknown) => {
        log.warn({ document, error: messageOf(error) }, "looking at a live update failed");
        sendAway(connection, closeCodes.restart, "restart");
      })
      .finally(() => {
        connection.busy = false;
        drain(connection);
      });
  }

  function drain(connection: Connection): void {
    while (!connection.busy && !connection.closed) {
      const frame = connection.waiting.shift();
      if (frame === undefined) return;
      connection.waitingBytes -= frame.length;
      receive(connection, frame);
    }
  }

  function sendAway(connection: Connection, code: number, reason: string): void {
    if (connection.closed) return;
    connection.closed = true;
    connection.waiting.length = 0;
    connection.socket.close(code, reason);
    leave(connection);
  }

  function refuse(connection: Connection, reason: RefusalReason, code: number, detail?: string): null {
    refused(connection, reason, detail);
    sendAway(connection, code, reason);
    return null;
  }

  function take(connection: Connection, frame: Uint8Array): Promise<void> | null {
    const message = readMessage(frame);
    if (message === null) return refuse(connection, "garbage", closeCodes.garbage);
    switch (message.type) {
      case "presence":
        return takePresence(connection, message.entries);
      case "ask-presence": {
        if (!connection.updates.take(questionCost)) return refuse(connection, "flood", closeCodes.slowDown);
        const frameOfAll = presence.all();
        if (frameOfAll !== null) send(connection, frameOfAll);
        return null;
      }
      case "step1": {
        if (!connection.updates.take(questionCost)) return refuse(connection, "flood", closeCodes.slowDown);
        answer(connection, message.stateVector);
        return null;
      }
      case "update":
        connection.received += 1;
        if (message.complete) connection.answered = true;
        if (!connection.updates.take(1) || !connection.bytes.take(frame.length))
          return refuse(connection, "flood", closeCodes.slowDown);
        return takeUpdate(connection, message.bytes, connection.received);
    }
  }

  function takePresence(connection: Connection, entries: Parameters<Presence["receive"]>[1]): null {
    // What others are said to be is an echo, of which each client sends as many as there are changes.
    const own = entries.some(({ client }) => client === connection.presenceId);
    if ((own || connection.presenceId === null) && !connection.updates.take(1))
      return refuse(connection, "flood", closeCodes.slowDown);
    presence.receive(connection, entries, (reason, detail) => refused(connection, reason, detail));
    return null;
  }

  /** Sends what a client lacks, once all of it is committed. */
  function answer(connection: Connection, stateVector: Uint8Array): void {
    const bytes = replica.diff(stateVector);
    let frame = answers.get(bytes);
    if (frame === undefined) {
      frame = syncFrame(syncStep2, bytes);
      answers.set(bytes, frame);
    }
    const made = frame;
    afterCommit(() => connection.sendState(() => made));
  }

  function saved(connection: Connection, count: number): void {
    afterCommit(() => {
      connection.saved = Math.max(connection.saved, count);
      toTell.add(connection);
    });
    if (given === settled) connection.tellSaved();
  }

  function takeUpdate(connection: Connection, bytes: Uint8Array, count: number): Promise<void> | null {
    const analysis = analyse(replica.doc, bytes);
    if (analysis === null) return refuse(connection, "garbage", closeCodes.garbage);
    if (analysis.empty) {
      saved(connection, count);
      return null;
    }
    if (!connection.canWrite) {
      refused(connection, "not-a-writer");
      if (connection.wantsSaved) send(connection, refusedFrame("not-a-writer"));
      return null;
    }
    const user = connection.scope.actor.id;
    const strange = analysis.clients.some((client) => (owners.get(client) ?? user) !== user);
    // Another process may have committed what is built on here, or what is repeated.
    if (analysis.missing || strange) return lookAgain(connection, bytes, count);
    const unclaimed = analysis.clients.filter((client) => !owners.has(client));
    if (unclaimed.length > 0) return claim(connection, bytes, count, unclaimed);
    accept(connection, bytes, count, analysis);
    return null;
  }

  async function lookAgain(connection: Connection, bytes: Uint8Array, count: number): Promise<void> {
    if (!connection.updates.take(questionCost)) {
      refuse(connection, "flood", closeCodes.slowDown);
      return;
    }
    await catchUp();
    const analysis = analyse(replica.doc, bytes);
    if (closed || connection.closed) return;
    if (analysis?.missing === true) {
      // Typed after it connected and before it heard what we lack: the answer to that, which comes next, has it all.
      if (!connection.answered) return;
      refused(connection, "missing-dependencies");
      send(connection, syncFrame(syncStep1, Y.encodeStateVector(replica.doc)));
      return;
    }
    await claimed(connection, bytes, count);
  }

  async function claim(
    connection: Connection,
    bytes: Uint8Array,
    count: number,
    clients: readonly number[],
  ): Promise<void> {
    if (clients.length > 100) {
      refuse(connection, "stolen-client-id", closeCodes.refused, `${clients.length} client ids at once`);
      return;
    }
    const found = await claimClients(db.pool, document, clients, connection.scope.actor.id);
    for (const [client, owner] of found) owners.set(client, owner);
    const user = connection.scope.actor.id;
    // Somebody else's, committed elsewhere a moment ago: it may only be repeated here.
    if ([...found.values()].some((owner) => owner !== user)) await catchUp();
    if (closed || connection.closed) return;
    await claimed(connection, bytes, count);
  }

  /** Once more from the beginning, now that everything is known: the document may have changed meanwhile. */
  async function claimed(connection: Connection, bytes: Uint8Array, count: number): Promise<void> {
    const analysis = analyse(replica.doc, bytes);
    if (analysis === null || analysis.missing) {
      refuse(connection, "garbage", closeCodes.garbage);
      return;
    }
    if (analysis.empty) {
      saved(connection, count);
      return;
    }
    const user = connection.scope.actor.id;
    const foreign = analysis.clients.find((client) => (owners.get(client) ?? user) !== user);
    if (foreign !== undefined) {
      refuse(connection, "stolen-client-id", closeCodes.refused, `client ${foreign}`);
      return;
    }
    const unclaimed = analysis.clients.filter((client) => !owners.has(client));
    if (unclaimed.length > 0) return claim(connection, bytes, count, unclaimed);
    accept(connection, bytes, count, analysis);
  }

  function accept(connection: Connection, bytes: Uint8Array, count: number, analysis: Analysis): void {
    if (!connection.canWrite) {
      refused(connection, "not-a-writer");
      return;
    }
    if (replica.size() + bytes.length > limits.document) {
      // Counted by what came in; only the state itself tells how much of that is still there.
      replica.state();
      if (replica.size() + bytes.length > limits.document) {
        refuse(connection, "document-too-large", closeCodes.tooLarge);
        return;
      }
    }
    const touched = checkRules(kind, connection.scope, analysis);
    if ("refused" in touched) {
      refuse(connection, "outside-the-rules", closeCodes.refused, touched.refused);
      return;
    }
    if (tries) {
      trial ??= copyOf(replica);
      Y.applyUpdate(trial, bytes);
      const wrong = checkValues(kind, trial, touched.places);
      if (wrong !== null) {
        trial.destroy();
        trial = null;
        refuse(connection, "outside-the-rules", closeCodes.refused, wrong);
        return;
      }
    }
    if (!replica.apply(bytes)) log.error({ document }, "an update could only be applied in part");
    const { actor } = connection.scope;
    const author = { id: actor.id, name: actor.name };
    const client = analysis.clients[0] ?? connection.presenceId ?? 0;
    const { scope } = connection;
    const added = accompany({ scope, subject: options.subject, places: touched.places, client });
    commit(connection, {
      document,
      bytes,
      author,
      client,
      ...(added.record === null ? {} : { record: added.record }),
    });
    // In the same group, and so in the same transaction.
    if (added.bytes !== null) {
      if (trial !== null) Y.applyUpdate(trial, added.bytes);
      commit(null, { document, bytes: added.bytes, author, client: own });
    }
    saved(connection, count);
  }

  function commit(connection: Connection | null, update: NewUpdate): void {
    given += 1;
    authors.push({ connection, bytes: update.bytes });
    committer.add(update);
  }

  /** What Baton has to say to an accepted update. */
  function accompany(written: Omit<Written, "doc">): {
    record: NewUpdate["record"] | null;
    bytes: Uint8Array | null;
  } {
    if (kind.accompany === undefined) return { record: null, bytes: null };
    const { result, bytes } = replica.write(own, (doc) => kind.accompany?.({ ...written, doc }) ?? null);
    return { record: result, bytes };
  }

  function leave(connection: Connection): void {
    if (!connections.delete(connection)) return;
    presence.leave(connection);
    if (connections.size === 0) emptySince = performance.now();
  }

  function close(code: number, reason: string): void {
    if (closed) return;
    closed = true;
    for (const connection of [...connections]) sendAway(connection, code, reason);
    presence.close();
    trial?.destroy();
    replica.destroy();
  }

  return {
    document,
    connections,
    presence,
    get emptySince() {
      return emptySince;
    },
    get idle() {
      return given === settled && reading === null && !compacting;
    },
    get behind() {
      return ahead.length > 0;
    },
    join(connection, hasFirst) {
      connections.add(connection);
      emptySince = null;
      if (hasFirst && (seq !== content.seq || given > 0)) answer(connection, firstVector);
      connection.send(syncFrame(syncStep1, Y.encodeStateVector(replica.doc)));
      const others = presence.all();
      if (others !== null) connection.send(others);
      connection.busy = false;
      drain(connection);
    },
    leave,
    receive,
    heard: (last) => {
      told = Math.max(told, last);
      read().catch((error: unknown) =>
        log.warn(
          { document, error: messageOf(error) },
          "reading live updates failed; the next look finds them",
        ),
      );
    },
    catchUp,
    decided,
    close,
  };
}

/** A replica for what the server itself writes: of this process and document alone. */
async function claimOwn({ db, document, sender }: RoomOptions): Promise<number> {
  const owner = `server:${sender}`;
  for (;;) {
    const fresh = randomBytes(4).readUInt32BE();
    if ((await claimClients(db.pool, document, [fresh], owner)).get(fresh) === owner) return fresh;
  }
}

function copyOf(replica: Replica): Y.Doc {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, replica.state());
  return copy;
}
