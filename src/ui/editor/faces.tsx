"use client";
import type { Person } from "#collab/client.ts";

const most = 5;

/** Who has the draft open, each person once. Their colour is that of their cursor. */
export function Faces({ people }: { people: readonly Person[] }) {
  const byId = new Map<string, Person>();
  for (const person of people) {
    const known = byId.get(person.id);
    if (known === undefined || person.self) byId.set(person.id, person);
  }
  const all = [...byId.values()].toSorted((a, b) => Number(a.self) - Number(b.self));
  const shown = all.slice(0, most);
  return (
    <ul aria-label="Who is here" className="flex items-center -space-x-1.5">
      {shown.map((person) => {
        const does = person.role === "reader" ? ", reads along" : "";
        const name = `${person.name}${person.self ? " (you)" : ""}${does}`;
        return (
          <li
            key={person.id}
            title={name}
            className="flex size-6 items-center justify-center rounded-full border-2 border-(--bg) font-semibold text-white [font-size:11px]"
            style={{ background: person.color }}
          >
            <span aria-hidden>{(person.name.trim()[0] ?? "?").toUpperCase()}</span>
            <span className="sr-only">{name}</span>
          </li>
        );
      })}
      {all.length > most ? <li className="pl-3 text-(--text-2)">+{all.length - most}</li> : null}
    </ul>
  );
}
