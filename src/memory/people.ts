import { BatonError, type Json } from "#base/index.ts";
import type { LiveDocuments } from "#collab/index.ts";
import type { MemoryScope } from "#flow/index.ts";
import { authorize, memoryPolicy, newId, type Scope, writeAudit } from "#governance/index.ts";
import { notify, type Database } from "#platform/index.ts";
import { editEntries, loadEntries, memoryKindName } from "./documents.ts";
import {
  forgetEntry,
  historyOf,
  liveEntries,
  liveEntry,
  presentEntry,
  openEntry,
  undoWriter,
  writeEntry,
} from "./entries.ts";
import type { Entries } from "./layout.ts";
import { searchEntries, type Search } from "./search.ts";
import type { Change, Entry, Origin, Writer } from "./spec.ts";
import * as store from "./store.ts";

/** What people's verbs work with. */
export type PeoplesMemory = {
  readonly db: Database;
  readonly live: LiveDocuments;
  /** Epoch milliseconds. */
  readonly now: () => number;
};

/** A memory that people may look at. */
export type MemoryHead = {
  readonly scope: MemoryScope;
  readonly subject: string;
  /** Of a flow its title, of a run its flow's; empty for the workspace. */
  readonly title: string;
  /** Of a run. */
  readonly number: number | null;
};

/** That a task read an entry. `agent` is empty where an expression of the task did. */
export type ReadBy = Omit<store.ReadingRow, "name">;
export type ListedEntry = Entry & { readonly readBy: readonly ReadBy[] };

const mostMemories = 50;
const mostReadings = 500;
const shownReadings = 5;

/** The workspace's memory, and those of flows and runs that hold or held something, latest first. Needs "workspace.see". */
export async function listMemories(
  { db }: PeoplesMemory,
  scope: Scope,
): Promise<{ flows: MemoryHead[]; runs: MemoryHead[] }> {
  authorize(scope, memoryPolicy.see);
  const { flows, runs } = await store.memoriesOf(scope, db, mostMemories);
  return {
    flows: flows.map((row) => ({ ...row, scope: "flow" as const })),
    runs: runs.map((row) => ({ ...row, scope: "run" as const })),
  };
}

/** The subject that a person means: a flow's or run's id, or the workspace where none is said. */
async function headOf({ db }: PeoplesMemory, scope: Scope, subject: string | undefined): Promise<MemoryHead> {
  if (subject === undefined || subject === scope.workspaceId)
    return { scope: "workspace", subject: scope.workspaceId, title: "", number: null };
  const found = await store.titleOf(scope, db, subject);
  if (found === null) {
    throw new BatonError("not-found", "There is no such memory.", {
      hint: "It may belong to another workspace, or to a run that is gone.",
    });
  }
  const of: MemoryScope = subject.startsWith("run_") ? "run" : "flow";
  return { scope: of, subject, title: found.title, number: found.number };
}

/** Whose memory a subject is. "not-found" for one of another workspace. Needs "workspace.see". */
export async function memoryHead(
  memory: PeoplesMemory,
  scope: Scope,
  subject: string | undefined,
): Promise<MemoryHead> {
  authorize(scope, memoryPolicy.see);
  return headOf(memory, scope, subject);
}

async function entriesOf(memory: PeoplesMemory, scope: Scope, subject: string): Promise<Entries | null> {
  if (!(await store.hasDocument(scope, memory.db, subject))) return null;
  return loadEntries(memory.live, scope, subject);
}

/** What a memory holds, with who read it, filtered. Needs "workspace.see". */
export async function listEntries(
  memory: PeoplesMemory,
  scope: Scope,
  subject: string | undefined,
  search: Search,
): Promise<{ head: MemoryHead; entries: ListedEntry[]; total: number }> {
  authorize(scope, memoryPolicy.see);
  const head = await headOf(memory, scope, subject);
  const entries = await entriesOf(memory, scope, head.subject);
  if (entries === null) return { head, entries: [], total: 0 };
  const all = liveEntries(entries, memory.now());
  const readings = await store.readReadings(scope, memory.db, head.subject, {}, mostReadings);
  const found = searchEntries(all, search);
  return {
    head,
    total: all.length,
    entries: found.map((entry) => ({
      ...entry,
      readBy: readings
        .filter(({ name }) => name === entry.name)
        .slice(0, shownReadings)
        .map(withoutName),
    })),
  };
}

function withoutName({ name: _name, ...reading }: store.ReadingRow): ReadBy {
  return reading;
}

/** One entry; "not-found" where nothing is held under the name. Needs "workspace.see". */
export async function getEntry(
  memory: PeoplesMemory,
  scope: Scope,
  subject: string | undefined,
  name: string,
): Promise<ListedEntry> {
  authorize(scope, memoryPolicy.see);
  const head = await headOf(memory, scope, subject);
  const entries = await entriesOf(memory, scope, head.subject);
  const entry = entries === null ? undefined : liveEntry(entries, name, memory.now());
  if (entry === undefined) throw new BatonError("not-found", `Nothing is remembered as "${name}".`);
  const readings = await store.readReadings(scope, memory.db, head.subject, { name }, 50);
  return { ...entry, readBy: readings.map(withoutName) };
}

/** All kept versions of an entry, newest first, and who read it. Needs "workspace.see". */
export async function entryHistory(
  memory: PeoplesMemory,
  scope: Scope,
  subject: string | undefined,
  name: string,
): Promise<{ versions: Entry[]; readBy: ReadBy[] }> {
  authorize(scope, memoryPolicy.see);
  const head = await headOf(memory, scope, subject);
  const entries = await entriesOf(memory, scope, head.subject);
  const readings = await store.readReadings(scope, memory.db, head.subject, { name }, 50);
  return { versions: entries === null ? [] : historyOf(entries, name), readBy: readings.map(withoutName) };
}

async function edited<Result>(
  memory: PeoplesMemory,
  scope: Scope,
  head: MemoryHead,
  action: string,
  facts: Json,
  change: (entries: Entries, origin: Origin) => Result,
): Promise<Result> {
  authorize(scope, memoryPolicy.edit);
  const now = memory.now();
  const by: Writer = { kind: "person", id: scope.actor.id, name: scope.actor.name };
  const origin: Origin = { by, at: now, run: null, path: null, call: null };
  return editEntries(memory.live, scope, head.subject, {
    by,
    key: newId("edit"),
    now,
    change: (entries) => change(entries, origin),
    again: () => {
      throw new BatonError("internal", "An edit of memory was made twice.");
    },
    async record(tx) {
      await writeAudit(tx, scope, {
        action,
        subject: { kind: memoryKindName, id: head.subject },
        ...(head.scope === "run" ? { runId: head.subject } : {}),
        body: facts,
      });
      await notify(tx, "workspace", `${scope.workspaceId} memory ${head.subject}`);
    },
  });
}

/** Writes an entry as a person. "conflict" where somebody wrote it since the version that was looked at. Needs "flow.edit". */
export async function setEntry(
  memory: PeoplesMemory,
  scope: Scope,
  subject: string | undefined,
  name: string,
  change: Change,
): Promise<Entry> {
  authorize(scope, memoryPolicy.edit);
  const head = await headOf(memory, scope, subject);
  return edited(
    memory,
    scope,
    head,
    "memory.set",
    { name, value: change.value, ...(change.type === undefined ? {} : { type: change.type }) },
    (entries, origin) => writeEntry(entries, name, change, origin),
  );
}

/** Changes what an entry is said to be, and leaves its value. "not-found" where nothing is held. Needs "flow.edit". */
export async function describeEntry(
  memory: PeoplesMemory,
  scope: Scope,
  subject: string | undefined,
  name: string,
  change: Pick<Change, "type" | "tags">,
): Promise<Entry> {
  authorize(scope, memoryPolicy.edit);
  const head = await headOf(memory, scope, subject);
  const { type = null, tags = null } = change;
  const facts = { name, type, tags: tags === null ? null : [...tags] };
  return edited(memory, scope, head, "memory.described", facts, (entries, origin) => {
    const entry = liveEntry(entries, name, origin.at);
    if (entry === undefined) throw new BatonError("not-found", `Nothing is remembered as "${name}".`);
    return writeEntry(entries, name, { ...change, value: entry.value }, origin);
  });
}

/**
 * Opens an entry's text in the live document, for people to type in it together. "bad-input" for one that holds JSON.
 * Nothing of the entry changes by it. Needs "flow.edit".
 */
export async function openEntryText(
  memory: PeoplesMemory,
  scope: Scope,
  subject: string | undefined,
  name: string,
): Promise<MemoryHead> {
  authorize(scope, memoryPolicy.edit);
  const head = await headOf(memory, scope, subject);
  const now = memory.now();
  const { id, name: title } = scope.actor;
  await editEntries(memory.live, scope, head.subject, {
    by: { kind: "person", id, name: title },
    key: newId("edit"),
    now,
    change: (entries) => openEntry(entries, name, now),
    again: () => false,
  });
  return head;
}

/** Makes an entry hold nothing; its history stays. False where it held nothing. Needs "flow.edit". */
export async function forget(
  memory: PeoplesMemory,
  scope: Scope,
  subject: string | undefined,
  name: string,
  ifVersion?: number,
): Promise<boolean> {
  authorize(scope, memoryPolicy.edit);
  const head = await headOf(memory, scope, subject);
  const before = await entriesOf(memory, scope, head.subject);
  if (before === null || presentEntry(before, name) === undefined) return false;
  return edited(memory, scope, head, "memory.forgotten", { name }, (entries, origin) =>
    forgetEntry(entries, name, origin, ifVersion),
  );
}

/** Takes back what one writer wrote and nobody wrote over since; answers the names. Needs "flow.edit". */
export async function undoWrites(
  memory: PeoplesMemory,
  scope: Scope,
  subject: string | undefined,
  writer: string,
  run: string | null,
): Promise<string[]> {
  authorize(scope, memoryPolicy.edit);
  const head = await headOf(memory, scope, subject);
  if ((await entriesOf(memory, scope, head.subject)) === null) return [];
  return edited(memory, scope, head, "memory.undone", { writer, run }, (entries, origin) =>
    undoWriter(entries, writer, origin, run),
  );
}

/** Calls `hear` whenever somebody wrote to a memory, until the answered function is called. Needs "workspace.see". */
export async function watchEntries(
  memory: PeoplesMemory,
  scope: Scope,
  subject: string | undefined,
  hear: () => void,
): Promise<() => void> {
  authorize(scope, memoryPolicy.see);
  const head = await headOf(memory, scope, subject);
  return memory.live.watch(scope, { kind: memoryKindName, subject: head.subject }, hear);
}
