import { isObject } from "#base/index.ts";
import { colorOf } from "../colors.ts";
import type { Connection } from "./connection.ts";
import { presenceFrame, readPresence, writePresence, type PresenceEntry } from "./wire.ts";

/** Who has a document open, over all processes. */
export type Presence = {
  /** Takes what a client says; `refuse` is told of what it may not say. */
  receive(connection: Connection, entries: readonly PresenceEntry[], refuse: Refuse): void;
  /** Everybody, for somebody who has just come. */
  all(): Uint8Array | null;
  leave(connection: Connection): void;
  /** What another process tells. */
  heard(frame: Uint8Array): void;
  /** Tells other processes who is here. */
  tellAll(): void;
  /** Forgets those of whom nothing was heard for long. */
  sweep(): void;
  /** Drops what waits to be told. */
  close(): void;
};

type Refuse = (reason: "foreign-presence" | "bad-presence", detail: string) => void;

export type PresenceOptions = {
  /** Most bytes of one state. */
  readonly most: number;
  /** Whose the client id is, as far as that is known. */
  readonly ownerOf: (client: number) => string | undefined;
  readonly connections: () => Iterable<Connection>;
  readonly send: (connection: Connection, frame: Uint8Array) => void;
  /** Tells other processes; at most 6 kB at once. */
  readonly tell: (frame: Uint8Array) => void;
  readonly now?: () => number;
};

type Known = {
  connection: Connection | null;
  user: string | null;
  /** Raised by the server, so that somebody who comes back is seen at once. */
  clock: number;
  /** As the client itself counts. */
  ownClock: number;
  state: string;
  at: number;
};

const coalesceMs = 40;
/** Clients renew what they say every 15 seconds. */
const silentMs = 45_000;
const rememberedMs = 60_000;
const notificationBytes = 5500;
const nobody = "null";

export function createPresence(options: PresenceOptions): Presence {
  const { most, ownerOf, connections, send, tell, now = () => performance.now() } = options;
  const known = new Map<number, Known>();
  const changed = new Set<number>();
  let timer: NodeJS.Timeout | null = null;

  function mark(client: number): void {
    changed.add(client);
    timer ??= setTimeout(flush, coalesceMs);
  }

  function entryOf(client: number, entry: Known): PresenceEntry {
    return { client, clock: entry.clock, state: entry.state };
  }

  function flush(): void {
    timer = null;
    const entries: PresenceEntry[] = [];
    const local: PresenceEntry[] = [];
    for (const client of changed) {
      const entry = known.get(client);
      if (entry === undefined) continue;
      entries.push(entryOf(client, entry));
      if (entry.user !== null) local.push(entryOf(client, entry));
    }
    changed.clear();
    if (entries.length === 0) return;
    const frame = presenceFrame(entries);
    for (const connection of connections()) {
      const own = connection.presenceId === null ? undefined : known.get(connection.presenceId);
      const about = own !== undefined && entries.some(({ client }) => client === connection.presenceId);
      // Its own clock: with a later one, what it says meanwhile would be taken back by what it said before.
      send(
        connection,
        about
          ? presenceFrame(
              entries.map((each) =>
                each.client === connection.presenceId ? { ...each, clock: own.ownClock } : each,
              ),
            )
          : frame,
      );
    }
    tellOthers(local);
  }

  function tellOthers(entries: readonly PresenceEntry[]): void {
    let part: PresenceEntry[] = [];
    let bytes = 0;
    for (const entry of entries) {
      const size = entry.state.length * 1.34 + 16;
      if (part.length > 0 && bytes + size > notificationBytes) {
        tell(writePresence(part));
        part = [];
        bytes = 0;
      }
      part.push(entry);
      bytes += size;
    }
    if (part.length > 0) tell(writePresence(part));
  }

  /** Whether the client id is free for this connection to speak under. */
  function isFree(connection: Connection, client: number): boolean {
    const user = connection.scope.actor.id;
    const owner = ownerOf(client);
    if (owner !== undefined && owner !== user) return false;
    const entry = known.get(client);
    return entry === undefined || entry.state === nobody || userOf(entry) === user;
  }

  function accept(connection: Connection, { client, clock, state }: PresenceEntry, refuse: Refuse): void {
    if (Buffer.byteLength(state) > most) return refuse("bad-presence", `more than ${most} bytes`);
    const said = parse(state);
    if (said === undefined) return refuse("bad-presence", "not an object");
    const before = known.get(client);
    const { actor } = connection.scope;
    const rewritten =
      said === null
        ? nobody
        : JSON.stringify({
            ...said,
            user: {
              id: actor.id,
              name: actor.name,
              color: colorOf(actor.id),
              colorLight: `${colorOf(actor.id)}33`,
              role: connection.canWrite ? "writer" : "reader",
            },
          });
    connection.presenceId = client;
    known.set(client, {
      connection,
      user: actor.id,
      clock: Math.max((before?.clock ?? 0) + 1, clock),
      ownClock: clock,
      state: rewritten,
      at: now(),
    });
    mark(client);
  }

  return {
    receive(connection, entries, refuse) {
      for (const entry of entries) {
        if (connection.presenceId === entry.client) {
          const before = known.get(entry.client);
          // Another tab of the same person has taken the id over.
          if (before?.connection === connection || before === undefined || before.connection === null)
            accept(connection, entry, refuse);
          continue;
        }
        const other = known.get(entry.client);
        // Clients repeat whatever they hear.
        if (
          entry.state === nobody ||
          (other !== undefined && entry.clock <= other.clock && !isOwn(other, connection))
        )
          continue;
        if (connection.presenceId === null && isFree(connection, entry.client))
          accept(connection, entry, refuse);
        else refuse("foreign-presence", `client ${entry.client}`);
      }
    },
    all() {
      const entries = [...known].filter(([, { state }]) => state !== nobody);
      return entries.length === 0
        ? null
        : presenceFrame(entries.map(([client, entry]) => entryOf(client, entry)));
    },
    leave(connection) {
      const client = connection.presenceId;
      const entry = client === null ? undefined : known.get(client);
      if (client === null || entry?.connection !== connection) return;
      known.set(client, { ...entry, connection: null, clock: entry.clock + 1, state: nobody, at: now() });
      mark(client);
    },
    heard(frame) {
      for (const { client, clock, state } of readPresence(frame)) {
        const before = known.get(client);
        if (before !== undefined && (before.connection !== null || clock <= before.clock)) continue;
        known.set(client, { connection: null, user: null, clock, ownClock: clock, state, at: now() });
        mark(client);
      }
    },
    tellAll() {
      tellOthers(
        [...known]
          .filter(([, entry]) => entry.connection !== null)
          .map(([client, entry]) => entryOf(client, entry)),
      );
    },
    sweep() {
      for (const [client, entry] of known) {
        const silent = now() - entry.at;
        if (entry.state === nobody) {
          if (silent > rememberedMs) known.delete(client);
        } else if (entry.connection === null && silent > silentMs) {
          known.set(client, { ...entry, clock: entry.clock + 1, state: nobody, at: now() });
          mark(client);
        }
      }
    },
    close() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      changed.clear();
    },
  };
}

function isOwn(entry: Known, connection: Connection): boolean {
  return connection.presenceId === null && userOf(entry) === connection.scope.actor.id;
}

function userOf({ user, state }: Known): string | null {
  if (user !== null) return user;
  const said = parse(state);
  const vouched = said?.["user"];
  return isObject(vouched) && typeof vouched["id"] === "string" ? vouched["id"] : null;
}

/** Undefined for what is neither an object nor null. */
function parse(state: string): Record<string, unknown> | null | undefined {
  try {
    const value: unknown = JSON.parse(state);
    return value === null || isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
