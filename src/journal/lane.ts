import type pg from "pg";

/** One connection kept for one kind of statement, so that its plans and settings stay. */
export type Lane = {
  /** Carries a prepared statement out. A connection that broke is replaced before the next call. */
  query<Row extends pg.QueryResultRow>(name: string, sql: string, values: unknown[]): Promise<Row[]>;
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

  return {
    async query<Row extends pg.QueryResultRow>(name: string, sql: string, values: unknown[]): Promise<Row[]> {
      if (closed) throw new Error("The connection was closed.");
      connection ??= connect().catch((error: unknown) => {
        connection = null;
        throw error;
      });
      const client = await connection;
      try {
        const { rows } = await client.query<Row>({ name, text: sql, values });
        return rows;
      } catch (error) {
        if (isBrokenConnection(error)) drop(client);
        throw error;
      }
    },
    close() {
      closed = true;
      void connection?.then(drop, () => undefined);
    },
  };
}

/** Codes of the server that tell that it or the connection goes away: classes 08, 57P and 58. */
const serverGone = /^(08|57P|58)/;
/** How Prisma says the same: unreachable, timed out, closed, no connection in time, no transaction in time. */
const prismaCodes = /^P(1001|1002|1008|1017|2024|2028)$/;
const networkCodes = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_)/;
/** How pg says the same, in errors that carry no code. */
const saidByClient =
  /connection terminated|not queryable|connection (was )?closed|timeout exceeded when trying to connect/i;

/** Whether a statement got no answer: then nobody knows whether it was committed. */
export function isBrokenConnection(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== "") return serverGone.test(code) || networkCodes.test(code) || prismaCodes.test(code);
  return error instanceof Error && saidByClient.test(error.message);
}

/** Whether work lost against other work, or found no room: deadlock, serialization, connections. Done again, it may succeed. */
export function isLostRace(error: unknown): boolean {
  return /^(40P01|40001|53300|P2034)$/.test(codeOf(error));
}

/** Whether the same statement, sent again, may well succeed: a lost race, also against a twin of itself. */
export function isWorthRepeating(error: unknown): boolean {
  return isBrokenConnection(error) || isLostRace(error) || codeOf(error) === "23505";
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
