import { Text } from "yjs";
import { replaceText } from "#collab/index.ts";
import { type Entries, earlierKey, isStored, isTyped, plain, typedKey } from "./layout.ts";
import type { StoredEntry, Typed, Writer } from "./spec.ts";

// What people type in an entry's text is its value at once. Who typed is noted beside the text, for each replica on its
// own, so that servers that note at the same time never overwrite each other; the notes become a stored version later.

/** What is noted of typing in one entry, by the rest of its key. */
export type Notes = ReadonlyMap<string, Typed>;

/** How long somebody may be quiet and go on in the same breath, and how long a breath is at most. Milliseconds. */
const quietMs = 60_000;
const longestMs = 5 * 60_000;
/** Replicas whose count a version keeps. */
const mostCounted = 40;

/** The text of an entry that people type in; undefined while nobody opened it. */
export function textOf({ texts }: Entries, name: string): Text | undefined {
  const text = texts.get(name);
  return text instanceof Text ? text : undefined;
}

/** The notes of all entries, by name. */
export function notesByName({ typing }: Entries): Map<string, Map<string, Typed>> {
  const found = new Map<string, Map<string, Typed>>();
  for (const [key, typed] of typing) {
    const at = key.indexOf("@");
    if (at < 0 || !isTyped(typed)) continue;
    const name = key.slice(0, at);
    found.set(name, (found.get(name) ?? new Map<string, Typed>()).set(key.slice(at + 1), typed));
  }
  return found;
}

export function notesOf(entries: Entries, name: string): Notes {
  return notesByName(entries).get(name) ?? new Map<string, Typed>();
}

/** A stored version with what was typed over it: versions count up by each update, and the last to type is its writer. */
export function withTyping(stored: StoredEntry, text: Text | undefined, notes: Notes): StoredEntry {
  if (text === undefined || stored.gone) return stored;
  const value = text.toJSON();
  const { counted = {} } = stored;
  const fresh = [...notes].filter(([replica, { count }]) => count > (counted[replica] ?? 0));
  const [last] = fresh
    .map(([, typed]) => typed)
    .toSorted((a, b) => b.at - a.at || (a.by.id < b.by.id ? -1 : 1));
  if (last === undefined) return value === stored.value ? stored : { ...stored, value };
  const others = new Map<string, Writer>();
  for (const [, { by }] of fresh) if (by.id !== last.by.id) others.set(by.id, by);
  return {
    ...{
      type: stored.type,
      tags: stored.tags,
      expiresAt: stored.expiresAt,
      gone: false,
      undoes: null,
      value,
    },
    version: fresh.reduce(
      (sum, [replica, { count }]) => sum + count - (counted[replica] ?? 0),
      stored.version,
    ),
    ...{ by: last.by, at: last.at, run: null, path: null, call: null },
    ...(others.size === 0 ? {} : { with: [...others.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)) }),
    before: stored.version,
    counted: recounted(counted, notes),
  };
}

/** How often replicas had typed, the latest ones: a server that has not heard of a version yet still counts on from there. */
function recounted(before: Readonly<Record<string, number>>, notes: Notes): Record<string, number> {
  const counts = new Map(Object.entries(before));
  for (const [replica, { count }] of notes) {
    counts.delete(replica);
    counts.set(replica, count);
  }
  return Object.fromEntries([...counts].slice(-mostCounted));
}

/** Stores what was typed in an entry as a version; false where nothing was. */
export function settleTyping(entries: Entries, name: string): boolean {
  const stored = entries.stored.get(name);
  if (!isStored(stored)) return false;
  const notes = notesOf(entries, name);
  const typed = withTyping(stored, textOf(entries, name), notes);
  if (typed.version === stored.version) return false;
  entries.stored.set(earlierKey(name, stored.version), plain(stored));
  entries.stored.set(name, plain(typed));
  forgetNotes(entries, name, notes);
  return true;
}

function forgetNotes({ typing }: Entries, name: string, notes: Notes): void {
  for (const replica of notes.keys()) typing.delete(`${name}@${replica}`);
}

/** Makes an entry's text, for people to type in. False where it is there. */
export function openText(entries: Entries, name: string, value: string): boolean {
  if (textOf(entries, name) !== undefined) return false;
  entries.texts.set(name, new Text(value));
  return true;
}

/** Has the text that people type in say what was stored; where that is none, there is nothing to type in any more. */
export function updateText(entries: Entries, name: string, stored: StoredEntry | undefined): void {
  const text = textOf(entries, name);
  if (text === undefined) return;
  if (stored !== undefined && !stored.gone && typeof stored.value === "string") {
    replaceText(text, stored.value);
    return;
  }
  entries.texts.delete(name);
  forgetNotes(entries, name, notesOf(entries, name));
}

/** Notes that somebody typed in an entry. True where they begin to: what comes within the same breath goes on. */
export function noteTyping(
  entries: Entries,
  name: string,
  by: Writer,
  replica: number,
  now: number,
): boolean {
  const stored = entries.stored.get(name);
  const notes = notesOf(entries, name);
  const { counted = {} } = isStored(stored) ? stored : {};
  const key = `${by.id}/${replica}`;
  const known = [...notes]
    .filter(([of, { count }]) => of.startsWith(`${by.id}/`) && count > (counted[of] ?? 0))
    .map(([, typed]) => typed);
  const going = known.find(({ at, since }) => now - at <= quietMs && now - since <= longestMs);
  const typed: Typed = {
    by,
    count: Math.max(notes.get(key)?.count ?? 0, counted[key] ?? 0) + 1,
    at: now,
    since: going?.since ?? now,
  };
  entries.typing.set(typedKey(name, by.id, replica), typed);
  return going === undefined;
}
