import { BatonError } from "#base/index.ts";
import { memoryRoot } from "#collab/index.ts";
import type { Scope } from "#governance/index.ts";
import { purgeEntries, type Entries } from "./entries.ts";
import { writingScope } from "./guard.ts";
import type { MemoryDocuments, Writer } from "./spec.ts";

/** The kind in addresses of memory documents. */
export const memoryKindName = "memory";
/** Longest key of an edit, as live documents take it. */
const longestKey = 200;

/** The entries of a memory document as committed. */
export async function loadEntries(
  documents: MemoryDocuments,
  scope: Scope,
  subject: string,
): Promise<Entries> {
  const { doc } = await documents.load(scope, { kind: memoryKindName, subject });
  return doc.getMap(memoryRoot);
}

/**
 * Changes a memory document, on top of everything that is committed. Done again under its key it changes nothing; `again`
 * answers then from what is there.
 */
export async function editEntries<Result>(
  documents: MemoryDocuments,
  scope: Scope,
  subject: string,
  edit: {
    readonly by: Writer;
    readonly key: string;
    readonly now: number;
    readonly change: (entries: Entries) => Result;
    readonly again: (entries: Entries) => Result;
  },
): Promise<Result> {
  if (edit.key.length > longestKey) throw new BatonError("internal", "The key of a memory edit is too long.");
  const edited = await documents.edit(
    writingScope(scope),
    { kind: memoryKindName, subject },
    {
      author: { id: edit.by.id, name: edit.by.name },
      key: edit.key,
      edit(doc) {
        const entries: Entries = doc.getMap(memoryRoot);
        const result = edit.change(entries);
        purgeEntries(entries, edit.now);
        return result;
      },
    },
  );
  return edited.made ? edited.result : edit.again(await loadEntries(documents, scope, subject));
}
