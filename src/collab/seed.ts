import type { Runner } from "./log/append.ts";
import { type DocumentRow, findDocument, insertDocument } from "./log/documents.ts";
import type { DocumentKind } from "./spec.ts";

/** Finds a document, or makes it where its kind knows what from. Null: there is none. */
export async function findOrSeed(
  on: Runner,
  kind: DocumentKind,
  subject: string,
): Promise<DocumentRow | null> {
  const address = { kind: kind.name, subject };
  const found = await findDocument(on, address);
  if (found !== null || kind.seed === undefined) return found;
  const seed = await kind.seed(subject);
  if (seed === null) return null;
  const author = { id: "system", name: "Baton" };
  const made = await insertDocument(on, seed.workspaceId, address, author, seed.fill);
  return made ?? (await findDocument(on, address));
}
