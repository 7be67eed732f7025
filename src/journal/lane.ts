import type pg from "pg";
import { isBrokenConnection } from "#platform/index.ts";
import { type TextRow, TextRows } from "./text-rows.ts";

/** One connection kept for one kind of statement, so that its plans and settings stay. */
export type Lane = {
  /** Carries a prepared statement out. A connection that broke is replaced before the next call. */
  query<Row extends pg.QueryResultRow>(name: string, sql: string, values: unknown[]): Promise<Row[]>;
  /** The same for statements carried out very often: rows as texts by position; values are strings, numbers, booleans or null. */
  texts(name: string, sql: string, values: readonly unknown[]): Promise<readonly TextRow[]>;
  close(): void;
};

/**
 * Settings of connections that append. Their statements are prepared once and join a few parameters with rows found
 * by key: planning them again for each call would cost more than carrying them out, and a plan made while the tables
 * were still empty must not scan them when they have grown.
 */
const settings = [
  "set plan_cache_mode = force_generic_plan",
  "set enable_seqscan = off",
  "set enable_mergejoin = off",
  "set jit = off",
];

/** Opens a lane over `pool`. Takes its connection when first used and keeps it until closed. */
export function openLane(pool: pg.Pool, own: readonly string[] = []): Lane {
  let connection: Promise<pg.PoolClient> | null = null;
  let closed = false;

  async function connect(): Promise<pg.PoolClient> {
    const client = await pool.connect();
    try {
      await client.query([...settings, ...own].join("; "));
    } catch (error) {
      client.release(true);
      throw error;
    }
    const broke = (): void => drop(client);
    client.once("error", broke);
    return client;
  }

  function drop(client: pg.PoolClient): void {
    if (connection === null) return;
    connection = null;
    client.release(true);
  }

  async function withClient<Answer>(work: (client: pg.PoolClient) => Promise<Answer>): Promise<Answer> {
    if (closed) throw new Error("The connection was closed.");
    connection ??= connect().catch((error: unknown) => {
      connection = null;
      throw error;
    });
    const client = await connection;
    try {
      return await work(client);
    } catch (error) {
      if (isBrokenConnection(error)) drop(client);
      throw error;
    }
  }

  return {
    query: <Row extends pg.QueryResultRow>(name: string, sql: string, values: unknown[]) =>
      withClient(async (client) => (await client.query<Row>({ name, text: sql, values })).rows),
    texts: (name, sql, values) => withClient((client) => client.query(new TextRows(name, sql, values)).rows),
    close() {
      closed = true;
      void connection?.then(drop, () => undefined);
    },
  };
}
