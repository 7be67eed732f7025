import {
  BatonError,
  isObject,
  type Json,
  type JsonObject,
  type RunId,
  type WorkspaceId,
} from "#base/index.ts";
import {
  memoryGrantOf,
  memoryRefusal,
  memoryScopes,
  readMemoryKey,
  type Flow,
  type MemoryKey,
} from "#flow/index.ts";
import type { Remembered } from "#flow/machine/index.ts";
import { systemScope } from "#governance/index.ts";
import { sha256 } from "#platform/index.ts";
import { editEntries, loadEntries } from "./documents.ts";
import {
  appendEntry,
  forgetEntry,
  liveEntries,
  liveEntry,
  presentEntry,
  writeEntry,
  writtenBy,
} from "./entries.ts";
import { previewOf, searchEntries } from "./search.ts";
import type { Change, Entry, EntryType, MemoryPorts, Origin, RunCaller, Writer } from "./spec.ts";

/** What agents may do with memory, by the end of the tool's name; `remember` is what tasks do. */
export type MemoryOperation = "get" | "set" | "append" | "list" | "search" | "forget" | "remember";

export type RunReader = { readonly workspace: WorkspaceId; readonly run: RunId };

/** Shared memory as runs use it. */
export type RunMemory = {
  /** One call of a tool of memory. Made again under its key, it answers what it answered. Fails with a BatonError. */
  call(caller: RunCaller, operation: MemoryOperation, args: Json): Promise<Json>;
  /** What expressions of a run read, by key. */
  read(reader: RunReader, keys: readonly string[]): Promise<ReadonlyMap<string, Remembered>>;
  /** Notes which tasks read what, for people who look at an entry. */
  note(
    reader: RunReader,
    readings: readonly { readonly key: string; readonly path: string; readonly version: number }[],
  ): Promise<void>;
  /** Writes what the flow's memory starts from, where nothing was ever written. Doing it again does nothing. */
  seed(run: { readonly workspace: WorkspaceId; readonly run: RunId; readonly flow: Flow }): Promise<void>;
};

/** Most entries that one answer lists, and most characters of values that a search answers. */
const mostListed = 100;
const mostFound = 20;
const mostText = 16_000;

export function createRunMemory(ports: MemoryPorts): RunMemory {
  const { documents } = ports;

  async function edited<Result>(
    caller: RunCaller,
    subject: string,
    key: string,
    change: (entries: Awaited<ReturnType<typeof loadEntries>>, origin: Origin) => Result,
    again: (entries: Awaited<ReturnType<typeof loadEntries>>) => Result,
  ): Promise<Result> {
    const now = ports.now();
    const origin = originOf(caller, key, now);
    return editEntries(documents, systemScope(caller.workspace, "memory"), subject, {
      by: origin.by,
      key: sha256(`${key}\n${subject}`),
      now,
      change: (entries) => change(entries, origin),
      again,
    });
  }

  async function writeOne(caller: RunCaller, operation: "set" | "append", args: JsonObject): Promise<Json> {
    const { name, subject, key } = await placeOf(caller, args, "write");
    const change = changeOf(args, ports.now());
    const entry = await edited(
      caller,
      subject,
      caller.key,
      (entries, origin) =>
        operation === "set"
          ? writeEntry(entries, name, change, origin)
          : appendEntry(entries, name, change, origin),
      (entries) => writtenBy(entries, name, caller.key) ?? presentEntry(entries, name),
    );
    return { key, version: entry?.version ?? 0 };
  }

  async function remember(caller: RunCaller, args: JsonObject): Promise<Json> {
    const entries = isObject(args["entries"]) ? (args["entries"] as JsonObject) : {};
    const places = await ports.places(caller.workspace, caller.run);
    const bySubject = new Map<string, { key: string; name: string; value: Json }[]>();
    for (const [key, value] of Object.entries(entries)) {
      const { name, scope } = allowed(caller, key, "write");
      const subject = places[scope];
      bySubject.set(subject, [...(bySubject.get(subject) ?? []), { key, name, value }]);
    }
    const written: Record<string, Json> = {};
    for (const [subject, list] of bySubject) {
      const versions = await edited(
        caller,
        subject,
        caller.key,
        (all, origin) =>
          list.map(({ name, value }) => {
            const change = changeOf({ ...args, type: args["as"] ?? "fact", value }, ports.now());
            return writeEntry(all, name, change, origin).version;
          }),
        (all) =>
          list.map(({ name }) => (writtenBy(all, name, caller.key) ?? presentEntry(all, name))?.version ?? 0),
      );
      for (const [index, { key }] of list.entries()) written[key] = versions[index] ?? 0;
    }
    return written;
  }

  /** Entries that the caller may read, of all scopes, with the keys that it calls them by. */
  async function readable(caller: RunCaller): Promise<(Entry & { key: string; subject: string })[]> {
    const grant = memoryGrantOf(caller.flow, caller.agent);
    const places = await ports.places(caller.workspace, caller.run);
    const found: (Entry & { key: string; subject: string })[] = [];
    for (const scope of memoryScopes) {
      if (!grant.read.some((pattern) => pattern.startsWith(`${scope}:`))) continue;
      const subject = places[scope];
      const entries = await loadEntries(documents, systemScope(caller.workspace, "memory"), subject);
      for (const entry of liveEntries(entries, ports.now())) {
        const key = `${scope}:${entry.name}`;
        if (memoryRefusal(grant, "read", key) === undefined) found.push({ ...entry, key, subject });
      }
    }
    return found;
  }

  async function placeOf(
    caller: RunCaller,
    args: JsonObject,
    may: "read" | "write",
  ): Promise<{ key: string; name: string; subject: string }> {
    const key = typeof args["key"] === "string" ? args["key"] : "";
    const { name, scope } = allowed(caller, key, may);
    return { key, name, subject: (await ports.places(caller.workspace, caller.run))[scope] };
  }

  async function note(
    caller: RunCaller,
    read: readonly { subject: string; name: string; version: number }[],
  ) {
    const { workspace, run, path, agent } = caller;
    await ports.noteReadings(
      workspace,
      read.map((one) => ({ ...one, run, path, agent })),
    );
  }

  return {
    async call(caller, operation, given) {
      const args = isObject(given) ? (given as JsonObject) : {};
      switch (operation) {
        case "get": {
          const { key, name, subject } = await placeOf(caller, args, "read");
          const entries = await loadEntries(documents, systemScope(caller.workspace, "memory"), subject);
          const entry = liveEntry(entries, name, ports.now());
          await note(caller, [{ subject, name, version: entry?.version ?? 0 }]);
          return entry === undefined ? { key, found: false } : { found: true, ...told({ ...entry, key }) };
        }
        case "set":
        case "append":
          return writeOne(caller, operation, args);
        case "forget": {
          const { key, name, subject } = await placeOf(caller, args, "write");
          const forgotten = await edited(
            caller,
            subject,
            caller.key,
            (entries, origin) => forgetEntry(entries, name, origin, numberOf(args, "ifVersion")),
            () => true,
          );
          return { key, forgotten };
        }
        case "list": {
          const prefix = typeof args["prefix"] === "string" ? args["prefix"] : "";
          const tag = typeof args["tag"] === "string" ? args["tag"].toLowerCase() : undefined;
          const all = (await readable(caller)).filter(
            ({ key, tags }) =>
              key.startsWith(prefix) && (tag === undefined || tags.some((one) => one.toLowerCase() === tag)),
          );
          const entries = all.slice(0, mostListed).map((entry) => ({
            key: entry.key,
            type: entry.type,
            tags: [...entry.tags],
            version: entry.version,
            preview: previewOf(entry),
          }));
          return { entries, more: all.length - entries.length };
        }
        case "search": {
          const text = typeof args["text"] === "string" ? args["text"] : "";
          const tags = Array.isArray(args["tags"]) ? args["tags"].map(String) : [];
          const found = searchEntries(await readable(caller), { text, tags });
          const entries: Json[] = [];
          const read: { subject: string; name: string; version: number }[] = [];
          let left = mostText;
          for (const entry of found.slice(0, mostFound)) {
            left -= JSON.stringify(entry.value).length;
            if (left < 0 && entries.length > 0) break;
            entries.push(told(entry));
            read.push({ subject: entry.subject, name: entry.name, version: entry.version });
          }
          await note(caller, read);
          return { entries, more: found.length - entries.length };
        }
        case "remember":
          return remember(caller, args);
      }
    },

    async read({ workspace, run }, keys) {
      const places = await ports.places(workspace, run);
      const scope = systemScope(workspace, "memory");
      const found = new Map<string, Remembered>();
      for (const key of keys) {
        const parts = readMemoryKey(key);
        if (parts === undefined) continue;
        const entries = await loadEntries(documents, scope, places[parts.scope]);
        const entry = liveEntry(entries, parts.name, ports.now());
        found.set(key, { value: entry?.value ?? null, version: entry?.version ?? 0 });
      }
      return found;
    },

    async note({ workspace, run }, readings) {
      const places = await ports.places(workspace, run);
      const noted = readings.flatMap(({ key, path, version }) => {
        const parts = readMemoryKey(key);
        if (parts === undefined) return [];
        return [{ subject: places[parts.scope], name: parts.name, run, path, agent: null, version }];
      });
      await ports.noteReadings(workspace, noted);
    },

    async seed({ workspace, run, flow }) {
      const keys = Object.entries(flow.seed);
      if (keys.length === 0) return;
      const places = await ports.places(workspace, run);
      const now = ports.now();
      const by = flowWriter(flow);
      const origin: Origin = { by, at: now, run, path: null, call: null };
      for (const [key, value] of keys) {
        const parts = readMemoryKey(key);
        if (parts === undefined) continue;
        const subject = places[parts.scope];
        const scope = systemScope(workspace, "memory");
        // What somebody forgot on purpose does not come back.
        if (presentEntry(await loadEntries(documents, scope, subject), parts.name) !== undefined) continue;
        await editEntries(documents, scope, subject, {
          by,
          key: sha256(`seed\n${run}\n${key}`),
          now,
          change: (entries) => {
            if (presentEntry(entries, parts.name) === undefined)
              writeEntry(entries, parts.name, { value }, origin);
          },
          again: () => undefined,
        });
      }
    },
  };
}

function allowed(caller: RunCaller, key: string, may: "read" | "write"): MemoryKey {
  const refusal = memoryRefusal(memoryGrantOf(caller.flow, caller.agent), may, key);
  const parts = readMemoryKey(key);
  if (refusal === undefined && parts !== undefined) return parts;
  throw new BatonError("forbidden", refusal ?? `"${key}" is not a key of memory.`, {
    hint: "Add the key to the memory of the agent or of the flow.",
  });
}

function originOf({ flow, agent, run, path }: RunCaller, call: string, at: number): Origin {
  const who = agent === null ? undefined : flow.agents[agent];
  const by: Writer =
    agent === null
      ? flowWriter(flow)
      : { kind: "agent", id: `agent:${flow.id}/${agent}`, name: who?.title ?? agent };
  return { by, at, run, path, call };
}

function flowWriter(flow: Flow): Writer {
  return { kind: "flow", id: `flow:${flow.id}`, name: flow.title ?? flow.id };
}

const types: readonly unknown[] = ["fact", "note", "decision", "artefact"] satisfies EntryType[];

function changeOf(args: JsonObject, now: number): Change {
  const { type, tags, value = null } = args;
  const expires = numberOf(args, "expiresInMs") ?? secondsOf(args);
  return {
    value,
    type: types.includes(type) ? (type as EntryType) : undefined,
    tags: Array.isArray(tags) ? tags.map(String) : undefined,
    expiresAt: expires === undefined ? undefined : now + expires,
    ifVersion: numberOf(args, "ifVersion"),
  };
}

function secondsOf(args: JsonObject): number | undefined {
  const seconds = numberOf(args, "expiresInSeconds");
  return seconds === undefined ? undefined : seconds * 1000;
}

function numberOf(args: JsonObject, name: string): number | undefined {
  const value = args[name];
  return typeof value === "number" ? value : undefined;
}

/** An entry as agents are told of it. */
function told(entry: Entry & { key: string }): JsonObject {
  return {
    key: entry.key,
    value: entry.value,
    type: entry.type,
    tags: [...entry.tags],
    version: entry.version,
    writtenBy: entry.by.name,
    writtenAt: new Date(entry.at).toISOString(),
  };
}
