import { BatonError, isObject, messageOf } from "#base/index.ts";
import { log } from "../log.ts";

/** Codes of the server that tell that it or the connection goes away: classes 08, 57P and 58. */
const serverGone = /^(08|57P|58)/;
/** How Prisma says the same: unreachable, timed out, closed, no connection in time, no transaction in time. */
const prismaCodes = /^P(1001|1002|1008|1017|2024|2028)$/;
/** How Prisma's adapter says the same where it is the transaction itself that breaks, in errors that carry no code. */
const adapterAway = /^(ConnectionClosed|DatabaseNotReachable|SocketTimeout)$/;
const adapterLost = /^(TransactionWriteConflict|TooManyConnections)$/;
const networkCodes = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_)/;
/** How pg says the same, in errors that carry no code. */
const saidByClient =
  /connection terminated|not queryable|connection (was )?closed|timeout exceeded when trying to connect/i;

/** Whether a statement got no answer: then nobody knows whether it was committed. */
export function isBrokenConnection(error: unknown): boolean {
  const code = codeOf(error);
  if (serverGone.test(serverCodeOf(error))) return true;
  if (code !== "") return serverGone.test(code) || networkCodes.test(code) || prismaCodes.test(code);
  return adapterAway.test(kindOf(error)) || (error instanceof Error && saidByClient.test(error.message));
}

/** Whether work lost against other work, or found no room: deadlock, serialization, connections. Done again, it may succeed. */
export function isLostRace(error: unknown): boolean {
  const lost = /^(40P01|40001|53300|P2034)$/;
  return lost.test(codeOf(error)) || lost.test(serverCodeOf(error)) || adapterLost.test(kindOf(error));
}

/** Whether the same statement, sent again, may well succeed: a lost race, also against a twin of itself. */
export function isWorthRepeating(error: unknown): boolean {
  return isBrokenConnection(error) || isLostRace(error) || codeOf(error) === "23505";
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/** The server's own code in an error of Prisma that has none for it but "some error of the database". */
function serverCodeOf(error: unknown): string {
  if (!isObject(error) || !isObject(error["meta"])) return "";
  const { driverAdapterError: inner } = error["meta"];
  if (!(inner instanceof Error) || !isObject(inner.cause)) return "";
  const { originalCode } = inner.cause;
  return typeof originalCode === "string" ? originalCode : "";
}

function kindOf(error: unknown): string {
  if (!(error instanceof Error) || !isObject(error.cause)) return "";
  return typeof error.cause["kind"] === "string" ? error.cause["kind"] : "";
}

export type OutageOptions = {
  /** What is done, for the log and for whoever is told that it could not be, such as "to register the worker". */
  readonly what: string;
  /** No further try once it is aborted. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which it is given up. */
  readonly longestMs?: number;
  /** For tests. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
  readonly now?: () => number;
};

/** Longer than a server takes to restart, and than a standby takes to step in. */
const longestOutageMs = 120_000;
const firstPauseMs = 50;
const longestPauseMs = 2_000;

/**
 * Carries `work` out, again and again while the database is away, with ever longer pauses. For work that may be done
 * twice: a statement without an answer may have been carried out. Fails with "unavailable" when the database stays away.
 */
export async function throughOutage<Result>(
  work: () => Promise<Result>,
  { what, signal, longestMs = longestOutageMs, sleep = pause, now = monotonic }: OutageOptions,
): Promise<Result> {
  const began = now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      // A BatonError is somebody's answer, whatever caused it.
      if (BatonError.isInstance(error) || !(isBrokenConnection(error) || isLostRace(error))) throw error;
      if (signal?.aborted === true) throw error;
      if (now() - began >= longestMs) {
        throw new BatonError("unavailable", `The database was out of reach for too long ${what}.`, {
          hint: "See whether Postgres runs and can be reached at DATABASE_URL.",
          cause: error,
        });
      }
      log.warn({ error: messageOf(error), attempt }, `the database is out of reach ${what}; trying again`);
      const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt - 1, 10));
      // Not all at once: whoever lost the database comes back with all the others that did.
      await sleep(longest * (0.5 + Math.random() / 2));
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function monotonic(): number {
  return performance.now();
}
