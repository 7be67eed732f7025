import * as Y from "yjs";
import { BatonError, type WorkspaceId } from "#base/index.ts";
import { type Address, type Author, liveLimits } from "../spec.ts";
import type { Runner } from "./append.ts";
import { inProcess } from "./clients.ts";

export type DocumentRow = { readonly id: number; readonly workspaceId: WorkspaceId };

/** Finds a document in whatever workspace it is: whoever asks compares that with where they may be. */
export async function findDocument(on: Runner, address: Address): Promise<DocumentRow | null> {
  const { rows } = await on.query<{ id: number; workspace_id: string }>({
    name: "live_find",
    text: "select id, workspace_id from live_document where kind = $1 and subject = $2",
    values: [address.kind, address.subject],
  });
  const [row] = rows;
  return row === undefined ? null : { id: row.id, workspaceId: row.workspace_id as WorkspaceId };
}

/** Makes a document of what `fill` writes; null where there is one already. */
export async function insertDocument(
  on: Runner,
  workspace: WorkspaceId,
  address: Address,
  author: Author,
  fill: (doc: Y.Doc) => void,
): Promise<DocumentRow | null> {
  const doc = new Y.Doc();
  doc.transact(() => fill(doc));
  const bytes = Y.encodeStateAsUpdate(doc);
  const client = doc.clientID;
  doc.destroy();
  if (bytes.length > liveLimits.document) {
    throw new BatonError("too-large", `The document would take ${bytes.length} bytes.`, {
      hint: `At most ${liveLimits.document} are possible.`,
    });
  }
  const { rows } = await on.query<{ id: number }>(
    `with made as (
       insert into live_document (workspace_id, kind, subject, seq) values ($1, $2, $3, 1)
       on conflict do nothing returning id
     ), written as (
       insert into live_update (document_id, seq, bytes, author, author_name, client)
       select id, 1, $4, $5, $6, $7 from made
     ), claimed as (
       insert into live_client (document_id, client, owner) select id, $7, $8 from made
     )
     select id from made`,
    [
      workspace,
      address.kind,
      address.subject,
      Buffer.from(bytes),
      author.id,
      author.name,
      client,
      inProcess(author.id),
    ],
  );
  const [row] = rows;
  return row === undefined ? null : { id: row.id, workspaceId: workspace };
}

/** Removes a document with everything about it. */
export async function deleteDocument(on: Runner, document: number): Promise<void> {
  await on.query(
    `with gone as (delete from live_document where id = $1 returning id),
       u as (delete from live_update where document_id = $1),
       s as (delete from live_snapshot where document_id = $1),
       c as (delete from live_client where document_id = $1),
       e as (delete from live_edit where document_id = $1)
     delete from live_version where document_id = $1`,
    [document],
  );
}
