import * as Y from "yjs";
import { BatonError } from "#base/index.ts";
import type { Scope } from "#governance/index.ts";
import { checkValues, refusalOf } from "../guard/rules.ts";
import type { DocumentKind, Place } from "../spec.ts";

/** Where a transaction changed something. */
export function placesOf(transaction: Y.Transaction): Place[] {
  const places: Place[] = [];
  for (const [changed, keys] of transaction.changed) {
    let type = changed as Y.AbstractType<unknown>;
    let nested: string | null | undefined;
    while (type._item !== null) {
      nested = type._item.parentSub;
      const above: unknown = type._item.parent;
      if (!(above instanceof Y.AbstractType)) break;
      type = above as Y.AbstractType<unknown>;
    }
    const root = Y.findRootTypeKey(type);
    for (const key of nested === undefined ? keys : [nested])
      places.push({ root, key, whole: nested === undefined });
  }
  return places;
}

/** Throws "forbidden" where the kind's rules don't let the scope change these places so. */
export function assertRules(kind: DocumentKind, scope: Scope, doc: Y.Doc, places: readonly Place[]): void {
  for (const place of places) {
    const { root, key } = place;
    const rule = Object.hasOwn(kind.roots, root) ? kind.roots[root] : undefined;
    if (rule === undefined) throw refused(kind, `There is no root "${root}".`);
    if ((rule.type === "map" || rule.type === "texts") !== (key !== null))
      throw refused(kind, `"${root}" is a ${rule.type}.`);
    const reason = refusalOf(rule, place, scope);
    if (reason !== null) throw refused(kind, reason);
  }
  const reason = checkValues(kind, doc, places);
  if (reason !== null) throw refused(kind, reason);
}

function refused(kind: DocumentKind, reason: string): BatonError {
  return new BatonError("forbidden", `The ${kind.name} document does not take this change. ${reason}`);
}
