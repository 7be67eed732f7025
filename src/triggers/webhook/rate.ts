import type { Queryable } from "#platform/index.ts";

const takeSql = `insert into trigger_rate as rate (trigger_id, tokens, at)
  values ($1, $2::float8 - 1, clock_timestamp())
  on conflict (trigger_id) do update
     set tokens = least($2::float8, rate.tokens + extract(epoch from clock_timestamp() - rate.at) * $3::float8) - 1,
         at = clock_timestamp()
   where least($2::float8, rate.tokens + extract(epoch from clock_timestamp() - rate.at) * $3::float8) >= 1
  returning tokens`;

/**
 * Takes one call out of a trigger's rate, in the transaction that starts its run; all web processes take from the same.
 * Answers null when there was one left, else the milliseconds until there is.
 */
export async function takeCall(
  tx: Queryable,
  trigger: string,
  rate: { readonly limit: number; readonly per: number },
): Promise<number | null> {
  const perSecond = (rate.limit / rate.per) * 1000;
  const { rows } = await tx.query(takeSql, [trigger, rate.limit, perSecond]);
  if (rows.length > 0) return null;
  const { rows: left } = await tx.query<{ tokens: number }>(
    `select least($2::float8, tokens + extract(epoch from clock_timestamp() - at) * $3::float8) as tokens
       from trigger_rate where trigger_id = $1`,
    [trigger, rate.limit, perSecond],
  );
  return Math.max(1, Math.ceil(((1 - (left[0]?.tokens ?? 0)) / perSecond) * 1000));
}
