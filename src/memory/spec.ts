import type { Json, RunId, WorkspaceId } from "#base/index.ts";
import type { LiveDocuments } from "#collab/index.ts";
import type { Flow, MemoryScope } from "#flow/index.ts";

/** What an entry is, for those who read it. */
export type EntryType = "fact" | "note" | "decision" | "artefact";

/** Who wrote an entry. Ids of agents are `agent:FLOW/NAME`, of a flow's own tasks and seeds `flow:FLOW`. */
export type Writer = {
  readonly kind: "person" | "agent" | "flow";
  readonly id: string;
  readonly name: string;
};

/** Where a version of an entry came from. */
export type Origin = {
  readonly by: Writer;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The run and the task in which it was written; null where a person wrote it outside of any. */
  readonly run: string | null;
  readonly path: string | null;
  /** Key of the effect that wrote it: the same when a takeover makes the call again. */
  readonly call: string | null;
};

/** One version of an entry, as a memory document holds it. */
export type StoredEntry = {
  /** Counts from 1; goes on after an entry was forgotten. */
  readonly version: number;
  readonly type: EntryType;
  readonly value: Json;
  readonly tags: readonly string[];
  /** Epoch milliseconds; null: for good. */
  readonly expiresAt: number | null;
  /** Forgotten: it holds nothing any more, but its history does. */
  readonly gone: boolean;
  /** The writer whose versions this one takes back. */
  readonly undoes: string | null;
  /** Who else typed in the text while it became this version. Nobody when left out. */
  readonly with?: readonly Writer[];
  /** The version before it that is kept. The one numbered before it when left out. */
  readonly before?: number | null;
  /** How often each replica had typed in the text by this version. */
  readonly counted?: Readonly<Record<string, number>>;
} & Origin;

/** That somebody typed in an entry's text from a replica: how often so far, and when for the last time. */
export type Typed = {
  readonly by: Writer;
  /** Updates; only counts up. */
  readonly count: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Since when they type, as the audit has it. Epoch milliseconds. */
  readonly since: number;
};

/** An entry with its name in its scope: `case.total` of `flow:case.total`. */
export type Entry = StoredEntry & { readonly name: string };

/** What is to be written. What is left out is as it was, or usual where nothing was. */
export type Change = {
  readonly value: Json;
  readonly type?: EntryType | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Epoch milliseconds, null for good. */
  readonly expiresAt?: number | null | undefined;
  /** Only where the entry is at this version; 0: only where nothing is. */
  readonly ifVersion?: number | undefined;
};

/** The documents that memory is kept in. */
export type MemoryDocuments = Pick<LiveDocuments, "load" | "edit">;

/** Whose memory a document is: a run's, a flow's or a workspace's id. It is the document's subject. */
export type MemoryPlace = { readonly scope: MemoryScope; readonly subject: string };

/** A run's places. `run` is the one that it is a part of, where it is one. */
export type RunPlaces = {
  readonly run: string;
  readonly flow: string;
  readonly workspace: string;
};

/** That a task read an entry. */
export type Reading = {
  readonly subject: string;
  readonly name: string;
  readonly run: string;
  readonly path: string;
  /** Null: an expression of the task. */
  readonly agent: string | null;
  readonly version: number;
};

/** Which call of which run asks for memory. */
export type RunCaller = {
  readonly workspace: WorkspaceId;
  readonly run: RunId;
  readonly flow: Flow;
  readonly path: string;
  /** Key of the effect. */
  readonly key: string;
  /** Null: the flow's own task. */
  readonly agent: string | null;
};

/** What memory needs to know of runs, and where readings go. */
export type MemoryPorts = {
  readonly documents: MemoryDocuments;
  /** Where a run's memory is. */
  places(workspace: WorkspaceId, run: RunId): Promise<RunPlaces>;
  noteReadings(workspace: WorkspaceId, readings: readonly Reading[]): Promise<void>;
  /** Epoch milliseconds. */
  now(): number;
};
