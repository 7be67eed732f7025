import * as Y from "yjs";
import type { DocumentKind } from "../spec.ts";

/** Changes a document into what an earlier one was, root by root, with as little as possible. */
export function restoreInto(doc: Y.Doc, earlier: Y.Doc, kind: DocumentKind): void {
  for (const [name, rule] of Object.entries(kind.roots)) {
    switch (rule.type) {
      case "text":
        replaceText(doc.getText(name), earlier.getText(name).toJSON());
        break;
      case "map":
      case "texts":
        restoreMap(doc.getMap(name), earlier.getMap(name));
        break;
      case "array":
        restoreArray(doc.getArray(name), earlier.getArray(name));
        break;
    }
  }
}

/** Makes the text this, touching only what lies between what both begin and end with. */
export function replaceText(text: Y.Text, wanted: string): void {
  const now = text.toJSON();
  if (now === wanted) return;
  const most = Math.min(now.length, wanted.length);
  let start = 0;
  while (start < most && now[start] === wanted[start]) start += 1;
  let end = 0;
  while (end < most - start && now[now.length - 1 - end] === wanted[wanted.length - 1 - end]) end += 1;
  // Halves of a character stay together.
  if (start > 0 && isHighSurrogate(now.charCodeAt(start - 1))) start -= 1;
  if (end > 0 && isLowSurrogate(now.charCodeAt(now.length - end))) end -= 1;
  text.delete(start, now.length - start - end);
  text.insert(start, wanted.slice(start, wanted.length - end));
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

function restoreMap(map: Y.Map<unknown>, earlier: Y.Map<unknown>): void {
  for (const key of [...map.keys()]) if (!earlier.has(key)) map.delete(key);
  for (const [key, value] of earlier.entries()) {
    if (!map.has(key) || !isSame(map.get(key), value)) map.set(key, copyOf(value));
  }
}

function restoreArray(array: Y.Array<unknown>, earlier: Y.Array<unknown>): void {
  const before = array.toArray();
  const wanted = earlier.toArray();
  const most = Math.min(before.length, wanted.length);
  let start = 0;
  while (start < most && isSame(before[start], wanted[start])) start += 1;
  let end = 0;
  while (end < most - start && isSame(before.at(-1 - end), wanted.at(-1 - end))) end += 1;
  array.delete(start, before.length - start - end);
  array.insert(start, wanted.slice(start, wanted.length - end).map(copyOf));
}

function copyOf(value: unknown): unknown {
  return value instanceof Y.AbstractType ? value.clone() : value;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(plain(one)) === JSON.stringify(plain(other));
}

function plain(value: unknown): unknown {
  return value instanceof Y.AbstractType ? (value.toJSON() as unknown) : value;
}
