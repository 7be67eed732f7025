import { type DocumentKind, memoryKind, memoryTextsRoot, type Written } from "#collab/index.ts";
import { type Scope, writeAudit } from "#governance/index.ts";
import { notify, type Transaction } from "#platform/index.ts";
import { presentEntry, storedProblem, valueProblem } from "./entries.ts";
import { entriesIn, isTyped, readKey } from "./layout.ts";
import { noteTyping } from "./typing.ts";

const trusted = new WeakSet<Scope>();

/** The same scope, as one under which memory itself writes: what it says of who wrote is what it was told by Baton. */
export function writingScope(scope: Scope): Scope {
  const own = { ...scope };
  trusted.add(own);
  return own;
}

export type MemoryRules = {
  readonly seed?: DocumentKind["seed"];
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** Told whenever somebody typed in an entry's text. */
  readonly typed?: (scope: Scope, subject: string, name: string) => void;
};

/**
 * The rules of memory documents. Entries say who wrote them, so only memory itself writes them: a client that sends
 * updates of its own, however well it may edit, could write under another's name. People type in the texts of entries
 * that are there, and with what they type the server itself notes who it was, and writes it into the audit.
 */
export function memoryDocumentKind({ seed, now = Date.now, typed }: MemoryRules = {}): DocumentKind {
  const onlyMemory = (_key: string, scope: Scope): string | null =>
    trusted.has(scope) ? null : "Entries of memory are written by its verbs, which say who wrote them.";
  return memoryKind({
    entries: {
      key: (key, scope) =>
        readKey(key) === undefined ? `"${key}" is not a key of memory.` : onlyMemory(key, scope),
      value: (key, value) => named(key, value === undefined ? null : storedProblem(value)),
    },
    texts: {
      key: (key) => (readKey(key)?.version === null ? null : `"${key}" is not a name of memory.`),
      whole: onlyMemory,
      value: (key, value) => named(key, value === undefined ? null : valueProblem(value)),
    },
    typing: {
      key: onlyMemory,
      value: (key, value) =>
        named(key, value === undefined || isTyped(value) ? null : "it does not say who typed."),
    },
    accompany: (written) => {
      const names = written.places.flatMap(({ root, key }) =>
        root === memoryTextsRoot && key !== null ? [key] : [],
      );
      const began = names.filter((name) => note(written, name, now()));
      for (const name of names) typed?.(written.scope, written.subject, name);
      return began.length === 0 ? null : audit(written, began);
    },
    ...(seed === undefined ? {} : { seed }),
  });
}

function named(key: string, problem: string | null): string | null {
  return problem === null ? null : `"${key}": ${problem}`;
}

function note({ doc, scope, client }: Written, name: string, now: number): boolean {
  const { id, name: title } = scope.actor;
  return noteTyping(entriesIn(doc), name, { kind: "person", id, name: title }, client, now);
}

/** The entries of the audit for somebody who begins to type: what stands there then, as which version. */
function audit(
  { doc, scope, subject }: Written,
  names: readonly string[],
): (tx: Transaction) => Promise<void> {
  const entries = entriesIn(doc);
  const bodies = names.map((name) => {
    const { version = 0, value = null } = presentEntry(entries, name) ?? {};
    return { name, version, value };
  });
  return async (tx) => {
    for (const body of bodies) {
      await writeAudit(tx, scope, {
        action: "memory.typed",
        subject: { kind: "memory", id: subject },
        ...(subject.startsWith("run_") ? { runId: subject } : {}),
        body,
      });
    }
    await notify(tx, "workspace", `${scope.workspaceId} memory ${subject}`);
  };
}
