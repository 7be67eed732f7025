import type pg from "pg";
import { type OutageOptions, isBrokenConnection, throughOutage } from "#platform/index.ts";

/**
 * The pool as the job queue sees it: its prepared statements are carried out again while the database is away. graphile-worker
 * tries them once, and takes a job whose end it could not note for the end of the whole queue. Each of them is complete in itself and
 * may be carried out twice: it names the jobs that it ends or gives back, and jobs that were handed out without an answer are
 * given out anew. Whatever else the queue sends, and the connection on which it listens, is as the pool has it.
 */
export function patientPool(pool: pg.Pool, outage: Omit<OutageOptions, "what"> = {}): pg.Pool {
  const options: OutageOptions = { ...outage, what: "to look after the job queue" };

  async function connect(): Promise<pg.PoolClient> {
    let client: pg.PoolClient | null = await throughOutage(() => pool.connect(), options);
    const release = (broken?: Error | boolean): void => {
      client?.release(broken);
      client = null;
    };

    async function query(...statement: unknown[]): Promise<unknown> {
      client ??= await pool.connect();
      try {
        return await (client.query as (...given: unknown[]) => Promise<unknown>)(...statement);
      } catch (error) {
        if (isBrokenConnection(error)) release(true);
        throw error;
      }
    }

    const patient = {
      query: (...statement: unknown[]) =>
        isPrepared(statement[0]) ? throughOutage(() => query(...statement), options) : query(...statement),
      release,
    };
    return patient as unknown as pg.PoolClient;
  }

  return new Proxy(pool, {
    get(target, property) {
      if (property === "connect") {
        return (listener?: Parameters<pg.Pool["connect"]>[0]) =>
          listener === undefined ? connect() : target.connect(listener);
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function isPrepared(statement: unknown): boolean {
  return (
    typeof statement === "object" &&
    statement !== null &&
    "name" in statement &&
    typeof statement.name === "string"
  );
}
