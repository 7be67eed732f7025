import { createHash } from "node:crypto";
import type pg from "pg";
import type { BlobRef, Json, WorkspaceId } from "#base/index.ts";

const previewLength = 200;

/** Saves JSON text under its hash; saving the same text again does nothing. */
export async function saveBlob(pool: pg.Pool, workspace: WorkspaceId, text: string): Promise<BlobRef> {
  const hash = createHash("sha256").update(text).digest("hex");
  await pool.query({
    name: "journal_blob_save",
    text: "insert into blob (workspace_id, hash, text) values ($1, $2, $3) on conflict do nothing",
    values: [workspace, hash, text],
  });
  return { $blob: { hash, bytes: Buffer.byteLength(text), preview: preview(text) } };
}

/** The values that are there, by hash. */
export async function loadBlobs(
  pool: pg.Pool,
  workspace: WorkspaceId,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, Json>> {
  if (hashes.length === 0) return new Map();
  const { rows } = await pool.query<{ hash: string; text: string }>({
    name: "journal_blob_load",
    text: "select hash, text from blob where workspace_id = $1 and hash = any($2::text[])",
    values: [workspace, [...hashes]],
  });
  return new Map(rows.map((row) => [row.hash, JSON.parse(row.text) as Json]));
}

/** The first characters, without half of a surrogate pair at the end. */
function preview(text: string): string {
  const cut = text.slice(0, previewLength);
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}
