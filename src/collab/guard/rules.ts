import * as Y from "yjs";
import type { Scope } from "#governance/index.ts";
import type { DocumentKind, Place, RootRule } from "../spec.ts";
import type { Analysis } from "./analyse.ts";

/** What an update would touch, or why it is not accepted. */
export type Touched = { readonly places: readonly Place[] } | { readonly refused: string };

/** Checks an update against a kind's rules before it is applied: roots, shapes, and who may touch which key. */
export function checkRules(kind: DocumentKind, scope: Scope, analysis: Analysis): Touched {
  const places = new Map<string, Place>();
  const known = new Map<Y.Item, Place | null>();
  for (const item of analysis.structs) {
    const place = placeOf(item, analysis, known, 0);
    // Hangs on something that is gone: it becomes a gap itself.
    if (place === null) continue;
    const rule = Object.hasOwn(kind.roots, place.root) ? kind.roots[place.root] : undefined;
    if (rule === undefined) return { refused: `There is no root "${place.root}".` };
    const wrong = wrongShape(rule, place, item);
    if (wrong !== null) return { refused: wrong };
    places.set(nameOf(place), place);
  }
  for (const item of analysis.deleted) {
    const place = placeInDocument(item);
    if (place !== null) places.set(nameOf(place), place);
  }
  for (const place of places.values()) {
    const refused = refusalOf(kind.roots[place.root], place, scope);
    if (refused !== null) return { refused };
  }
  return { places: [...places.values()] };
}

function nameOf({ root, key, whole }: Place): string {
  return `${root}\n${key ?? ""}\n${whole}`;
}

/** Why an author may not touch a place; null when they may. */
export function refusalOf(rule: RootRule | undefined, { key, whole }: Place, scope: Scope): string | null {
  if (rule === undefined || key === null) return null;
  return rule.key?.(key, scope) ?? (whole ? (rule.whole?.(key, scope) ?? null) : null);
}

function wrongShape(rule: RootRule, { root, key, whole }: Place, item: Y.Item): string | null {
  const { content } = item;
  if (rule.type === "texts") {
    if (key === null) return `"${root}" is a map: what is in it has a key.`;
    if (content instanceof Y.ContentDeleted) return null;
    if (whole)
      return content instanceof Y.ContentType && content.type instanceof Y.Text
        ? null
        : `"${root}" is a map of texts.`;
    return content instanceof Y.ContentString && item.parentSub === null
      ? null
      : `What is in "${root}" are plain texts, which take nothing else.`;
  }
  if (rule.type === "text") {
    if (key !== null) return `"${root}" is a text and has no key "${key}".`;
    return content instanceof Y.ContentString || content instanceof Y.ContentDeleted
      ? null
      : `"${root}" is a plain text and takes nothing else.`;
  }
  if (rule.type === "map" && key === null) return `"${root}" is a map: what is in it has a key.`;
  if (rule.type === "array" && key !== null) return `"${root}" is a list and has no key "${key}".`;
  return content instanceof Y.ContentDoc ? `"${root}" takes no documents.` : null;
}

/** Deep enough for anything that people write, shallow enough for the stack. */
const deepest = 1000;

/** Where a struct of the update will be: it inherits its neighbour's place as Yjs lets it. */
function placeOf(
  item: Y.Item,
  analysis: Analysis,
  known: Map<Y.Item, Place | null>,
  depth: number,
): Place | null {
  // A text typed at once is a chain of neighbours: walked, not recursed into, and each only once.
  const walked: Y.Item[] = [];
  let current = item;
  let place: Place | null | undefined;
  while (place === undefined) {
    place = known.get(current);
    if (place !== undefined) break;
    walked.push(current);
    const parent = current.parent as string | Y.ID | Y.AbstractType<unknown> | null;
    if (typeof parent === "string") place = { root: parent, key: current.parentSub, whole: true };
    else if (parent instanceof Y.AbstractType) place = placeInDocument(current);
    else if (parent !== null) {
      const holder = analysis.find(parent);
      place =
        holder instanceof Y.Item && depth < deepest ? placeOf(holder, analysis, known, depth + 1) : null;
      if (place !== null) place = { ...place, whole: false };
    } else {
      const origin = current.origin ?? current.rightOrigin;
      const neighbour = origin === null ? null : analysis.find(origin);
      if (neighbour instanceof Y.Item) current = neighbour;
      else place = null;
    }
  }
  for (const each of walked) known.set(each, place);
  return place;
}

/** Where an item of the document is. */
function placeInDocument(item: Y.Item): Place | null {
  let key = item.parentSub;
  let type = item.parent;
  let whole = true;
  while (type instanceof Y.AbstractType && type._item !== null) {
    key = type._item.parentSub;
    type = type._item.parent;
    whole = false;
  }
  return type instanceof Y.AbstractType ? { root: Y.findRootTypeKey(type), key, whole } : null;
}

/** Whether any root of the kind has a say in values. */
export function checksValues(kind: DocumentKind): boolean {
  return Object.values(kind.roots).some((rule) => rule.value !== undefined);
}

/** Checks values as they are after an update, on a copy that got it; null when all are accepted. */
export function checkValues(kind: DocumentKind, copy: Y.Doc, places: readonly Place[]): string | null {
  for (const { root, key } of places) {
    const rule = kind.roots[root];
    if (key === null || rule?.value === undefined) continue;
    const value: unknown = copy.getMap(root).get(key);
    const refused = rule.value(key, value instanceof Y.AbstractType ? (value.toJSON() as unknown) : value);
    if (refused !== null) return refused;
  }
  return null;
}
