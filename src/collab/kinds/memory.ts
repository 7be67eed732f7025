import { memoryPolicy } from "#governance/index.ts";
import { memoryRoot } from "../roots.ts";
import type { DocumentKind, RootRule } from "../spec.ts";

/** Shared memory of a workspace, a flow or a run: entries by key. What a key and an entry may be is the caller's to say. */
export function memoryKind(
  rules: Pick<RootRule, "key" | "value"> = {},
  seed?: DocumentKind["seed"],
): DocumentKind {
  return {
    name: "memory",
    mayRead: (scope) => scope.permissions.has(memoryPolicy.see),
    mayWrite: (scope) => scope.permissions.has(memoryPolicy.edit),
    roots: { [memoryRoot]: { type: "map", ...rules } },
    ...(seed === undefined ? {} : { seed }),
  };
}
