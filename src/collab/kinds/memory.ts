import { memoryPolicy } from "#governance/index.ts";
import { memoryRoot, memoryTextsRoot, memoryTypingRoot } from "../roots.ts";
import type { DocumentKind, RootRule } from "../spec.ts";

/** What a key and an entry may be, and who may write it, is the caller's to say. Roots without rules are not there. */
export type MemoryKindOptions = {
  readonly entries?: Omit<RootRule, "type">;
  readonly texts?: Omit<RootRule, "type">;
  readonly typing?: Omit<RootRule, "type">;
} & Pick<DocumentKind, "seed" | "accompany">;

/** Shared memory of a workspace, a flow or a run: entries by key, and the texts of those that people type in. */
export function memoryKind(options: MemoryKindOptions = {}): DocumentKind {
  const { entries = {}, texts, typing, seed, accompany } = options;
  return {
    name: "memory",
    mayRead: (scope) => scope.permissions.has(memoryPolicy.see),
    mayWrite: (scope) => scope.permissions.has(memoryPolicy.edit),
    roots: {
      [memoryRoot]: { ...entries, type: "map" },
      ...(texts === undefined ? {} : { [memoryTextsRoot]: { ...texts, type: "texts" } }),
      ...(typing === undefined ? {} : { [memoryTypingRoot]: { ...typing, type: "map" } }),
    },
    ...(seed === undefined ? {} : { seed }),
    ...(accompany === undefined ? {} : { accompany }),
  };
}
