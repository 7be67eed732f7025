"use client";
import { useEffect, useRef, useState } from "react";
import type { Person } from "#collab/client.ts";
import type { Language } from "../language/client.ts";
import type { ValuePlace } from "../language/protocol.ts";
import type { LiveDraft } from "../use-draft.ts";
import { meet, watchMeetings, type Meeting } from "./clash-watch.ts";

/** Under this name somebody tells another one that both changed a value at once. */
export const clashField = "clash";

/** A value that two people changed without knowing of each other. */
export type Clash = {
  /** The other one; null where nobody can tell. */
  readonly name: string | null;
  readonly node: string | null;
  readonly label: string;
  /** What is written there now. */
  readonly source: string;
};
type Told = Omit<Clash, "name"> & { readonly id: string; readonly to: readonly string[] };

/** Values up to this length are read as one thing; in longer ones two people may well write apart from each other. Characters. */
const oneThing = 120;
const shownFor = 60_000;

/** The last value that was changed here and by somebody else at once, until it is dismissed. */
export function useClash(
  draft: LiveDraft | null,
  language: Language | null,
  people: readonly Person[],
): { clash: Clash | null; dismiss(): void } {
  const [clash, setClash] = useState<Clash | null>(null);
  const known = useRef(people);
  known.current = people;
  const heard = useRef(new Set<string>());
  useEffect(() => {
    if (draft === null || language === null) return;
    const { client, text } = draft;
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const later = (call: () => void, ms: number): void => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        call();
      }, ms);
      timers.add(timer);
    };
    const look = async (meetings: readonly Meeting[]): Promise<void> => {
      const read = text.toString();
      const found = await firstClash(meetings, (offset) => language.ask("value", { text: read, offset }));
      if (found === null) return;
      const { value, clients } = found;
      const others = known.current.filter((person) => !person.self && clients.includes(person.client));
      const me = known.current.find((person) => person.self);
      const about = { node: value.node, label: value.label, source: value.source };
      setClash({ ...about, name: others[0]?.name ?? null });
      // Only the side whose change was not saved yet can see it. The other one is told.
      const told: Told = {
        ...about,
        source: value.source.slice(0, 400),
        id: `${client.doc.clientID} ${Date.now()}`,
        to:
          others.length > 0
            ? others.map(({ id }) => id)
            : known.current.map(({ id }) => id).filter((id) => id !== me?.id),
      };
      client.present(clashField, told);
      later(() => client.present(clashField, null), shownFor);
    };
    const stop = watchMeetings(text, {
      whenSaved: () => client.whenSaved(),
      hear: (meetings) => void look(meetings),
      later,
    });
    return () => {
      stop();
      for (const timer of timers) clearTimeout(timer);
    };
  }, [draft, language]);
  useEffect(() => {
    const me = people.find((person) => person.self);
    for (const person of people) {
      const told = person.self ? null : toldBy(person);
      if (told === null || heard.current.has(told.id) || me === undefined || !told.to.includes(me.id))
        continue;
      heard.current.add(told.id);
      setClash((now) =>
        now?.node === told.node && now.label === told.label
          ? { ...now, source: told.source }
          : { name: person.name, node: told.node, label: told.label, source: told.source },
      );
    }
  }, [people]);
  return { clash, dismiss: () => setClash(null) };
}

function toldBy(person: Person): Told | null {
  const told = person.state[clashField];
  if (typeof told !== "object" || told === null) return null;
  const { id, to, node, label, source } = told as Partial<Told>;
  if (typeof id !== "string" || !Array.isArray(to) || typeof label !== "string" || typeof source !== "string")
    return null;
  return { id, to, node: typeof node === "string" ? node : null, label, source };
}

/** The first of the meetings that is about one and the same value. */
export async function firstClash(
  meetings: readonly Meeting[],
  valueAt: (offset: number) => Promise<ValuePlace | null>,
): Promise<{ readonly value: ValuePlace; readonly clients: readonly number[] } | null> {
  for (const { own, other, clients } of meetings) {
    const mine = await valueAt(own.to);
    if (mine === null) continue;
    const isHere = other.from >= mine.from && other.to <= mine.to;
    const isOneThing =
      mine.source.length <= oneThing && !mine.source.includes("\n") && (own.removed || other.removed);
    if (isHere && (meet(own, other) || isOneThing)) return { value: mine, clients };
  }
  return null;
}
