import type { TriggerDeps } from "./spec.ts";

/** Now, by the database's clock unless another is given. Epoch milliseconds. */
export async function nowOf(deps: Pick<TriggerDeps, "db" | "now">): Promise<number> {
  if (deps.now !== undefined) return deps.now();
  const { rows } = await deps.db.pool.query<{ at: number }>(
    "select (extract(epoch from clock_timestamp()) * 1000)::float8 as at",
  );
  return Math.floor(rows[0]?.at ?? 0);
}
