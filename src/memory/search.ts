import { textOfValue } from "#flow/index.ts";
import type { Entry } from "./spec.ts";

/** What entries are looked for by. Empty: all. */
export type Search = {
  readonly text?: string | undefined;
  /** All of them must be there. */
  readonly tags?: readonly string[] | undefined;
  readonly prefix?: string | undefined;
};

/** Entries in which all words stand, in the name, the tags, the value or the writer's name; best first. */
export function searchEntries<T extends Entry>(
  entries: readonly T[],
  { text = "", tags = [], prefix = "" }: Search,
): T[] {
  const words = [
    ...new Set(
      text
        .toLowerCase()
        .split(/\s+/)
        .filter((word) => word !== ""),
    ),
  ];
  const wanted = tags.map((tag) => tag.toLowerCase());
  const scored: { entry: T; score: number }[] = [];
  for (const entry of entries) {
    if (!entry.name.startsWith(prefix)) continue;
    const own = entry.tags.map((tag) => tag.toLowerCase());
    if (!wanted.every((tag) => own.includes(tag))) continue;
    const name = entry.name.toLowerCase();
    const rest =
      `${textOfValue(entry.value)}\n${own.join(" ")}\n${entry.type}\n${entry.by.name}`.toLowerCase();
    let score = 0;
    for (const word of words) {
      const found =
        (name.includes(word) ? 3 : 0) + (own.includes(word) ? 2 : 0) + (rest.includes(word) ? 1 : 0);
      if (found === 0) {
        score = -1;
        break;
      }
      score += found;
    }
    if (score >= 0) scored.push({ entry, score });
  }
  return scored
    .toSorted(
      (a, b) => b.score - a.score || b.entry.at - a.entry.at || (a.entry.name < b.entry.name ? -1 : 1),
    )
    .map(({ entry }) => entry);
}

/** The beginning of a value as text. */
export function previewOf(entry: Entry, most = 160): string {
  const text = textOfValue(entry.value);
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
