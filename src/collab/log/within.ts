import type { Transaction } from "#platform/index.ts";
import type { Runner } from "./append.ts";

/** Carries prepared statements out in a transaction. */
export function runnerIn(tx: Transaction): Runner {
  const query = ({ text, values }: { text: string; values?: unknown[] }): unknown => tx.query(text, values);
  return {
    query: ((statement: string | { text: string; values?: unknown[] }, values?: unknown[]) =>
      query(
        typeof statement === "string"
          ? { text: statement, ...(values === undefined ? {} : { values }) }
          : statement,
      )) as Runner["query"],
  };
}
