import type { Runner } from "./append.ts";

/**
 * Claims replicas for whoever writes under their ids, and answers whose each of them is now. The first to write keeps
 * an id for good: edits that two people make under one id would leave equal state vectors over different contents.
 */
export async function claimClients(
  on: Runner,
  document: number,
  clients: readonly number[],
  owner: string,
): Promise<Map<number, string>> {
  await on.query({
    name: "live_claim",
    text: `insert into live_client (document_id, client, owner)
      select $1, client, $3 from unnest($2::bigint[]) as client order by client on conflict do nothing`,
    values: [document, clients, owner],
  });
  const { rows } = await on.query<{ client: string; owner: string }>({
    name: "live_claimed",
    text: "select client, owner from live_client where document_id = $1 and client = any($2::bigint[])",
    values: [document, clients],
  });
  return new Map(rows.map((row) => [Number(row.client), row.owner]));
}

/** The replica under which an author writes from within the process; null while they have none. */
export async function clientOf(on: Runner, document: number, owner: string): Promise<number | null> {
  const { rows } = await on.query<{ client: string }>(
    "select client from live_client where document_id = $1 and owner = $2 order by client limit 1",
    [document, owner],
  );
  return rows[0] === undefined ? null : Number(rows[0].client);
}

/**
 * Owns the replica under which an author writes from within the process. Never one of their tabs: two replicas that
 * count under one id would give the same numbers to different edits.
 */
export function inProcess(author: string): string {
  return `process:${author}`;
}
