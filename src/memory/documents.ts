import { BatonError } from "#base/index.ts";
import type { Scope } from "#governance/index.ts";
import type { Transaction } from "#platform/index.ts";
import { purgeEntries } from "./entries.ts";
import { writingScope } from "./guard.ts";
import { type Entries, entriesIn } from "./layout.ts";
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
  return entriesIn(doc);
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
    /** Written in the transaction of the edit. */
    readonly record?: (tx: Transaction, result: Result) => Promise<void>;
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
        const entries = entriesIn(doc);
        const result = edit.change(entries);
        purgeEntries(entries, edit.now);
        return result;
      },
      ...(edit.record === undefined ? {} : { record: edit.record }),
    },
  );
  return edited.made ? edited.result : edit.again(await loadEntries(documents, scope, subject));
}
