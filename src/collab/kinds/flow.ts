import { flowPolicy } from "#governance/index.ts";
import { flowTextRoot } from "../roots.ts";
import type { DocumentKind } from "../spec.ts";

/** The draft of a flow: its YAML as one text. The subject is the flow's id. */
export function flowKind(seed?: DocumentKind["seed"]): DocumentKind {
  return {
    name: "flow",
    mayRead: (scope) => scope.permissions.has(flowPolicy.see),
    mayWrite: (scope) => scope.permissions.has(flowPolicy.edit),
    roots: { [flowTextRoot]: { type: "text" } },
    ...(seed === undefined ? {} : { seed }),
  };
}
