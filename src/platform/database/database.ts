import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { messageOf } from "#base/index.ts";
import { type Prisma, PrismaClient } from "../prisma/generated/client.ts";
import { log } from "../log.ts";
import { isLostRace } from "./away.ts";

/** SQL that a connection prepares when it first carries it out: planning a long statement can cost more than it does itself. */
export type Prepared = { readonly name: string; readonly text: string };

/** Anything that carries out raw SQL: a pool, one connection, or a {@link Transaction}. */
export type Queryable = {
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    sql: string | Prepared,
    params?: readonly unknown[],
  ): Promise<pg.QueryResult<Row>>;
};

/** The door to one database: Prisma for what is kept, `pool` for hot statements. Both use the same connections. */
export type Database = {
  readonly url: string;
  readonly prisma: PrismaClient;
  readonly pool: pg.Pool;
  close(): Promise<void>;
};

/** What must be committed together: Prisma and raw statements on one connection. */
export type Transaction = Queryable & { readonly prisma: Prisma.TransactionClient };

export type DatabaseOptions = {
  /** Most connections at once; 10 unless given. */
  readonly connections?: number;
  /** Shown by Postgres in `pg_stat_activity`. */
  readonly name?: string;
};

/** The connection of the transaction that the current call chain is in. */
const current = new AsyncLocalStorage<{ client: pg.PoolClient | null }>();

/**
 * Tells {@link transaction} which connection Prisma took for it: Prisma's own transaction takes it by `connect`, and
 * offers no other way to send raw SQL over the same connection with pg's types.
 */
class ObservedPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>;
  override connect(
    callback: (
      error: Error | undefined,
      client: pg.PoolClient | undefined,
      done: (release?: unknown) => void,
    ) => void,
  ): void;
  override connect(
    callback?: (
      error: Error | undefined,
      client: pg.PoolClient | undefined,
      done: (release?: unknown) => void,
    ) => void,
  ): Promise<pg.PoolClient> | void {
    if (callback !== undefined) return super.connect(callback);
    const holder = current.getStore();
    return super.connect().then((client) => {
      if (holder !== undefined && holder.client === null) holder.client = client;
      return client;
    });
  }
}

/** Opens a pool and Prisma on it. Connects when first used. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const pool = new ObservedPool({
    connectionString: url,
    max: options.connections ?? 10,
    application_name: options.name ?? "baton",
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  // Without a listener, a connection that breaks while idle would end the process.
  const onBroken = (error: Error): void => log.warn({ error: error.message }, "a database connection broke");
  pool.on("error", onBroken);
  // And without one on each, a connection that breaks between two statements of whoever has taken it.
  pool.on("connect", (client) => client.on("error", onBroken));
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, {
      onPoolError: () => undefined,
      onConnectionError: onBroken,
      statementNameGenerator: ({ sql }) => `p_${createHash("sha1").update(sql).digest("base64url")}`,
    }),
    transactionOptions: { maxWait: 15_000, timeout: 60_000 },
  });
  let closing: Promise<void> | null = null;
  return {
    url,
    prisma,
    pool,
    close() {
      closing ??= prisma.$disconnect().then(() => pool.end());
      return closing;
    },
  };
}

/** How often a transaction is tried that loses against others, the first time included. */
const tries = 6;
const firstPauseMs = 5;

/**
 * Carries `work` out in one transaction: committed when it resolves, rolled back when it throws. `tx.prisma` and
 * `tx.query` are the same connection, so what they write is visible to each other and atomic together. Transactions
 * don't nest: pass `tx` on. One that loses against others, as in a deadlock, is done again from its beginning: what
 * `work` does beyond the database must bear being done twice.
 */
export async function transaction<Result>(
  database: Database,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transactionOnce(database, work);
    } catch (error) {
      if (attempt >= tries || !isLostRace(error)) throw error;
      log.debug({ error: messageOf(error), attempt }, "a transaction lost against another and is done again");
      // With a part at random, so that the same two don't meet again.
      const longest = firstPauseMs * 2 ** attempt;
      await new Promise((resolve) => setTimeout(resolve, longest * (0.5 + Math.random() / 2)));
    }
  }
}

async function transactionOnce<Result>(
  database: Database,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  const holder: { client: pg.PoolClient | null } = { client: null };
  return current.run(holder, () =>
    database.prisma.$transaction(async (prisma) => {
      const { client } = holder;
      if (client === null) throw new Error("The transaction has no connection.");
      return work({
        prisma,
        query: <Row extends pg.QueryResultRow>(sql: string | Prepared, params: readonly unknown[] = []) =>
          client.query<Row>(typeof sql === "string" ? sql : { ...sql }, [...params]),
      });
    }),
  );
}
