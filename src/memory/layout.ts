import type { Doc, Map as YMap } from "yjs";
import { isObject } from "#base/index.ts";
import { memoryRoot, memoryTextsRoot, memoryTypingRoot } from "#collab/index.ts";
import { isMemoryName } from "#flow/index.ts";
import type { EntryType, StoredEntry, Typed } from "./spec.ts";

/** What a memory document is made of. */
export type Entries = {
  /** Present versions by name, earlier ones by name, `@` and version. */
  readonly stored: YMap<unknown>;
  /** The texts that people type in, by name: there once somebody opened an entry's text. */
  readonly texts: YMap<unknown>;
  /** Who typed in them since the present version was stored, by name, `@`, person, `/` and replica. */
  readonly typing: YMap<unknown>;
};

export function entriesIn(doc: Doc): Entries {
  return {
    stored: doc.getMap(memoryRoot),
    texts: doc.getMap(memoryTextsRoot),
    typing: doc.getMap(memoryTypingRoot),
  };
}

export const entryTypes: readonly string[] = ["fact", "note", "decision", "artefact"] satisfies EntryType[];

export function earlierKey(name: string, version: number): string {
  return `${name}@${version}`;
}

/** Under which a replica's typing in an entry is noted. */
export function typedKey(name: string, person: string, replica: number): string {
  return `${name}@${person}/${replica}`;
}

/** Name and version that a key of the map stands for; the present version's is null. Undefined: no key of memory. */
export function readKey(key: string): { name: string; version: number | null } | undefined {
  const at = key.indexOf("@");
  if (at < 0) return isMemoryName(key) ? { name: key, version: null } : undefined;
  const name = key.slice(0, at);
  const version = key.slice(at + 1);
  if (!isMemoryName(name) || !/^[1-9]\d{0,8}$/.test(version)) return undefined;
  return { name, version: Number(version) };
}

export function isStored(value: unknown): value is StoredEntry {
  if (!isObject(value)) return false;
  const { version, type, tags, expiresAt, gone, undoes, by, at, run, path, call } = value;
  const { with: others = [], before = null, counted = {} } = value;
  return (
    Number.isSafeInteger(version) &&
    typeof type === "string" &&
    entryTypes.includes(type) &&
    "value" in value &&
    Array.isArray(tags) &&
    tags.every((tag) => typeof tag === "string") &&
    (expiresAt === null || typeof expiresAt === "number") &&
    typeof gone === "boolean" &&
    isWriter(by) &&
    typeof at === "number" &&
    [undoes, run, path, call].every((one) => one === null || typeof one === "string") &&
    Array.isArray(others) &&
    others.every(isWriter) &&
    (before === null || Number.isSafeInteger(before)) &&
    isObject(counted) &&
    Object.values(counted).every((count) => typeof count === "number")
  );
}

export function isTyped(value: unknown): value is Typed {
  if (!isObject(value)) return false;
  const { by, count, at, since } = value;
  return isWriter(by) && Number.isSafeInteger(count) && typeof at === "number" && typeof since === "number";
}

function isWriter(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value["kind"] === "string" &&
    typeof value["id"] === "string" &&
    typeof value["name"] === "string"
  );
}

/** The fields of a version alone, in one order. */
export function plain(entry: StoredEntry): StoredEntry {
  const { version, type, value, tags, expiresAt, gone, undoes, by, at, run, path, call } = entry;
  const { with: others = [], before, counted = {} } = entry;
  return {
    ...{ version, type, value, tags: [...tags], expiresAt, gone, undoes },
    ...{ by: { ...by }, at, run, path, call },
    ...(others.length === 0 ? {} : { with: others.map((one) => ({ ...one })) }),
    ...(before === undefined ? {} : { before }),
    ...(Object.keys(counted).length === 0 ? {} : { counted: { ...counted } }),
  };
}
