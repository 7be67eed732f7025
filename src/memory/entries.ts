import { BatonError, type Json } from "#base/index.ts";
import { isMemoryName } from "#flow/index.ts";
import { earlierKey, type Entries, isStored, plain, readKey } from "./layout.ts";
import type { Change, Entry, Origin, StoredEntry } from "./spec.ts";
import {
  notesByName,
  type Notes,
  notesOf,
  openText,
  settleTyping,
  textOf,
  updateText,
  withTyping,
} from "./typing.ts";

/** What entries may have, and how much of the past is kept. Sizes in characters of JSON. */
export const memoryLimits = {
  value: 32_000,
  tags: 20,
  tag: 60,
  entries: 5_000,
  /** Versions of an entry that are kept beside the present one. */
  versions: 20,
  /** How long what expired or was forgotten can still be looked up, in milliseconds. */
  keepMs: 30 * 86_400_000,
} as const;

/** Whether a version holds something at an instant. */
export function isLive(entry: StoredEntry, now: number): boolean {
  return !entry.gone && (entry.expiresAt === null || entry.expiresAt > now);
}

/** The present version, also where it was forgotten or expired: with what was typed in its text until now. */
export function presentEntry(entries: Entries, name: string): Entry | undefined {
  return presentWith(entries, name, notesOf(entries, name));
}

function presentWith(entries: Entries, name: string, notes: Notes): Entry | undefined {
  const stored = entries.stored.get(name);
  return isStored(stored) ? { name, ...withTyping(stored, textOf(entries, name), notes) } : undefined;
}

/** The entry, where it holds something. */
export function liveEntry(entries: Entries, name: string, now: number): Entry | undefined {
  const entry = presentEntry(entries, name);
  return entry !== undefined && isLive(entry, now) ? entry : undefined;
}

/** All that hold something, by name. */
export function liveEntries(entries: Entries, now: number): Entry[] {
  const found: Entry[] = [];
  const notes = notesByName(entries);
  for (const key of entries.stored.keys()) {
    if (readKey(key)?.version !== null) continue;
    const entry = presentWith(entries, key, notes.get(key) ?? new Map());
    if (entry !== undefined && isLive(entry, now)) found.push(entry);
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** All kept versions of an entry, newest first. What is being typed is the first of them. */
export function historyOf(entries: Entries, name: string): Entry[] {
  const present = presentEntry(entries, name);
  if (present === undefined) return [];
  const found = [present];
  const stored = entries.stored.get(name);
  if (isStored(stored) && stored.version !== present.version) found.push({ name, ...stored });
  let before = beforeOf(found.at(-1) ?? present);
  while (before !== null && found.length <= memoryLimits.versions) {
    const earlier = entries.stored.get(earlierKey(name, before));
    if (!isStored(earlier)) break;
    found.push({ name, ...earlier });
    before = beforeOf(earlier);
  }
  return found;
}

function beforeOf({ version, before }: StoredEntry): number | null {
  return before === undefined ? version - 1 : before;
}

/** Writes a version. "conflict" where `ifVersion` says another than the present one, "bad-input" for what no entry may be. */
export function writeEntry(entries: Entries, name: string, change: Change, origin: Origin): Entry {
  requireName(name);
  const present = presentEntry(entries, name);
  const before = present !== undefined && isLive(present, origin.at) ? present : undefined;
  requireVersion(name, before, change.ifVersion);
  if (present === undefined) requireRoom(entries);
  return put(entries, name, present, {
    version: (present?.version ?? 0) + 1,
    type: change.type ?? before?.type ?? "fact",
    value: checkedValue(name, change.value),
    tags: checkedTags(name, change.tags ?? before?.tags ?? []),
    expiresAt: change.expiresAt === undefined ? (before?.expiresAt ?? null) : change.expiresAt,
    gone: false,
    undoes: null,
    ...origin,
  });
}

/** Adds to a list, or a line to a text; begins a list where nothing is. */
export function appendEntry(
  entries: Entries,
  name: string,
  change: Omit<Change, "ifVersion">,
  origin: Origin,
): Entry {
  requireName(name);
  const before = liveEntry(entries, name, origin.at);
  return writeEntry(entries, name, { ...change, value: added(name, before?.value, change.value) }, origin);
}

function added(name: string, before: Json | undefined, item: Json): Json {
  if (before === undefined) return [item];
  if (Array.isArray(before)) return [...before, item];
  if (typeof before === "string")
    return `${before}\n${typeof item === "string" ? item : JSON.stringify(item)}`;
  throw new BatonError(
    "bad-input",
    `"${name}" is neither a list nor a text: nothing can be appended to it.`,
    {
      hint: "Read it and set it anew.",
    },
  );
}

/** Makes an entry hold nothing. False where it holds nothing already. */
export function forgetEntry(entries: Entries, name: string, origin: Origin, ifVersion?: number): boolean {
  const present = presentEntry(entries, name);
  const before = present !== undefined && isLive(present, origin.at) ? present : undefined;
  requireVersion(name, before, ifVersion);
  if (present === undefined || before === undefined) return false;
  put(entries, name, present, { ...tombstone(present), ...origin });
  return true;
}

/**
 * Takes back what one writer wrote: entries whose present version is theirs get the newest one that is not, or hold nothing
 * where there is none. What others wrote over it since stays. `run`: only what was written in it.
 */
export function undoWriter(
  entries: Entries,
  writer: string,
  origin: Origin,
  run: string | null = null,
): string[] {
  const theirs = (entry: StoredEntry): boolean =>
    [entry.by, ...(entry.with ?? [])].every(({ id }) => id === writer) && (run === null || entry.run === run);
  const undone: string[] = [];
  for (const key of [...entries.stored.keys()]) {
    if (readKey(key)?.version !== null) continue;
    const [present, ...earlier] = historyOf(entries, key);
    if (present === undefined || !theirs(present)) continue;
    const wanted = earlier.find((one) => !theirs(one));
    if (wanted === undefined ? present.gone : false) continue;
    const { name: _name, ...stored } = present;
    const back = wanted ?? tombstone(stored);
    put(entries, key, stored, {
      version: 0,
      type: back.type,
      value: back.value,
      tags: back.tags,
      expiresAt: back.expiresAt,
      gone: back.gone,
      ...origin,
      undoes: writer,
    });
    undone.push(key);
  }
  return undone.toSorted();
}

/** Removes what expired or was forgotten so long ago that nobody looks it up any more, history included. */
export function purgeEntries(entries: Entries, now: number): number {
  let purged = 0;
  for (const [key, stored] of [...entries.stored]) {
    if (readKey(key)?.version !== null || !isStored(stored)) continue;
    const end = stored.gone ? stored.at : stored.expiresAt;
    if (end === null || end > now - memoryLimits.keepMs) continue;
    for (const one of historyOf(entries, key).slice(1)) entries.stored.delete(earlierKey(key, one.version));
    entries.stored.delete(key);
    updateText(entries, key, undefined);
    purged += 1;
  }
  return purged;
}

/** The version that a call wrote, where it is still kept. */
export function writtenBy(entries: Entries, name: string, call: string): Entry | undefined {
  return historyOf(entries, name).find((one) => one.call === call);
}

/** Stores what was typed in an entry as a version of its own; false where nothing was. */
export function settleEntry(entries: Entries, name: string): boolean {
  if (!settleTyping(entries, name)) return false;
  dropOldest(entries, name);
  return true;
}

/** Opens an entry's text for people to type in together. False where it is open. "bad-input" for what is no text. */
export function openEntry(entries: Entries, name: string, now: number): boolean {
  const entry = liveEntry(entries, name, now);
  if (entry === undefined) throw new BatonError("not-found", `Nothing is remembered as "${name}".`);
  if (typeof entry.value !== "string") {
    throw new BatonError("bad-input", `"${name}" holds JSON and no text.`, {
      hint: "Write a new version of it instead.",
    });
  }
  return openText(entries, name, entry.value);
}

/** Stores a version over the present one, which is kept with those before it. */
function put(entries: Entries, name: string, before: StoredEntry | undefined, next: StoredEntry): Entry {
  const { counted: _counted, with: _with, ...own } = next;
  const stored: StoredEntry = {
    ...own,
    version: (before?.version ?? 0) + 1,
    before: before?.version ?? null,
  };
  if (before !== undefined) {
    settleTyping(entries, name);
    const present = entries.stored.get(name);
    if (isStored(present)) {
      entries.stored.set(earlierKey(name, before.version), plain(present));
      if (present.counted !== undefined) Object.assign(stored, { counted: present.counted });
    }
  }
  entries.stored.set(name, plain(stored));
  dropOldest(entries, name);
  updateText(entries, name, stored);
  return { name, ...stored };
}

function dropOldest(entries: Entries, name: string): void {
  const stored = entries.stored.get(name);
  let before = isStored(stored) ? beforeOf(stored) : null;
  for (let kept = 0; before !== null; kept += 1) {
    const key = earlierKey(name, before);
    const earlier = entries.stored.get(key);
    if (!isStored(earlier)) return;
    if (kept >= memoryLimits.versions) entries.stored.delete(key);
    before = beforeOf(earlier);
  }
}

function tombstone(entry: StoredEntry): StoredEntry {
  return { ...entry, value: null, expiresAt: null, gone: true, undoes: null };
}

function requireName(name: string): void {
  if (isMemoryName(name)) return;
  throw new BatonError("bad-input", `"${name}" is not a name of memory.`, {
    hint: 'Letters, digits, ".", "_", "-" and "/", 160 at most.',
  });
}

function requireVersion(name: string, present: Entry | undefined, wanted: number | undefined): void {
  const version = present?.version ?? 0;
  if (wanted === undefined || wanted === version) return;
  const found =
    present === undefined ? "holds nothing" : `is at version ${version}, written by ${present.by.name}`;
  throw new BatonError("conflict", `"${name}" ${found}; you meant version ${wanted}. Nothing was written.`, {
    hint: "Read it again, and write what is right now.",
    details: { version },
  });
}

function requireRoom(entries: Entries): void {
  let count = 0;
  for (const key of entries.stored.keys()) if (!key.includes("@")) count += 1;
  if (count < memoryLimits.entries) return;
  throw new BatonError("too-large", `This memory has ${memoryLimits.entries} entries, and takes no more.`, {
    hint: "Forget some, or let entries expire.",
  });
}

function checkedValue(name: string, value: Json): Json {
  const problem = valueProblem(value);
  if (problem === null) return value;
  throw new BatonError("bad-input", `"${name}" can't hold this: ${problem}`, {
    hint: "Keep large things in files, and what to know of them in memory.",
  });
}

export function valueProblem(value: unknown): string | null {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return "it is no JSON.";
  if (text.length > memoryLimits.value)
    return `it has ${text.length} characters of JSON, and ${memoryLimits.value} are possible.`;
  return /"\$(?:secret|template)"\s*:/.test(text) ? "memory holds no secrets." : null;
}

function checkedTags(name: string, given: readonly string[]): readonly string[] {
  const tags = [...new Set(given.map((tag) => tag.trim()).filter((tag) => tag !== ""))];
  if (tags.length <= memoryLimits.tags && tags.every((tag) => tag.length <= memoryLimits.tag)) return tags;
  throw new BatonError(
    "bad-input",
    `"${name}" may have ${memoryLimits.tags} tags of ${memoryLimits.tag} characters at most.`,
  );
}

/** Why something is no version of an entry; null where it is one. For the guard of documents. */
export function storedProblem(value: unknown): string | null {
  return isStored(value) ? valueProblem(value.value) : "it is not an entry of memory.";
}
