import { memoryKind, type DocumentKind } from "#collab/index.ts";
import type { Scope } from "#governance/index.ts";
import { readKey, storedProblem } from "./entries.ts";

const trusted = new WeakSet<Scope>();

/** The same scope, as one under which memory itself writes: what it says of who wrote is what it was told by Baton. */
export function writingScope(scope: Scope): Scope {
  const own = { ...scope };
  trusted.add(own);
  return own;
}

/**
 * The rules of memory documents. Entries say who wrote them, so only memory itself writes them: a client that sends
 * updates of its own, however well it may edit, could write under another's name.
 */
export function memoryDocumentKind(seed?: DocumentKind["seed"]): DocumentKind {
  return memoryKind(
    {
      key: (key, scope) => {
        if (readKey(key) === undefined) return `"${key}" is not a key of memory.`;
        return trusted.has(scope)
          ? null
          : "Entries of memory are written by its verbs, which say who wrote them.";
      },
      value: (key, value) => {
        const problem = value === undefined ? null : storedProblem(value);
        return problem === null ? null : `"${key}": ${problem}`;
      },
    },
    seed,
  );
}
