import pg from "pg";
import { messageOf } from "#base/index.ts";
import type { Queryable } from "./database/database.ts";
import { log } from "./log.ts";

/**
 * What is told between processes, with its payload: `run` (`runId`: new events), `stream` (`runId stream`), `inbox`
 * (`runId`), `workspace` (`workspaceId kind id`: lists should refresh), `turn` (the id of a call
 * that may be made now, or `out` and a gate), `live` (updates and presence of live documents). Ids only, but for
 * presence; whoever listens reads the rest.
 */
export type Channel = "run" | "stream" | "inbox" | "workspace" | "turn" | "live";

/** Tells listeners, when the surrounding transaction commits. */
export async function notify(on: Queryable, channel: Channel, payload: string): Promise<void> {
  await on.query("select pg_notify($1, $2)", [channel, payload]);
}

/** One connection that listens. Messages sent while it was cut off are lost: re-read in `onReconnect`. */
export type Listener = {
  /**
   * Calls `hear` with each payload until the answered function is called. Resolves once Postgres listens, or at once
   * while the connection is being made again: then `onReconnect` tells when it does.
   */
  listen(channel: Channel, hear: (payload: string) => void): Promise<() => void>;
  /** Calls `act` each time the connection is back after a break. */
  onReconnect(act: () => void): () => void;
  close(): Promise<void>;
};

export type ListenerOptions = {
  /** Milliseconds to wait before the given attempt, counted from 1. */
  readonly delay?: (attempt: number) => number;
};

/** Opens a listener; it connects when first used, and again whenever the connection breaks. */
export function createListener(url: string, options: ListenerOptions = {}): Listener {
  const delay = options.delay ?? ((attempt: number) => Math.min(5000, 50 * 2 ** attempt));
  const ears = new Map<string, Set<(payload: string) => void>>();
  const reconnected = new Set<() => void>();
  let connection: Promise<pg.Client> | null = null;
  let closed = false;
  let wait: NodeJS.Timeout | null = null;

  const guarded = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      log.error({ error: messageOf(error) }, "a listener's reaction failed");
    }
  };

  const open = async (): Promise<pg.Client> => {
    const client = new pg.Client({
      connectionString: url,
      application_name: "baton listener",
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
    });
    client.on("notification", ({ channel, payload }) => {
      for (const hear of ears.get(channel) ?? []) guarded(() => hear(payload ?? ""));
    });
    let broken = false;
    const onBreak = (): void => {
      if (broken || closed) return;
      broken = true;
      connection = null;
      void client.end().catch(() => undefined);
      reconnect(1);
    };
    client.on("error", onBreak);
    try {
      await client.connect();
      for (const channel of ears.keys()) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      broken = true;
      await client.end().catch(() => undefined);
      throw error;
    }
    client.on("end", onBreak);
    return client;
  };

  const reconnect = (attempt: number): void => {
    if (closed || wait !== null) return;
    wait = setTimeout(() => {
      wait = null;
      if (closed) return;
      const opening = open();
      connection = opening;
      opening.then(
        () => {
          for (const act of reconnected) guarded(act);
        },
        (error: unknown) => {
          if (connection === opening) connection = null;
          log.warn(
            { error: messageOf(error), attempt },
            "listening for news from the database failed; trying again",
          );
          reconnect(attempt + 1);
        },
      );
    }, delay(attempt));
  };

  return {
    async listen(channel, hear) {
      if (closed) throw new Error("This listener is closed.");
      const known = ears.get(channel) ?? new Set();
      const first = known.size === 0;
      known.add(hear);
      ears.set(channel, known);
      const ready = connection;
      if (ready === null && wait === null) {
        const opening = open();
        connection = opening;
        await opening.catch((error: unknown) => {
          if (connection === opening) connection = null;
          known.delete(hear);
          throw error;
        });
      } else if (ready !== null) {
        try {
          const client = await ready;
          if (first) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
        } catch (error) {
          known.delete(hear);
          throw error;
        }
      }
      return () => {
        known.delete(hear);
      };
    },
    onReconnect(act) {
      reconnected.add(act);
      return () => {
        reconnected.delete(act);
      };
    },
    async close() {
      closed = true;
      if (wait !== null) clearTimeout(wait);
      const client = await connection?.catch(() => null);
      await client?.end().catch(() => undefined);
    },
  };
}
