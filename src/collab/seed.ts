import type { WorkspaceId } from "#base/index.ts";
import type { Runner } from "./log/append.ts";
import { type DocumentRow, findDocument, insertDocument } from "./log/documents.ts";
import type { DocumentKind } from "./spec.ts";

/** Where a document is or would be. */
export type Place = {
  readonly workspaceId: WorkspaceId;
  /** The document; made from what its kind starts it with where it is not there yet. */
  readonly open: () => Promise<DocumentRow | null>;
};

/** Finds out whose a document is, without making it: that is for who may open it. Null: there is none. */
export async function findPlace(on: Runner, kind: DocumentKind, subject: string): Promise<Place | null> {
  const address = { kind: kind.name, subject };
  const found = await findDocument(on, address);
  if (found !== null) return { workspaceId: found.workspaceId, open: () => Promise.resolve(found) };
  const seed = (await kind.seed?.(subject)) ?? null;
  if (seed === null) return null;
  const author = { id: "system", name: "Baton" };
  return {
    workspaceId: seed.workspaceId,
    open: async () =>
      (await insertDocument(on, seed.workspaceId, address, author, seed.fill)) ??
      (await findDocument(on, address)),
  };
}
