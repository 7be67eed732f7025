import { Doc, applyUpdate, encodeStateAsUpdate } from "yjs";
import type { MemoryDocuments, MemoryPorts, Reading } from "./spec.ts";

/** Memory documents of this process alone, for engines and tests without a database. They begin empty. */
export function localDocuments(): MemoryDocuments {
  const docs = new Map<string, Doc>();
  const made = new Set<string>();
  const at = (subject: string): Doc => {
    let doc = docs.get(subject);
    if (doc === undefined) docs.set(subject, (doc = new Doc()));
    return doc;
  };
  return {
    load(_scope, { subject }) {
      return Promise.resolve({ doc: copyOf(at(subject)), seq: "0" });
    },
    edit(_scope, { subject }, change) {
      const key = `${subject}\n${change.key}`;
      if (made.has(key)) return Promise.resolve({ made: false as const, seq: "0" });
      // On a copy: what it throws leaves nothing behind.
      const doc = copyOf(at(subject));
      try {
        const result = doc.transact(() => change.edit(doc));
        docs.set(subject, doc);
        made.add(key);
        return Promise.resolve({ made: true as const, seq: "0", result });
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
    },
  };
}

function copyOf(doc: Doc): Doc {
  const copy = new Doc();
  applyUpdate(copy, encodeStateAsUpdate(doc));
  return copy;
}

/** What memory needs, without a database. Readings are kept in the list. */
export function localPorts(
  now: () => number,
  options: {
    readonly documents?: MemoryDocuments;
    readonly readings?: Reading[];
    readonly flow?: string;
  } = {},
): MemoryPorts {
  return {
    documents: options.documents ?? localDocuments(),
    places: (workspace, run) => Promise.resolve({ run, flow: options.flow ?? "flow", workspace }),
    noteReadings(_workspace, readings) {
      options.readings?.push(...readings);
      return Promise.resolve();
    },
    now,
  };
}
