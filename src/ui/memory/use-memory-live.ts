"use client";
import { useEffect, useState, useSyncExternalStore } from "react";
import { Text } from "yjs";
import { memoryTextsRoot, openLive, type LiveClient, type LiveStatus, type Person } from "#collab/client.ts";

/** Under which somebody says which entry they have open. */
const presentAs = "entry";

/** The live document of a memory, for as long as what uses it stands. Null before it is open. */
export function useMemoryLive(subject: string | undefined, user: string | undefined): LiveClient | null {
  const [client, setClient] = useState<LiveClient | null>(null);
  useEffect(() => {
    if (subject === undefined || user === undefined) return;
    const opened = openLive({ kind: "memory", subject, user });
    setClient(opened);
    return () => {
      setClient(null);
      opened.destroy();
    };
  }, [subject, user]);
  return client;
}

/** Says that this tab has an entry open, as long as it stands. */
export function useHere(client: LiveClient | null, name: string): void {
  useEffect(() => {
    client?.present(presentAs, name);
    return () => client?.present(presentAs, null);
  }, [client, name]);
}

export type MemoryFacts = {
  readonly status: LiveStatus;
  /** The others who have an entry open, by its name; each person once. */
  readonly writers: ReadonlyMap<string, readonly Person[]>;
};

const nothing: MemoryFacts = { status: "connecting", writers: new Map() };
const known = new WeakMap<LiveClient, { readonly key: string; readonly facts: MemoryFacts }>();

function factsOf(client: LiveClient): MemoryFacts {
  const others = client.people().filter(({ self, role }) => !self && role === "writer");
  const at = others.flatMap((person) => {
    const name = person.state[presentAs];
    return typeof name === "string" ? [{ name, person }] : [];
  });
  const key = JSON.stringify([client.status, at.map(({ name, person }) => [name, person.client, person.id])]);
  const before = known.get(client);
  if (before?.key === key) return before.facts;
  const writers = new Map<string, Person[]>();
  for (const { name, person } of at) {
    const here = writers.get(name) ?? [];
    if (here.every(({ id }) => id !== person.id)) writers.set(name, [...here, person]);
  }
  const facts = { status: client.status, writers };
  known.set(client, { key, facts });
  return facts;
}

/** How saving stands, and who has which entry open. */
export function useMemoryFacts(client: LiveClient | null): MemoryFacts {
  return useSyncExternalStore(
    (hear) => client?.subscribe(hear) ?? (() => {}),
    () => (client === null ? nothing : factsOf(client)),
    () => nothing,
  );
}

/** The text of an entry that people type in; null while it is not open, or not here yet. */
export function useEntryText(client: LiveClient | null, name: string): Text | null {
  return useSyncExternalStore(
    (hear) => {
      const texts = client?.doc.getMap(memoryTextsRoot);
      texts?.observe(hear);
      return () => texts?.unobserve(hear);
    },
    () => {
      const text: unknown = client?.doc.getMap(memoryTextsRoot).get(name);
      return text instanceof Text ? text : null;
    },
    () => null,
  );
}

/** What a text says now, and again whenever anybody types in it; null where there is none. */
export function useWords(text: Text | null): string | null {
  return useSyncExternalStore(
    (hear) => {
      text?.observe(hear);
      return () => text?.unobserve(hear);
    },
    () => text?.toJSON() ?? null,
    () => null,
  );
}
